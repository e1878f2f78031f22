import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sampleLine } from './sample-line.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/samples.md'), 'utf8')
const kinds = sampleLine.options.map(({ shape }) => shape.kind.value)

describe('docs/samples.md', () => {
  it('should have one line of each kind, as the schema has them', () => {
    const [, block = ''] = page.match(/```json\n([^`]*)```/) ?? []
    const lines = block.trimEnd().split('\n')
    expect(lines.map((line) => sampleLine.parse(JSON.parse(line)).kind).toSorted()).toEqual(kinds.toSorted())
  })

  it('should say of each kind what it tells', () => {
    const described = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind)
    expect(described).toEqual(kinds)
  })
})
