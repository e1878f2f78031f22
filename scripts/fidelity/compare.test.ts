import { describe, expect, it } from 'vitest'
import type { Cell } from './cells.ts'
import { compareCells, countWithin } from './compare.ts'
import { comparisonText } from './table.ts'

function cell(figure: string, values: number[], changes: Partial<Cell> = {}): Cell {
  return { arm: 'tuned', figure, unit: 'ms', values, machineBound: false, ...changes }
}

describe('compareCells', () => {
  it('should compare medians, and keep the range of both sides', () => {
    const [compared] = compareCells([cell('ready', [20_000, 30_000])], [cell('ready', [26_000, 29_000])])
    expect(compared).toMatchObject({
      measured: { median: 25_000, min: 20_000, max: 30_000 },
      simulated: { median: 27_500, min: 26_000, max: 29_000 },
      offPercent: 10,
    })
  })

  it('should leave out what was only measured, or only simulated, or belongs to another arm', () => {
    const simulated = [cell('created', [1]), cell('ready', [1], { arm: 'untuned' })]
    expect(compareCells([cell('ready', [1]), cell('created', [])], simulated)).toEqual([])
  })

  it('should take two zeros for equal', () => {
    expect(compareCells([cell('ready', [0])], [cell('ready', [0])])[0]?.offPercent).toBe(0)
  })
})

describe('countWithin', () => {
  it('should count what is off by ten percent at most, to either side', () => {
    expect(countWithin([{ offPercent: -10 }, { offPercent: 10.1 }, { offPercent: 3 }])).toBe(2)
  })
})

describe('comparisonText', () => {
  it('should show a range where repetitions differ, and what the machine bound', () => {
    const measured = [
      cell('ready', [20_000, 30_000], { machineBound: true }),
      cell('requests', [688], { unit: 'requests' }),
    ]
    const simulated = [cell('ready', [20_000, 20_001]), cell('requests', [618], { unit: 'requests' })]
    expect(comparisonText('reports/run', compareCells(measured, simulated))).toBe(`
reports/run
arm    figure        measured        range     simulated  range   off by
tuned  ready           25.0 s  20.0 - 30.0        20.0 s         -20.0 %  machine-bound
tuned  requests  688 requests               618 requests         -10.2 %
0 of 2 cells within 10 %
`)
  })
})
