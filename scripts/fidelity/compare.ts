import { medianOf } from '../../src/base/median.ts'
import type { Cell, CellUnit } from './cells.ts'

/** How far off a simulated figure may be and still count as met, percent. */
export const toleratedPercent = 10

/** A figure that was both measured and simulated. */
export interface ComparedCell {
  arm: string
  figure: string
  unit: CellUnit
  measured: Spread
  simulated: Spread
  /** By how much the simulated median is off the measured one. */
  offPercent: number
  machineBound: boolean
}

/** The median of the repetitions, and the least and the most of them. */
export interface Spread {
  median: number
  min: number
  max: number
}

/** Sets measured cells against simulated ones; what only one of the two has is left out. */
export function compareCells(measured: readonly Cell[], simulated: readonly Cell[]): ComparedCell[] {
  return measured.flatMap(({ arm, figure, unit, values, machineBound }) => {
    const other = simulated.find((cell) => cell.arm === arm && cell.figure === figure)
    const [left, right] = [spreadOf(values), spreadOf(other?.values ?? [])]
    if (left === undefined || right === undefined) return []
    const offPercent = offBy(right.median, left.median)
    return [{ arm, figure, unit, measured: left, simulated: right, offPercent, machineBound }]
  })
}

/** Undefined when there are no values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const median = medianOf(values)
  return median === null ? undefined : { median, min: Math.min(...values), max: Math.max(...values) }
}

/** By how many percent a value is off another; 0 where both are 0. */
export function offBy(value: number, reference: number): number {
  return value === reference ? 0 : (100 * (value - reference)) / reference
}

/** How many of the cells are as measured, give or take what is tolerated. */
export function countWithin(cells: readonly Pick<ComparedCell, 'offPercent'>[]): number {
  return cells.filter(({ offPercent }) => Math.abs(offPercent) <= toleratedPercent).length
}
