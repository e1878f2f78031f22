import type { CalibrationLatencies } from '../../result/calibration.ts'
import type { Cluster } from '../../targets/target.ts'
import type { Step } from '../step.ts'
import { latencyOf } from './latency.ts'
import { namesOf, namespace, pod } from './objects.ts'
import { watchPods } from './pod-watch.ts'
import { medianText } from './quiet-latencies.ts'

const app = 'single'

/** Starts and stops `count` pods on one node, one at a time: what a pod takes that waits for no other. */
export function singlePods(
  cluster: Cluster,
  node: string,
  count: number,
): Step<Pick<CalibrationLatencies, 'podStart' | 'podStop'>> {
  const { api, clock } = cluster
  return {
    id: 'singlePods',
    title: 'Pods, one at a time',
    timeoutMs: 60_000 + 20_000 * count,
    async setUp({ signal, report }) {
      await using watch = watchPods(cluster, app, { from: 0, to: count }, signal)
      await watch.synced
      const lifeOf = (uid: string) => watch.timeline.podTimelines().find((one) => one.uid === uid)
      const deletedAtMs = new Map<string, number>()
      for (const [index, name] of namesOf(app, count).entries()) {
        await clock.sleep(phaseMs(2 * index + 1), signal)
        const { uid = '' } = (await api.create('pods', pod(name, app, node))).metadata
        await watch.until(() => lifeOf(uid)?.readyMs !== undefined)
        await clock.sleep(phaseMs(2 * index + 2), signal)
        deletedAtMs.set(uid, clock.nowMs())
        await api.delete({ resource: 'pods', namespace, name }, { uid })
        await watch.until(() => lifeOf(uid)?.deletedMs !== undefined)
        report({ done: index + 1, total: count, unit: 'pods' })
      }

      // A moment that a resumed watch showed late says nothing about the pod.
      const lives = watch.timeline.podTimelines().filter(({ censored }) => censored.length === 0)
      const spans = (spanOf: (life: (typeof lives)[number]) => number) =>
        latencyOf(lives.map(spanOf).filter((spanMs) => !Number.isNaN(spanMs)))
      return {
        podStart: {
          createdToBound: spans(({ createdMs, boundMs = Number.NaN }) => boundMs - createdMs),
          boundToReady: spans(({ boundMs = Number.NaN, readyMs = Number.NaN }) => readyMs - boundMs),
        },
        podStop: spans(({ uid, deletedMs = Number.NaN }) => deletedMs - (deletedAtMs.get(uid) ?? Number.NaN)),
      }
    },
    summary: ({ podStart, podStop }) =>
      `bound after ${medianText(podStart.createdToBound)}, Ready after another ${medianText(podStart.boundToReady)}, gone ${medianText(podStop)} after the DELETE`,
  }
}

/**
 * A different part of a second every time, spread evenly (multiples of the golden ratio): a kubelet looks at its containers
 * once a second, and pods that always began at the same point of that second would tell of that point only.
 */
function phaseMs(index: number): number {
  return 1000 * ((index * 0.618_033_988_75) % 1)
}
