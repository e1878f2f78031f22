import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Failure } from './errors.ts'
import { readJsonFile } from './json-file.ts'

const schema = z.object({ schema: z.literal(3), arms: z.array(z.object({ name: z.string() })) })
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-json-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What is said against a file with this text, without its path. */
function refusalOf(text: string): string {
  const path = join(folder, 'x.json')
  writeFileSync(path, text)
  try {
    readJsonFile(path, schema, { what: 'a result', next: 'name a run' })
  } catch (error) {
    if (error instanceof Failure && error.kind === 'bad-input') return error.message.replace(`${path} `, '')
    throw error
  }
  return ''
}

describe('readJsonFile', () => {
  it('should take what fits', () => {
    expect(refusalOf('{ "schema": 3, "arms": [{ "name": "a", "more": 1 }] }')).toBe('')
  })

  it('should say of another schema only that', () => {
    expect(refusalOf('{ "schema": 4 }')).toBe('has schema 4: it was written by a newer scale-test')
    expect(refusalOf('{ "schema": 0, "arms": 5 }')).toBe('has schema 0: it was written by an older scale-test')
  })

  it('should name the fields that do not fit, in our words, and not all of many', () => {
    expect(refusalOf('{ "schema": 3 }')).toBe('is not a result:\n  arms: required: a list')
    const arms = Array.from({ length: 9 }, () => ({ name: 5 }))
    expect(refusalOf(JSON.stringify({ schema: 3, arms })).split('\n')).toEqual([
      'is not a result:',
      ...[0, 1, 2, 3, 4].map((index) => `  arms[${index}].name: expected text, found 5`),
      '  and 4 more',
    ])
  })

  it.each([
    'hunter2',
    '"hunter2"',
    '["hunter2"]',
    '{ "a": hunter2 }',
    '{ "token": "hunter2" }',
    '{ "schema": "hunter2" }',
    '{ "schema": 3, "arms": { "hunter2": 1 } }',
    '{ "schema": 3, "arms": [], }',
    '',
    'null',
  ])('should show nothing of what is something else: %s', (text) => {
    expect(refusalOf(text)).toMatch(/^is not (a result|JSON)/)
    expect(refusalOf(text)).not.toContain('hunter2')
  })
})
