import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { ApiError, isApiStatus } from '../kube/api.ts'
import type { Recording } from '../record/recording.ts'
import type { Cluster } from '../targets/target.ts'
import { onePod } from '../testing/plans.ts'
import { recordingForTests } from '../testing/recording.ts'
import { openClusterForTests } from '../testing/simulated-cluster.ts'
import { fillCluster } from './fill/step.ts'
import { probeTarget } from './probe/target.ts'
import type { Step } from './step.ts'

const workload = { ...onePod, timeout: 10_000 }

/** A cluster that does not go away by itself, in which namespaces come to be without anybody hearing of it. */
async function deafCluster(afterMs = 0): Promise<Cluster> {
  const cluster = await openClusterForTests()
  const create: Cluster['api']['create'] = async (resource, object) => {
    const created = await cluster.api.create(resource, object)
    if (resource !== 'namespaces') return created
    await cluster.clock.sleep(afterMs)
    throw new ApiError(503, 'ServiceUnavailable', 'create namespaces: no answer')
  }
  return { ...cluster, disposable: false, api: { ...cluster.api, create } }
}

const off = { kind: 'none' } as const
const limits = { kubelet: off, events: off, controllers: off, scheduler: off }

const steps: [string, string, (cluster: Cluster, recording: Recording) => Step<unknown>][] = [
  [
    'the fill',
    'scale-test-small-01',
    (cluster, recording) => fillCluster({ cluster, workload, seed: 1, nodes: 1, runId: 'run-7', limits, recording }),
  ],
  [
    'the Deployment under test',
    'run-7-probe',
    (cluster) =>
      probeTarget(cluster, { runId: 'run-7', node: 'n', image: 'pause', serviceAccountToken: false, replicas: 1 }),
  ],
]

describe('a namespace whose creation was never confirmed (fault 3)', () => {
  it.each(steps)('should be deleted by %s all the same', async (_, name, stepOn) => {
    const cluster = await deafCluster()
    const step = stepOn(cluster, await recordingForTests(cluster))
    const context = { signal: new AbortController().signal, report: () => {} }
    await step.setUp(context).catch(() => {})
    expect(await cluster.api.get({ resource: 'namespaces', name })).toMatchObject({ metadata: { name } })
    await step.tearDown?.run(context)
    await expect(cluster.api.get({ resource: 'namespaces', name })).rejects.toSatisfy((error) =>
      isApiStatus(error, 404),
    )
  })

  it.each(steps)('should be waited for when %s was interrupted while it was under way', async (_, name, stepOn) => {
    const cluster = await deafCluster(5000)
    const step = stepOn(cluster, await recordingForTests(cluster))
    const interrupt = new AbortController()
    const report = () => {}
    const setting = step.setUp({ signal: interrupt.signal, report }).catch(() => {})
    interrupt.abort(new Failure('interrupted', 'interrupted by SIGINT'))
    await step.tearDown?.run({ signal: new AbortController().signal, report })
    await setting
    await expect(cluster.api.get({ resource: 'namespaces', name })).rejects.toSatisfy((error) =>
      isApiStatus(error, 404),
    )
  })
})
