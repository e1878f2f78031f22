import { describe, expect, it } from 'vitest'
import { probesIn } from '../../src/testing/outcomes.ts'
import { sampleResult } from '../../src/testing/results.ts'
import { cellsOf } from './cells.ts'

describe('cellsOf', () => {
  const result = sampleResult()
  const find = (arm: string, figure: string) =>
    cellsOf(result).find((cell) => cell.arm === arm && cell.figure === figure)

  it('should have every stop of every repetition', () => {
    const measured = result.arms
      .filter(({ name }) => name === 'tuned')
      .flatMap((arm) => probesIn(arm).filter(({ name }) => name === 'rollout'))
      .map(({ stopsMs }) => stopsMs.available)
    expect(measured).toHaveLength(2)
    expect(find('tuned', 'rollout available')).toMatchObject({ unit: 'ms', values: measured })
  })

  it('should count the requests that a kubelet sent', () => {
    expect(find('untuned', 'rollout requests')).toMatchObject({ unit: 'requests', values: [402, 402] })
  })

  it('should leave out a stop that was not reached', () => {
    const [probe] = probesIn(result.arms[0])
    if (probe !== undefined) probe.stopsMs.available = null
    expect(find(result.arms[0]?.name ?? '', 'rollout available')?.values).toHaveLength(1)
  })

  it('should say where the machine was what bound a cell', () => {
    const [probe] = probesIn(result.arms[0])
    if (probe !== undefined) probe.machineBusy = 0.95
    const bound = cellsOf(result).filter(({ machineBound }) => machineBound)
    expect(bound.map(({ figure }) => figure)).toContain('rollout ready')
    expect(bound.every(({ arm, unit }) => arm === result.arms[0]?.name && unit === 'ms')).toBe(true)
  })
})
