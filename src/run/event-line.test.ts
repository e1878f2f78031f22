import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { failureKinds } from '../base/errors.ts'
import { eventLine } from './event-line.ts'
import { eventShapes, runEvent } from './events.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8')
const types = eventLine.options.map(({ shape }) => shape.type.value)

describe('docs/events.md', () => {
  it('should have one line of each type, as the schema has them', () => {
    const [, block = ''] = page.match(/```json\n([^`]*)```/) ?? []
    const lines = block
      .trimEnd()
      .split('\n')
      .map((line) => eventLine.parse(JSON.parse(line)))
    expect(lines.map(({ type }) => type)).toEqual(types)
    expect(lines.map(({ sequence }) => sequence)).toEqual(lines.map((_, index) => index))
  })

  it('should say of each type what it tells, and name every kind of error', () => {
    const described = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, type]) => type)
    expect(described).toEqual(types)
    for (const kind of [...failureKinds, 'bug']) expect(page).toContain(`\`${kind}\``)
  })
})

describe('the events of a run', () => {
  it('should all be told to programs, and all be read again', () => {
    expect(types).toEqual(Object.keys(eventShapes))
    expect(runEvent.options.map(({ shape }) => shape.type.value)).toEqual(Object.keys(eventShapes))
  })
})
