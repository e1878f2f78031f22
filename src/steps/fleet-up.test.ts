import { describe, expect, it } from 'vitest'
import type { Progress } from '../base/progress.ts'
import type { ResourceName, WatchQuery } from '../kube/api.ts'
import type { Cluster } from '../targets/target.ts'
import { openClusterForTests } from '../testing/simulated-cluster.ts'
import { fleetUp } from './fleet-up.ts'

const spec = { nodes: 2, nodesPerProcess: 50, node: { cpu: 8, memory: '16Gi' } }

describe('fleetUp', () => {
  it('should count a node that is away although its watch has gone silent (faults 9, 25) (review 15)', async () => {
    const cluster = await openClusterForTests()
    let isSilent = false
    async function* watch<R extends ResourceName>(query: WatchQuery<R>, signal: AbortSignal) {
      for await (const event of cluster.api.watch(query, signal)) if (!isSilent) yield event
    }
    const step = fleetUp({ ...cluster, api: { ...cluster.api, watch } }, spec, { timeoutMs: 60_000 })
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

  it('should take the time from the first process to the last Ready node, and keep other work apart (review 10)', async () => {
    const cluster = await openClusterForTests()
    const { clock } = cluster
    const startFleet: Cluster['startFleet'] = async (...given) => {
      await clock.sleep(50_000)
      const startedMs = clock.nowMs()
      const fleet = await cluster.startFleet(...given)
      // Looking for the probe node, say.
      await clock.sleep(20_000)
      return { ...fleet, startedMs }
    }
    const { signal } = new AbortController()
    const step = fleetUp({ ...cluster, startFleet }, spec, { timeoutMs: 120_000 })
    const { readyMs, preparedMs } = await step.setUp({ signal, report: () => {} })
    expect(preparedMs).toBe(50_000)
    expect(readyMs).toBeGreaterThan(0)
    expect(readyMs).toBeLessThan(2000)
    await step.tearDown?.run({ signal, report: () => {} })
    await cluster[Symbol.asyncDispose]()
  })

  it('should not say when nodes were Ready that were there before', async () => {
    const cluster = await openClusterForTests()
    const { signal } = new AbortController()
    const step = fleetUp(cluster, spec, { timeoutMs: 60_000, source: 'none' })
    const fleet = await step.setUp({ signal, report: () => {} })
    expect(fleet.readyMs).toBeNull()
    expect(step.summary?.(fleet)).toBe('2 Ready')
    await step.tearDown?.run({ signal, report: () => {} })
    await cluster[Symbol.asyncDispose]()
  })

  it('should hand on how far the target is with it, setting up and taking away (review 21)', async () => {
    const cluster = await openClusterForTests()
    const told: Progress[] = []
    const startFleet: Cluster['startFleet'] = (fleet, until, report) => {
      report?.({ done: 1, total: 2, unit: 'certificates' })
      return cluster.startFleet(fleet, until)
    }
    const removeFleet: Cluster['removeFleet'] = async (_, report) => report?.({ text: 'Node objects' })
    const context = { signal: new AbortController().signal, report: (progress: Progress) => void told.push(progress) }
    const step = fleetUp({ ...cluster, disposable: false, startFleet, removeFleet }, spec, { timeoutMs: 60_000 })
    await step.setUp(context)
    await step.tearDown?.run(context)
    expect(told[0]).toEqual({ done: 1, total: 2, unit: 'certificates' })
    expect(told).toContainEqual({ done: 1, total: 2, unit: 'nodes Ready' })
    expect(told.at(-1)).toEqual({ text: 'Node objects' })
    await cluster[Symbol.asyncDispose]()
  })
})
