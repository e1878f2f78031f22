import { describe, expect, it } from 'vitest'
import type { ResourceName, WatchQuery } from '../kube/api.ts'
import { openClusterForTests } from '../targets/sim/testing.ts'
import { fleetUp } from './fleet-up.ts'

const spec = { nodes: 2, nodesPerProcess: 50, node: { cpu: 8, memory: '16Gi', containerStartDelayMs: 0 } }

describe('fleetUp', () => {
  it('should count a node that is away although its watch has gone silent', async () => {
    const cluster = await openClusterForTests()
    let isSilent = false
    async function* watch<R extends ResourceName>(query: WatchQuery<R>, signal: AbortSignal) {
      for await (const event of cluster.api.watch(query, signal)) if (!isSilent) yield event
    }
    const step = fleetUp({ ...cluster, api: { ...cluster.api, watch } }, spec, 60_000)
    const { signal } = new AbortController()
    const fleet = await step.setUp({ signal, report: () => {} })
    await fleet.lookAgain(signal)
    expect(fleet.flaps()).toMatchObject({ count: 0, notReadyAtEnd: [] })

    isSilent = true
    await cluster.api.patch(
      { resource: 'nodes', name: 'hollow-1' },
      { type: 'merge', body: { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } } },
      'status',
    )
    expect(fleet.flaps()).toMatchObject({ count: 0 })
    await fleet.lookAgain(signal)
    expect(fleet.flaps()).toEqual({ count: 1, nodes: ['hollow-1'], notReadyAtEnd: ['hollow-1'] })
    await step.tearDown?.run({ signal, report: () => {} })
    await cluster[Symbol.asyncDispose]()
  })
})
