import { sumOf } from '../base/sum.ts'
import type { Sample } from '../result/sample.ts'
import { formatShare } from './format.ts'
import { sampleText } from './sample.ts'
import type { SummaryOptions } from './summary.ts'
import { joined, opening, plain, reportLine, shorten, width, wrap } from './summary.ts'
import type { EffectGroup, WhatIfView } from './what-if.ts'

/** What the values of one setting make of every time, in at most 80 columns: a row per value, and what bounds each time. */
export function renderWhatIf(view: WhatIfView, options: SummaryOptions): string {
  const { reportPath, styles = plain } = options
  const { groups } = view
  return joined([
    ...opening(view.report, options),
    view.report.repetitions.flatMap((text) => wrap(text, '')),
    ...(view.headline === undefined
      ? []
      : [[...wrap(view.headline.claim, '').map(styles.bold), ...wrap(view.headline.because, '')]]),
    wrap(introOf(view), ''),
    ...abreast(view).map((shown) => tableOf(view, shown, styles.bold)),
    boundLines(groups),
    reportLine(reportPath),
  ])
}

function introOf({ varied, profile, runs, report }: WhatIfView): string {
  const { evidence } = report.result
  const subject = `How ${varied} affects every time; everything else as in ${profile} (${evidence}).`
  return runs > 1
    ? `${subject} Medians of ${runs} runs, ± the largest deviation; * marks the first value within chance or ${formatShare(report.result.material)} of the best.`
    : `${subject} Where a value ran only once, chance cannot be ruled out: add --repeat 3.`
}

interface Column {
  /** Two lines of head, then a cell per value. */
  cells: string[]
  width: number
}

/** As many groups beside each other as there is room for. */
function abreast(view: WhatIfView): EffectGroup[][] {
  const tables: EffectGroup[][] = []
  for (const group of view.groups) {
    const last = tables.at(-1)
    if (last !== undefined && widthOf([valueColumn(view), ...[...last, group].flatMap(columnsOf)]) <= width)
      last.push(group)
    else tables.push([group])
  }
  return tables
}

function widthOf(columns: Column[]): number {
  return sumOf(columns.map((column) => column.width))
}

const heads = 2

function tableOf(view: WhatIfView, groups: EffectGroup[], bold: (text: string) => string): string[] {
  const first = valueColumn(view)
  const titles = groups.map((group) => {
    const room = widthOf(columnsOf(group))
    return `${gap}${group.title}`.padEnd(room)
  })
  const columns = [first, ...groups.flatMap(columnsOf)]
  const lines = first.cells.map((_, row) =>
    columns.map(({ cells, width: room }) => (cells[row] ?? '').padStart(room)).join(''),
  )
  const head = [`${' '.repeat(first.width)}${titles.join('')}`, ...lines.slice(0, heads)]
  return [...head.map((line) => bold(line.trimEnd())), ...lines.slice(heads)]
}

const gap = '  '
const longestValue = 20

function valueColumn({ varied, values }: WhatIfView): Column {
  const short = varied.split('.').at(-1) ?? varied
  const cells = ['', short, ...values.map(({ label }) => label)].map((text) => shorten(text, longestValue))
  return { cells, width: Math.max(...cells.map(({ length }) => length)) }
}

/** Heads and figures of a group; every cell ends with the places of its mark and its spread. */
function columnsOf({ title, effects }: EffectGroup): Column[] {
  const columns = effects.map(({ label, cells: tried }) => {
    const words = label.split(' ')
    const spreads = tried.map(({ sample }) => spreadText(sample))
    const room = Math.max(...spreads.map(({ length }) => length))
    const figures = tried.map(
      ({ sample, best }, row) => `${sampleText(sample).figure}${best ? '*' : ' '}${(spreads[row] ?? '').padEnd(room)}`,
    )
    const blank = ' '.repeat(1 + room)
    const cells = [`${words.slice(0, -1).join(' ')}${blank}`, `${words.at(-1)}${blank}`, ...figures]
    return { cells, width: gap.length + Math.max(...cells.map(({ length }) => length)) }
  })
  const lacking = gap.length + title.length - widthOf(columns)
  return columns.map((column, index) =>
    index === 0 && lacking > 0 ? { ...column, width: column.width + lacking } : column,
  )
}

/** What bounds each time, and from where on the setting makes no difference; times of which the same is true, together. */
function boundLines(groups: EffectGroup[]): string[] {
  const told = groups.flatMap(({ name, effects }) => {
    const said = effects.map(({ label, bounds, change }) => ({
      label,
      text: [bounds ?? [], change ?? []].flat().join('; '),
    }))
    const alike = Map.groupBy(
      said.filter(({ text }) => text !== ''),
      ({ text }) => text,
    )
    return [...alike].map(([text, times]) => {
      const isAll = times.length > 1 && times.length === effects.length
      return { name: isAll ? `${name}, all times` : `${name} ${times.map(({ label }) => label).join(', ')}`, text }
    })
  })
  const nameWidth = Math.min(longestName, Math.max(...told.map(({ name }) => name.length))) + gap.length
  return told.flatMap(({ name, text }) => {
    const [first = '', ...more] = wrap(text, ' '.repeat(nameWidth))
    return [`${shorten(name, longestName).padEnd(nameWidth)}${first.trimStart()}`, ...more]
  })
}

const longestName = 29

/** By how much a repetition differs from the median at most: `±12 %`; empty where that is less than half a percent. */
function spreadText(sample: Sample | null): string {
  if (sample === null || sample.median === null || sample.median === 0) return ''
  const { median, min, max } = sample
  const share = Math.max((max ?? median) - median, median - (min ?? median)) / median
  return share < 0.005 ? '' : `±${formatShare(share)}`
}
