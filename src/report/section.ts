import type { Curve } from '../result/parts.ts'
import type { Comparison } from './comparison.ts'

/**
 * What reports are made of, whatever their format. The views of the kinds of steps say it in these terms (step-view.ts), and each format
 * shows it its own way; no format knows a kind by name.
 */
export interface Section {
  part: Part
  title: string
  blocks: Block[]
}

/** Where on the page a section stands, in this order. Sections of one part and one title become one, whichever steps they are of. */
export const parts = ['figures', 'curves', 'reasons', 'details', 'account'] as const
export type Part = (typeof parts)[number]

/** The page shows every block; formats that are brief show comparisons, and what is marked `brief`. */
export type Block = Comparison | Table | Drawing | Timeline | Paragraph | Heading | Fold

export interface Heading {
  kind: 'heading'
  text: string
  brief?: true
}

export interface Paragraph {
  kind: 'paragraph'
  text: string
  /** Set below what it explains, in smaller print. */
  isNote?: true
  brief?: true
}

/** What is secondary, behind a line to open it with. */
export interface Fold {
  kind: 'fold'
  title: string
  blocks: Block[]
}

/** Rows of cells; the first cell of each names it. Tables of one caption whose groups have titles are one table within a section. */
export interface Table {
  kind: 'table'
  caption: string
  columns: Column[]
  groups: { title?: string; rows: Cell[][] }[]
  /** Rows with the same first cell belong to one thing. */
  isSpanning?: true
  brief?: true
}

export interface Column {
  title: Item
  /** Figures stand to the right; names are not broken, and text and labels have room to be. */
  of?: 'figures' | 'names' | 'labels' | 'text'
  /** What stands above this column and its neighbours with the same. */
  above?: Item
}

/** Several items stand below each other. */
export type Cell = Item | readonly Item[]

/** A few words or a figure. */
export type Item =
  | string
  | {
      text: string
      /** What belongs to it, in small print. */
      detail?: string
      tone?: 'strong' | 'bad'
      /** It stands for this arm and has its colour. */
      arm?: string
      /** As programs write it. */
      isCode?: true
    }

/** A chart of values over seconds; `description` says in words what is to be seen. */
export interface Drawing {
  kind: 'drawing'
  title: string
  legend: (Item | { text: string; stroke: 'solid' | 'dashed' | 'dotted' })[]
  description: string
  height: number
  /** What the seconds count from: `seconds since the fill began`. */
  xName: string
  yName: string
  /** What one on the y axis stands for in the curves' own unit: 2 ** 20 where bytes are shown as MiB. */
  yUnit?: number
  /** Each in its arm's colour. `steps`: a count, which holds until the next event. `slopes`: samples of something that moves in between. */
  lines: { arm: string; curve: Curve; form?: 'steps' | 'slopes'; dash?: 'dashed' | 'dotted' }[]
  /** Moments to compare with. */
  marks?: { arm: string; atMs: number; label: string }[]
}

/** Stretches of time in lanes, below what was done meanwhile; `description` says in words what is to be seen. */
export interface Timeline {
  kind: 'timeline'
  title: string
  /** It is of this arm. */
  arm: string
  description: string
  endMs: number
  activities: TimeSpan[]
  lanes: { label: string; spans: TimeSpan[] }[]
}

export interface TimeSpan {
  fromMs: number
  toMs: number
  text: string
}

/** The sections in the order of the page, those of one part and title as one. */
export function joinedSections(sections: readonly Section[]): Section[] {
  const groups = Map.groupBy(sections, ({ part, title }) => `${part}\n${title}`)
  const joined = [...groups.values()].flatMap((group) =>
    group.slice(0, 1).map((first) => ({ ...first, blocks: joinedBlocks(group.flatMap(({ blocks }) => blocks)) })),
  )
  return joined.toSorted((one, other) => parts.indexOf(one.part) - parts.indexOf(other.part))
}

/** Tables that go on become one, and what introduces several steps in the same words is said once. */
function joinedBlocks(blocks: readonly Block[]): Block[] {
  const joined: Block[] = []
  for (const block of blocks) {
    const isSaid = joined.some(
      (one) => one.kind === 'paragraph' && block.kind === 'paragraph' && one.text === block.text,
    )
    if (isSaid && !('isNote' in block)) continue
    const index = joined.findIndex((one) => goesOn(one, block))
    const before = joined[index]
    if (before?.kind === 'table' && block.kind === 'table')
      joined[index] = { ...before, groups: [...before.groups, ...block.groups] }
    else joined.push(block)
  }
  return joined
}

function goesOn(before: Block, block: Block): boolean {
  return (
    before.kind === 'table' &&
    block.kind === 'table' &&
    before.caption === block.caption &&
    block.groups.every(({ title }) => title !== undefined)
  )
}

/** The item with all that may be said of it. */
export function itemOf(item: Item): Exclude<Item, string> {
  return typeof item === 'string' ? { text: item } : item
}

/** The items of a cell. */
export function itemsOf(cell: Cell): Exclude<Item, string>[] {
  const items = typeof cell === 'string' || 'text' in cell ? [cell] : cell
  return items.map(itemOf)
}
