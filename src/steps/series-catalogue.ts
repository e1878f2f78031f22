import { measuredSeries } from '../measure/catalogue.ts'
import type { SeriesEntry } from '../plan/series.ts'
import { stepKinds } from './registry.ts'

/** Every series that a result can have, or that follows from what its steps found. */
export const seriesCatalogue: readonly SeriesEntry[] = [
  ...measuredSeries,
  ...new Map(stepKinds.flatMap(({ section }) => section.series).map((entry) => [entry.name, entry])).values(),
]

/** The series of a name; undefined where there is none. */
export function seriesNamed(name: string): SeriesEntry | undefined {
  return seriesCatalogue.find((entry) => entry.name === name)
}
