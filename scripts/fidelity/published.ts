import type { Cell } from './cells.ts'
import type { Spread } from './compare.ts'
import { countWithin, offBy, spreadOf, toleratedPercent } from './compare.ts'
import type { NotExpressible, PublishedFigure } from './published-figures.ts'
import { percentText, tableText, valueText } from './table.ts'

/** A published figure beside what a simulation gave. */
export interface ComparedFigure extends PublishedFigure {
  simulated: Spread
  /** By how much it is off the published figure; off the nearer end of a range, and 0 within it. */
  offPercent: number
}

/** Sets published figures against the cells of their plans. Throws for one that its plan does not give. */
export function compareFigures(
  figures: readonly PublishedFigure[],
  cellsOfPlan: ReadonlyMap<string, readonly Cell[]>,
): ComparedFigure[] {
  return figures.map((published) => {
    const { plan, arm, figure, unit, value } = published
    const cell = cellsOfPlan.get(plan)?.find((one) => one.arm === arm && one.figure === figure && one.unit === unit)
    const simulated = spreadOf(cell?.values ?? [])
    if (simulated === undefined) throw new Error(`plan ${plan} gives no ${figure} of ${arm} in ${unit}`)
    const [least, most] = typeof value === 'number' ? [value, value] : value
    const nearest = Math.min(Math.max(simulated.median, least), most)
    return { ...published, simulated, offPercent: offBy(simulated.median, nearest) }
  })
}

/** What others have published beside what is simulated, misses included, and what no plan can say. */
export function publishedText(figures: readonly ComparedFigure[], left: readonly NotExpressible[]): string {
  const head = ['case', 'figure', 'published', 'simulated', 'off by', 'why']
  const rows = figures.map(({ plan, arm, figure, unit, words, simulated, offPercent, why }) => [
    `${plan} ${arm}`,
    figure,
    words,
    valueText(simulated.median, unit),
    percentText(offPercent),
    why,
  ])
  const sources = [...new Map(figures.map(({ plan, source }) => [plan, source]))]
  return [
    `\nPublished by others (simulated; nothing is fitted to it)\n${tableText([head, ...rows], 2)}`,
    `${countWithin(figures)} of ${figures.length} figures within ${toleratedPercent} %\n`,
    `\nSources; plans/experiments/published/ says what is guessed\n${tableText(sources, 2)}`,
    `\nPublished, but not expressible as a plan\n${left
      .map(({ what, source, why }) => `  ${what} (${source}): ${why}\n`)
      .join('')}`,
  ].join('')
}
