import { describe, expect, it } from 'vitest'
import type { RequestRecord } from '../kube/transport.ts'
import { createRequestLog } from './requests.ts'

const request = (latencyMs: number, resource = 'pods', verb: RequestRecord['verb'] = 'create'): RequestRecord => ({
  verb,
  resource,
  status: 200,
  latencyMs,
})

describe('createRequestLog', () => {
  it('should tell how long the requests since a mark took, by kind, in the order in which kinds came up', () => {
    const log = createRequestLog()
    log.add(request(1))
    const mark = log.count()
    for (const one of [request(2, 'deployments'), request(3), request(4, 'deployments')]) log.add(one)
    expect(log.since(mark)).toEqual({
      requests: [
        { verb: 'create', resource: 'deployments', latenciesMs: [2, 4] },
        { verb: 'create', resource: 'pods', latenciesMs: [3] },
      ],
      dropped: 0,
    })
    expect(log.since(log.count())).toEqual({ requests: [], dropped: 0 })
  })

  it('should leave out watches, which have no end, and pages of metrics', () => {
    const log = createRequestLog()
    log.add(request(5, 'pods', 'watch'))
    log.add(request(5, '/metrics', 'get'))
    expect(log.since(0).requests).toEqual([])
  })

  it('should keep every request while it grows', () => {
    const log = createRequestLog()
    const latenciesMs = Array.from({ length: 5000 }, (_, index) => index / 3)
    for (const [index, latencyMs] of latenciesMs.entries()) log.add(request(latencyMs, index % 2 === 0 ? 'a' : 'b'))
    expect(log.since(0)).toEqual({
      requests: [
        { verb: 'create', resource: 'a', latenciesMs: latenciesMs.filter((_, index) => index % 2 === 0) },
        { verb: 'create', resource: 'b', latenciesMs: latenciesMs.filter((_, index) => index % 2 === 1) },
      ],
      dropped: 0,
    })
  })

  it('should keep the last ones when there are too many, and count those it has dropped (fault 24)', () => {
    const log = createRequestLog(4)
    for (let latencyMs = 1; latencyMs <= 6; latencyMs++) log.add(request(latencyMs))
    expect(log.since(1)).toEqual({
      requests: [{ verb: 'create', resource: 'pods', latenciesMs: [3, 4, 5, 6] }],
      dropped: 1,
    })
    expect(log.since(5)).toMatchObject({ requests: [{ latenciesMs: [6] }], dropped: 0 })
  })
})
