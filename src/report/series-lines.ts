import type { Result } from '../result/result.ts'
import type { Series } from '../result/series.ts'

/** A series, and what it is of. */
export interface PlacedSeries {
  arm: string
  repetition: number
  /** The step's name; `arm` for the whole arm, as in figures.csv. */
  step: string
  series: Series
}

/** Every series of a result: of each step of an arm, then of the whole arm. */
export function seriesIn({ arms }: Pick<Result, 'arms'>): PlacedSeries[] {
  return arms.flatMap(({ name: arm, repetition, steps, series: whole = [] }) => {
    const placed = (step: string, all: readonly Series[]) => all.map((series) => ({ arm, repetition, step, series }))
    return [...steps.flatMap(({ name, series = [] }) => placed(name, series)), ...placed('arm', whole)]
  })
}
