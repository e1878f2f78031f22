import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeFileWhole } from './files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('writeFileWhole', () => {
  it('should write the whole text, for the owner only, and leave nothing unfinished', () => {
    const path = join(folder, 'new', 'result.json')
    const text = 'ü'.repeat(1 << 20)
    writeFileWhole(path, text)
    expect(readFileSync(path, 'utf8')).toBe(text)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(existsSync(`${path}.unfinished`)).toBe(false)
  })

  it('should keep what was there and leave nothing unfinished when it cannot write', () => {
    const path = join(folder, 'taken')
    mkdirSync(join(path, 'inside'), { recursive: true })
    expect(() => writeFileWhole(path, 'x')).toThrow()
    expect(existsSync(join(path, 'inside'))).toBe(true)
    expect(existsSync(`${path}.unfinished`)).toBe(false)
  })
})
