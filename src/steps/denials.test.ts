import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { ApiError } from '../kube/api.ts'
import type { Condition } from '../kube/resources.ts'
import { createFakeApi } from '../testing/fake-api.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { unlessDenied } from './denials.ts'

const exceeded = 'pods "web-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=9, limited: pods=9'

/** A Deployment that says this of itself, and who waits for its pods for ten minutes; one comes each second until `comingMs`. */
function waiting({ conditions, comingMs = 0 }: { conditions: Condition[]; comingMs?: number }) {
  const clock = createVirtualClock(0)
  const api = createFakeApi(clock)
  api.put('namespaces', { metadata: { name: 'load' } })
  const template = { metadata: {}, spec: { containers: [] } }
  const spec = { replicas: 1, selector: { matchLabels: {} }, template }
  api.put('deployments', { metadata: { namespace: 'load', name: 'web' }, spec, status: { conditions } })
  const progress = () => Math.floor(Math.min(clock.nowMs(), comingMs) / 1000)
  const work = clock.sleep(600_000).then(() => 'done')
  return { clock, api, ended: unlessDenied({ api, clock, deployments: { namespace: 'load' }, progress }, work) }
}

const failing: Condition = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: exceeded }

describe('unlessDenied', () => {
  it('should quote why pods are denied, long before anybody would stop waiting for them (fault 12)', async () => {
    const { clock, ended } = waiting({ conditions: [{ type: 'Progressing', status: 'True' }, failing] })
    const error: unknown = await ended.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Failure)
    expect(error).toMatchObject({
      kind: 'infrastructure',
      message: `the pods of deployment load/web are denied: ${exceeded}`,
      next: expect.stringContaining('quota'),
    })
    expect(clock.nowMs()).toBeLessThan(60_000)
  })

  it('should ask nothing while pods come', async () => {
    const { api, ended } = waiting({ conditions: [failing], comingMs: 600_000 })
    expect(await ended).toBe('done')
    expect(api.requests).toEqual([])
  })

  it('should leave slow pods time, which nobody denies, and an API that does not answer', async () => {
    const slow = waiting({ conditions: [{ ...failing, status: 'False' }] })
    expect(await slow.ended).toBe('done')
    const silent = waiting({ conditions: [failing] })
    silent.api.refuse(() => new ApiError(503, 'ServiceUnavailable', 'later'))
    expect(await silent.ended).toBe('done')
  })
})
