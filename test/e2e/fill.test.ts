import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { isApiStatus } from '../../src/kube/api.ts'
import type { PlannedWorkload } from '../../src/plan/workload.ts'
import { startRecording } from '../../src/record/recording.ts'
import { watchThisMachine } from '../../src/record/this-machine.ts'
import { lacksOf } from '../../src/steps/fill/outcome.ts'
import { fillCluster } from '../../src/steps/fill/step.ts'
import { localTarget } from '../../src/targets/local/index.ts'
import type { Cluster } from '../../src/targets/target.ts'
import { barePods } from '../../src/testing/plans.ts'
import { describeWithComponents, root } from './components.ts'

const workload: PlannedWorkload = {
  namespaces: 4,
  sizeClasses: [
    { name: 'large', share: 0.25, minimumPods: 8 },
    { name: 'small', share: 0.75, minimumPods: 1 },
  ],
  pods: { ...barePods, total: 20, perDeployment: 4, mountingShare: 0.5 },
  services: 4,
  configObjects: { podsPerConfigObject: 0.5, configmapsPerSecret: 4, configmapSize: 100, secretSize: 100 },
  serviceAccounts: 3,
  pace: { concurrency: 8 },
  timeout: 60_000,
}

const { signal } = new AbortController()
const context = { signal, report: () => {} }
let folder: string
let cluster: Cluster

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-fill-'))
})

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const unknown = { kind: 'unknown' } as const

/** The fill of a run, on a cluster that outlives it. */
async function fillOf(runId: string, changes: Partial<PlannedWorkload> = {}) {
  const recording = startRecording({ watchMachine: watchThisMachine, readMachine: null, keep: () => {} }, cluster)
  await recording.follow(cluster)
  return fillCluster({
    cluster: { ...cluster, disposable: false },
    workload: { ...workload, ...changes },
    seed: 1,
    nodes: 3,
    runId,
    limits: { kubelet: unknown, events: unknown, controllers: unknown, scheduler: unknown },
    recording,
  })
}

describeWithComponents('filling a cluster', () => {
  it('should create everything and count it', async () => {
    const target = localTarget({
      runId: 'fill-e2e',
      runFolder: folder,
      componentsSource: join(root, 'components'),
      env: process.env,
      clock: systemClock,
    })
    cluster = await target.open({ arm: { id: 'tuned-1', name: 'tuned', repetition: 1 }, knobs: [], signal })
    const node = { cpu: 8, memory: '16Gi' }
    await cluster.startFleet({ nodes: 2, nodesPerProcess: 50, node }, signal)
    const outcome = await (await fillOf('fill-1')).setUp(context)
    expect(lacksOf(outcome)).toEqual([])
    expect(outcome.objects).toMatchObject({ configmaps: { expected: 32, observed: 32 }, secrets: { expected: 8 } })
    expect(outcome.pods).toMatchObject({ expected: 20, ready: 20, unexpected: 0 })
  })

  it('should change nothing when it is repeated', async () => {
    const uids = async () => {
      const found: string[] = []
      for await (const { items } of cluster.api.list({ resource: 'pods' }))
        found.push(...items.map(({ metadata }) => metadata.uid ?? ''))
      return found.sort()
    }
    const before = await uids()
    const outcome = await (await fillOf('fill-1')).setUp(context)
    expect(lacksOf(outcome)).toEqual([])
    expect(await uids()).toEqual(before)
  })

  it('should touch nothing when the names are another run’s', async () => {
    await expect((await fillOf('fill-2')).setUp(context)).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: expect.stringContaining('belongs to run fill-1'),
    })
    const labelled = (run: string) => ({ resource: 'namespaces', labelSelector: `scale-test/run=${run}` }) as const
    expect(await cluster.api.count(labelled('fill-2'))).toBe(0)
    expect(await cluster.api.count(labelled('fill-1'))).toBe(4)
  })

  it('should say what is missing when the time is up', async () => {
    const fill = await fillOf('fill-3', {
      sizeClasses: [{ name: 'late', share: 1, minimumPods: 0 }],
      // Nowhere to run: two nodes of 110 pods each.
      pods: { ...workload.pods, total: 400 },
      timeout: 4000,
    })
    const outcome = await fill.setUp(context)
    expect(outcome.pods.ready).toBeLessThan(400)
    expect(lacksOf(outcome)).toContain(`${outcome.pods.ready} of 400 pods Ready`)
    await fill.tearDown?.run(context)
  })

  it('should take away its own namespaces only', async () => {
    await cluster.api.create('namespaces', { metadata: { name: 'somebody-elses' } })
    const fill = await fillOf('fill-1')
    await fill.setUp(context)
    await fill.tearDown?.run(context)
    const names: (string | undefined)[] = []
    for await (const { items } of cluster.api.list({ resource: 'namespaces' }))
      names.push(...items.map(({ metadata }) => metadata.name))
    expect(names.sort()).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system', 'somebody-elses'])
    const gone = cluster.api.get({ resource: 'namespaces', name: 'scale-test-large-01' })
    expect(await gone.catch((error: unknown) => isApiStatus(error, 404))).toBe(true)
  })
})
