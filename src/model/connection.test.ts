import { describe, expect, it } from 'vitest'
import { ApiError } from '../kube/api.ts'
import { runLabel } from '../kube/labels.ts'
import type { RetryRecord } from '../kube/persistent.ts'
import type { RequestRecord } from '../kube/transport.ts'
import { openModelForTests } from '../testing/model.ts'
import type { Fault, RequestFault } from './fault.ts'

const configMap = { metadata: { namespace: 'default', name: 'a', labels: { [runLabel]: 'run' } } }

/** A cluster whose first requests go wrong, one for each fault, and what its client tells of requests and retries. */
function benchOf(struck: RequestFault[]) {
  const requests: RequestRecord[] = []
  const retries: RetryRecord[] = []
  const fault: Fault = { onRequest: () => struck.shift(), end: () => {} }
  const closing = new AbortController()
  const model = openModelForTests({ faults: [fault] })
  const api = model.connect({
    signal: closing.signal,
    onRequest: (record) => requests.push(record),
    onRetry: (record) => retries.push(record),
  })
  return { ...model, api, requests, retries, closing, statuses: () => requests.map(({ status }) => status) }
}

const unavailable = new ApiError(503, 'ServiceUnavailable', 'down')
const reset = new ApiError(0, 'ECONNRESET', 'socket hang up')

describe('a connection to the modelled apiserver', () => {
  it('should take as long as the network and the server do, all on virtual time', async () => {
    const { api, clock, requests } = benchOf([])
    await api.create('configmaps', configMap)
    const nowMs = clock.nowMs()
    expect(nowMs).toBeGreaterThan(0)
    const flow = { flowSchema: 'exempt', priorityLevel: 'exempt' }
    expect(requests).toEqual([{ verb: 'create', resource: 'configmaps', status: 201, latencyMs: nowMs, flow }])
  })

  it('should not reach the server with a request that is refused, and try it again later', async () => {
    const { api, statuses, retries, store, clock } = benchOf([{ kind: 'refused', error: unavailable }])
    const created = api.create('configmaps', configMap)
    await clock.sleep(2)
    expect(statuses()).toEqual([503])
    expect(store.get('configmaps', 'default', 'a')).toBeUndefined()
    await created
    expect(statuses()).toEqual([503, 201])
    expect(retries).toMatchObject([{ status: 503, attempt: 1 }])
    expect(clock.nowMs()).toBeGreaterThan(retries[0]?.waitMs ?? Number.NaN)
  })

  it('should leave done what the server did though its answer was lost, and take that for the answer', async () => {
    const { api, statuses, store } = benchOf([{ kind: 'reply-lost', error: reset }])
    const { metadata } = await api.create('configmaps', configMap)
    // The second try finds it there, with the label of the same run.
    expect(statuses().slice(0, 2)).toEqual([0, 409])
    expect(metadata.uid).toBe(store.get('configmaps', 'default', 'a')?.metadata.uid)
  })

  it('should notice a lost answer as late as the fault has it', async () => {
    const { api, requests } = benchOf([{ kind: 'reply-lost', error: reset, noticedAfterMs: 70_000 }])
    await api.get({ resource: 'namespaces', name: 'default' })
    expect(requests[0]?.latencyMs).toBeGreaterThan(70_000)
    expect(requests[1]?.latencyMs).toBeLessThan(100)
  })

  it('should ask faults about its own requests only, not about those of the controllers', async () => {
    const asked: string[] = []
    const fault: Fault = {
      onRequest(request) {
        asked.push(request.verb)
        return undefined
      },
      end: () => {},
    }
    const { api, clock, startNodes } = openModelForTests({ faults: [fault] })
    startNodes(1)
    await clock.sleep(60_000)
    await api.count({ resource: 'nodes' })
    expect(asked).toEqual(['list'])
  })

  it('should end what is under way when it is closed', async () => {
    const { api, closing, clock } = benchOf([])
    const watching = Array.fromAsync(
      api.watch({ resource: 'pods', resourceVersion: '0' }, new AbortController().signal),
    ).catch((error: unknown) => error)
    const getting = api.get({ resource: 'namespaces', name: 'default' }).catch((error: unknown) => error)
    closing.abort(new Error('closed'))
    await clock.sleep(1)
    expect([await getting, await watching]).toEqual([new Error('closed'), new Error('closed')])
  })
})
