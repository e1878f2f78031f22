import { expect, it } from 'vitest'
import type { Cluster } from '../../targets/target.ts'
import { onePod } from '../../testing/plans.ts'
import { recordingForTests } from '../../testing/recording.ts'
import { openClusterForTests } from '../../testing/simulated-cluster.ts'
import { fillCluster } from './step.ts'

const workload = { ...onePod, namespaces: 2, pods: { ...onePod.pods, total: 4 } }

const limit = { kind: 'limited', qps: 50, burst: 100 } as const

/** The figures of a fill whose counting takes so long. */
async function filled(countingMs: number) {
  const cluster = await openClusterForTests()
  const node = { cpu: 8, memory: '16Gi' }
  const { signal } = new AbortController()
  await cluster.startFleet({ nodes: 2, nodesPerProcess: 1, node }, signal)
  await cluster.clock.sleep(10_000)
  const count: Cluster['api']['count'] = async (...given) => {
    await cluster.clock.sleep(countingMs)
    return cluster.api.count(...given)
  }
  const step = fillCluster({
    cluster: { ...cluster, api: { ...cluster.api, count } },
    workload,
    seed: 1,
    nodes: 2,
    runId: 'run-7',
    limits: { kubelet: limit, events: limit, controllers: limit, scheduler: limit },
    recording: await recordingForTests(cluster),
  })
  const outcome = await step.setUp({ signal, report: () => {} })
  await cluster[Symbol.asyncDispose]()
  return outcome
}

it('should take as long as it takes until the last pod is Ready, however long everything is counted then (review 10)', async () => {
  const [quick, slow] = [await filled(0), await filled(60_000)]
  expect(slow.durationMs).toBe(quick.durationMs)
  expect(slow.pods).toMatchObject({ expected: 4, ready: 4 })
  const lastReadyMs = Math.max(...(slow.curves['ready'] ?? []).map(([atMs]) => atMs))
  expect(slow.durationMs).toBeCloseTo(lastReadyMs, 6)
  // Namespaces and Deployments and pods, one after the other.
  expect((slow.countedMs ?? 0) - (quick.countedMs ?? 0)).toBeCloseTo(3 * 60_000, -1)
})
