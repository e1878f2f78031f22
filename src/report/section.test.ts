import { describe, expect, it } from 'vitest'
import type { Block, Section, Table } from './section.ts'
import { joinedSections } from './section.ts'

function table(caption: string, title?: string): Table {
  const rows = [[title ?? 'row']]
  return {
    kind: 'table',
    caption,
    columns: [{ title: 'What' }],
    groups: [title === undefined ? { rows } : { title, rows }],
  }
}

function account(...blocks: Block[]): Section {
  return { part: 'account', title: 'Pods', blocks }
}

const intro: Block = { kind: 'paragraph', text: 'Every pod is accounted for.' }
const note: Block = { kind: 'paragraph', text: 'Uncertain: not seen.', isNote: true }

describe('joined sections', () => {
  it('should stand in the order of the page, whatever the order of the steps', () => {
    const sections: Section[] = [
      { part: 'account', title: 'c', blocks: [] },
      { part: 'details', title: 'b', blocks: [] },
      { part: 'figures', title: 'a', blocks: [] },
      { part: 'details', title: 'b2', blocks: [] },
    ]
    expect(joinedSections(sections).map(({ title }) => title)).toEqual(['a', 'b', 'b2', 'c'])
  })

  it('should be one where several steps have the same, their tables going on', () => {
    const joined = joinedSections([
      account(table('Pods', 'rollout'), table('Requests')),
      account(table('Pods', 'scale-down'), table('Requests')),
    ])
    expect(joined).toHaveLength(1)
    const tables = joined.flatMap(({ blocks }) => blocks).filter((block) => block.kind === 'table')
    expect(tables.map(({ caption, groups }) => [caption, groups.map(({ title }) => title)])).toEqual([
      ['Pods', ['rollout', 'scale-down']],
      ['Requests', [undefined]],
      ['Requests', [undefined]],
    ])
  })

  it('should say once what introduces several steps, but below each table what explains it', () => {
    const [joined] = joinedSections([account(intro, table('a'), note), account(intro, table('b'), note)])
    expect(
      joined?.blocks.map((block) => (block.kind === 'table' ? block.caption : 'text' in block && block.text)),
    ).toEqual(['Every pod is accounted for.', 'a', 'Uncertain: not seen.', 'b', 'Uncertain: not seen.'])
  })
})
