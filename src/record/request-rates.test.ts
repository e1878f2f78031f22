import { describe, expect, it } from 'vitest'
import type { Verb } from '../kube/persistent.ts'
import { createRequestRates } from './request-rates.ts'

function harness() {
  const kept: object[] = []
  const rates = createRequestRates((some) => kept.push(...some))
  const ask = (atMs: number, latencyMs: number, { verb = 'create' as Verb, resource = 'pods', status = 201 } = {}) =>
    rates.add({ verb, resource, status, latencyMs }, atMs)
  return { kept, rates, ask }
}

describe('createRequestRates', () => {
  it('should add up each second by verb, resource and status', () => {
    const { kept, rates, ask } = harness()
    ask(4100, 3)
    ask(4200, 0.5)
    ask(4300, 4)
    ask(4400, 5)
    ask(4500, 2, { status: 429 })
    ask(4999, 70_000, { resource: 'services' })
    expect(kept).toEqual([])
    ask(5000, 1)
    const second = { atMs: 5000, kind: 'requests', verb: 'create' }
    expect(kept).toEqual([
      {
        ...second,
        resource: 'pods',
        status: 201,
        count: 4,
        latencyMaxMs: 5,
        latencyHistogramMs: [
          [1, 1],
          [4, 2],
          [8, 1],
        ],
      },
      { ...second, resource: 'pods', status: 429, count: 1, latencyMaxMs: 2, latencyHistogramMs: [[2, 1]] },
      {
        ...second,
        resource: 'services',
        status: 201,
        count: 1,
        latencyMaxMs: 70_000,
        latencyHistogramMs: [[131_072, 1]],
      },
    ])
    rates.endBefore(Number.POSITIVE_INFINITY)
    expect(kept.slice(3)).toMatchObject([{ atMs: 6000, count: 1 }])
  })

  it('should tell of a second once it is over, and once', () => {
    const { kept, rates, ask } = harness()
    ask(4100, 1)
    rates.endBefore(4999)
    expect(kept).toEqual([])
    rates.endBefore(5000)
    rates.endBefore(6000)
    expect(kept).toHaveLength(1)
  })

  it('should leave out watches, which have no end, and pages of metrics', () => {
    const { kept, rates, ask } = harness()
    ask(1, 1, { verb: 'watch' })
    ask(1, 1, { resource: '/metrics' })
    rates.endBefore(Number.POSITIVE_INFINITY)
    expect(kept).toEqual([])
  })
})
