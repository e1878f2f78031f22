import { describe, expect, it } from 'vitest'
import { ApiError } from '../../kube/api.ts'
import type { Pod, ReplicaSet } from '../../kube/resources.ts'
import type { Refuse } from '../../testing/model-components.ts'
import { componentBenchForTests } from '../../testing/model-components.ts'
import { runReplicaSetController } from './replicaset.ts'

const labels = { app: 'web' }
const ref = { resource: 'replicasets', namespace: 'ns', name: 'web' } as const

/** The controller, and one ReplicaSet that it looks after. */
function benchOf(replicas: number, lag: { podLagMs?: number } = {}) {
  const bench = componentBenchForTests(lag)
  const { objects, store } = bench.controlPlane
  runReplicaSetController(bench.controlPlane)
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'pause' }] } }
  const spec = { replicas, selector: { matchLabels: labels }, template }
  objects.create('replicasets', { metadata: { name: 'web', namespace: 'ns' }, spec } as ReplicaSet)
  return {
    ...bench,
    pods: () => store.list('pods', 'ns'),
    scaleTo: (count: number) =>
      objects.update(ref, 'all but status', (current) => ({ ...current, spec: { ...current.spec, replicas: count } })),
    status: () => objects.get(ref).status,
    /** A node runs the pod, which is then Ready, or not yet. */
    place(pod: Pod, isReady: boolean) {
      const of = { resource: 'pods', namespace: 'ns', name: pod.metadata.name ?? '' } as const
      objects.bind(of, 'node')
      const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' } as const]
      objects.update(of, 'status', (current) => ({ ...current, status: { phase: 'Running', conditions } }))
    },
    /** How many pods were created in each round of answers, until there was nothing to create any more. */
    async batches(refuse?: Refuse): Promise<number[]> {
      const sizes: number[] = []
      for (;;) {
        const created = (await bench.answer(refuse)).filter((one) => one === 'POST pods').length
        if (created === 0) return sizes
        sizes.push(created)
      }
    },
  }
}

const refused = new ApiError(403, 'Forbidden', 'exceeded quota')

describe('the ReplicaSet controller', () => {
  it('should create pods in batches of 1, 2, 4 and so on, each when the one before is there (slowStartBatch)', async () => {
    const { batches, pods } = benchOf(20)
    expect(await batches()).toEqual([1, 2, 4, 8, 5])
    expect(pods()).toHaveLength(20)
  })

  it('should leave out all further batches when one has a failure, and begin with one pod again', async () => {
    const { batches, pods } = benchOf(20)
    let count = 0
    // The first of the third batch is refused; 14 are missing then.
    const sizes = await batches(({ resource }) => (resource === 'pods' && ++count === 4 ? refused : undefined))
    expect(sizes).toEqual([1, 2, 4])
    expect(await batches()).toEqual([1, 2, 4, 7])
    expect(pods()).toHaveLength(20)
  })

  it('should wait twice as long before each try where all pods are refused, as under a quota', async () => {
    const { run, clock } = benchOf(20)
    const triedMs: number[] = []
    const refuse: Refuse = ({ resource }) => {
      if (resource !== 'pods') return undefined
      triedMs.push(clock.nowMs())
      return refused
    }
    await run(200, { refuse })
    const waitsMs = triedMs.slice(1).map((atMs, index) => atMs - (triedMs[index] ?? 0))
    // It tries sooner at first: its own status, written after each try, is news to it until there is nothing new to write.
    expect(waitsMs.slice(-3)).toEqual([20, 40, 80])
  })

  it('should create 500 pods in one sync at most, and the others in the next (BurstReplicas)', async () => {
    const { batches, pods, run } = benchOf(600)
    expect(await batches()).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 245])
    await run(50)
    expect(pods()).toHaveLength(600)
  })

  it('should do nothing about replicas while its cache does not show what it did before (expectations)', async () => {
    const { run, scaleTo, pods } = benchOf(3, { podLagMs: 200 })
    await run(50)
    scaleTo(10)
    await run(100)
    expect(pods()).toHaveLength(3)
    await run(500)
    expect(pods()).toHaveLength(10)
    scaleTo(4)
    await run(50)
    scaleTo(2)
    await run(50)
    expect(pods()).toHaveLength(4)
    await run(500)
    expect(pods()).toHaveLength(2)
  })

  it('should delete a pod that is not Ready before those that are, and much younger ones before old ones (ActivePodsWithRanks)', async () => {
    const { run, clock, pods, place, scaleTo } = benchOf(2)
    await run(50)
    const [old, broken] = pods() as [Pod, Pod]
    place(old, true)
    place(broken, false)
    await clock.sleep(1_000_000)
    scaleTo(4)
    await run(50)
    for (const pod of pods()) if (pod.spec.nodeName === undefined) place(pod, true)
    const staying = () =>
      pods()
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata }) => metadata.name)
    scaleTo(3)
    await run(50)
    expect(staying()).toHaveLength(3)
    expect(staying()).not.toContain(broken.metadata.name)
    scaleTo(1)
    await run(50)
    expect(staying()).toEqual([old.metadata.name])
  })

  it('should ask for all deletions at once, side by side', async () => {
    const { run, scaleTo, asked } = benchOf(8)
    await run(50)
    scaleTo(1)
    expect((await asked()).filter((one) => one === 'DELETE pods')).toHaveLength(7)
  })

  it('should count pods in its status as they are: Ready ones, and those that go apart from those that stay', async () => {
    const { run, pods, place, scaleTo, status } = benchOf(3)
    await run(50)
    for (const pod of pods().slice(1)) place(pod, true)
    await run(50)
    expect(status()).toMatchObject({ replicas: 3, readyReplicas: 2, availableReplicas: 2, terminatingReplicas: 0 })
    scaleTo(1)
    await run(50)
    // The one without a node has gone at once, the Ready one has its grace period.
    expect(status()).toMatchObject({ observedGeneration: 2, replicas: 1, readyReplicas: 1, terminatingReplicas: 1 })
  })

  it('should replace a pod that has run to its end, and one that is gone', async () => {
    const { controlPlane, run, pods } = benchOf(2)
    await run(50)
    const [ended, gone] = pods().map(
      ({ metadata: { name = '' } }) => ({ resource: 'pods', namespace: 'ns', name }) as const,
    )
    if (ended === undefined || gone === undefined) throw new Error('there are two pods')
    controlPlane.objects.update(ended, 'status', (current) => ({ ...current, status: { phase: 'Failed' } }))
    controlPlane.objects.delete(gone, { graceSeconds: 0 })
    await run(50)
    expect(pods().filter(({ status: phase }) => phase?.phase === 'Pending')).toHaveLength(2)
  })
})
