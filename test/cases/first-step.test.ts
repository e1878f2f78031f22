import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../e2e/components.ts'

let clone: string

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'scale-test-clone-'))
  for (const path of ['src', 'plans', 'components/go.mod', 'package.json', 'package-lock.json'])
    cpSync(join(root, path), join(clone, path), { recursive: true })
})

afterEach(() => rmSync(clone, { recursive: true, force: true }))

/** Starts the copy; `version` is what its Node says that it is. */
function start(args: string[], version = process.versions.node) {
  const other = join(clone, 'version.cjs')
  writeFileSync(other, `Object.defineProperty(process.versions, 'node', { value: '${version}' })`)
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--require', other, join(clone, 'src', 'start.cjs'), ...args],
    { encoding: 'utf8' },
  )
  return { status, stdout, stderr }
}

/** Links the packages that are installed here, but for some. */
function install(except: readonly string[] = []) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: object }
  const folders = Object.keys(packages).filter((folder) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(folder))
  for (const folder of folders.filter((name) => !except.includes(name))) {
    mkdirSync(dirname(join(clone, folder)), { recursive: true })
    symlinkSync(join(root, folder), join(clone, folder))
  }
}

describe('the first step', () => {
  it('should say what to install, and end with 5, on a fresh checkout', () => {
    for (const version of ['20.19.0', '24.21.0'])
      expect(start(['run', 'smoke'], version)).toMatchObject({ status: 5, stderr: expect.stringContaining('npm ci') })
  })

  it('should name the way to the right Node when it is installed and another one was used', () => {
    install()
    mkdirSync(join(clone, 'node_modules', '.bin'))
    writeFileSync(join(clone, 'node_modules', '.bin', 'node'), '')
    const { status, stderr } = start(['run', 'smoke'], '22.1.0')
    expect([status, stderr]).toEqual([5, expect.stringContaining('This is Node 22.1.0; scale-test needs Node 24')])
    expect(stderr).toContain('npm run scale-test')
  })

  it('should name packages that are missing', () => {
    install(['node_modules/zod', 'node_modules/listr2'])
    const { status, stderr } = start(['run', 'smoke'])
    expect(status).toBe(5)
    for (const text of ['node_modules/listr2', 'node_modules/zod', 'npm ci']) expect(stderr).toContain(text)
  })

  it.each([
    ['an entry point is gone', undefined],
    ['an entry point is empty', ''],
    ['an entry point is cut off', 'export const {'],
  ])('should take it for a damaged installation, not for a bug, when %s', (_, content) => {
    for (const name of ['commander', 'zod']) {
      rmSync(join(clone, 'node_modules'), { recursive: true, force: true })
      install([`node_modules/${name}`])
      const damaged = join(clone, 'node_modules', name)
      cpSync(join(root, 'node_modules', name), damaged, { recursive: true })
      rmSync(join(damaged, 'index.js'))
      if (content !== undefined) writeFileSync(join(damaged, 'index.js'), content)
      const { status, stderr } = start(['plan', 'smoke'])
      expect([status, stderr]).toEqual([5, expect.stringMatching(/cannot be loaded.*npm ci/s)])
    }
  })

  it('should be what npm starts, and hand on to the program', () => {
    install()
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(scripts['scale-test']).toMatch(/ src\/start\.cjs$/)
    expect(start(['plan', 'smoke'])).toMatchObject({ status: 0, stdout: expect.stringContaining('smoke') })
    expect(start(['fly']).status).toBe(2)
  })

  it('should be written so that old versions of Node can read it', () => {
    const source = readFileSync(join(root, 'src', 'start.cjs'), 'utf8')
    for (const newer of ['?.', '??', "require('node:", '.at(', '.flatMap(']) expect(source).not.toContain(newer)
  })
})
