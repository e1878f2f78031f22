import type { CalibrationPhases } from '../../result/calibration.ts'
import type { Cluster } from '../../targets/target.ts'
import { inProportion } from '../../workload/spread.ts'
import type { Step } from '../step.ts'
import { sendAll } from './load.ts'
import type { Meter } from './meter.ts'
import { describePhase } from './meter.ts'
import { deployment, namesOf, namespace } from './objects.ts'
import { watchPods } from './pod-watch.ts'

/** Pods in all, and the Deployments they are spread over. */
export interface PodCounts {
  /** What the Deployments and their pods are called. */
  app: string
  /** The node that they are all for; any when absent. */
  node?: string
  pods: number
  deployments: number
  /** How long to go on measuring when the last pod is where it should be: others still have to take note. */
  trailMs: number
}

/** Creates the Deployments and waits until all their pods are Ready. */
export function podStart(
  cluster: Cluster,
  meter: Meter,
  { app, node, pods, deployments, trailMs }: PodCounts,
): Step<CalibrationPhases['podStart']> {
  const { api, clock } = cluster
  const replicas = inProportion(pods, new Array<number>(deployments).fill(1))
  const objects = namesOf(app, deployments).map((name, index) => deployment(name, app, replicas[index] ?? 0, node))
  return {
    id: node === undefined ? 'podStart' : 'crowdStart',
    title: node === undefined ? 'Pods up' : 'Pods up on one node',
    timeoutMs: timeoutMs(pods),
    async setUp(context) {
      await using watch = watchPods(cluster, app, { from: 0, to: pods }, context.signal)
      await watch.synced
      const stop = await meter()
      await sendAll(clock, objects, 'deployments', context, (object) => api.create('deployments', object))
      await watch.until((timeline) => {
        context.report({ done: timeline.done(), total: pods, unit: 'pods Ready' })
        return timeline.done() === pods
      })
      await clock.sleep(trailMs, context.signal)
      return { units: pods, unit: 'pod', ...(await stop()) }
    },
    summary: describePhase,
  }
}

/** Scales the Deployments of `podStart` to 0 and waits until all their pods are gone. */
export function podStop(
  cluster: Cluster,
  meter: Meter,
  { app, node, pods, deployments, trailMs }: PodCounts,
): Step<CalibrationPhases['podStop']> {
  const { api, clock } = cluster
  return {
    id: node === undefined ? 'podStop' : 'crowdStop',
    title: node === undefined ? 'Pods down' : 'Pods down on one node',
    timeoutMs: timeoutMs(pods),
    async setUp(context) {
      await using watch = watchPods(cluster, app, { from: pods, to: 0 }, context.signal)
      await watch.synced
      const stop = await meter()
      await sendAll(clock, namesOf(app, deployments), 'deployments', context, (name) =>
        api.patch(
          { resource: 'deployments', namespace, name },
          { type: 'merge', body: { spec: { replicas: 0 } } },
          'scale',
        ),
      )
      await watch.until((timeline) => {
        context.report({ done: timeline.done(), total: pods, unit: 'pods gone' })
        return timeline.done() === pods
      })
      await clock.sleep(trailMs, context.signal)
      return { units: pods, unit: 'pod', ...(await stop()) }
    },
    summary: describePhase,
  }
}

function timeoutMs(pods: number): number {
  return 120_000 + 500 * pods
}
