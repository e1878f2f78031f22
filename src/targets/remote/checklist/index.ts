import type { Clock } from '../../../base/clock.ts'
import { ApiError } from '../../../kube/api.ts'
import type { PlannedClusters } from '../../../plan/plan.ts'
import type { Checklist } from '../../../result/checklist.ts'
import { componentsOf } from '../components.ts'
import type { Reach } from '../reach.ts'
import { titleOf, unreachable } from '../reach.ts'
import { access } from './access.ts'
import { controlPlane } from './control-plane.ts'
import { etcd } from './etcd.ts'
import type { ClusterFacts } from './facts.ts'
import type { Gathering } from './gather.ts'
import { gatherFacts } from './gather.ts'
import type { Topic } from './judge.ts'
import { operations } from './operations.ts'
import { tls } from './tls.ts'
import { versions } from './versions.ts'

/** The document's checklist of a big cluster's architecture (docs/checklist.md), in the order it is printed in. */
export const topics: readonly Topic[] = [controlPlane, etcd, tls, access, operations, versions]

/** Every line's verdict on a cluster. */
export function judgeFacts(facts: ClusterFacts): Checklist['lines'] {
  return topics.flatMap(({ title: topic, lines }) =>
    lines.map(({ id, title, judge }) => ({ id, topic, title, ...judge(facts) })),
  )
}

/**
 * The checklist of each of these clusters; only reads. Throws `Failure('infrastructure')` when one does not even tell its version.
 */
export function checklistsOf(
  clusters: readonly Reach[],
  { targets }: Pick<PlannedClusters, 'targets'>,
  { clock, ...others }: Pick<Gathering, 'newestVersion' | 'signal'> & { clock: Clock },
): Promise<Checklist[]> {
  return Promise.all(
    clusters.map(async (cluster) => {
      const planned = targets.find((_, index) => cluster.path === `remote.targets[${index}]`)
      try {
        await using components = componentsOf({
          ...cluster,
          target: { components: planned?.components },
          unreadApiservers: undefined,
          clock,
          signal: others.signal,
        })
        const facts = await gatherFacts({ cluster, readable: components.all(), ...others })
        return { cluster: titleOf(cluster), lines: judgeFacts(facts) }
      } catch (error) {
        throw error instanceof ApiError ? unreachable(cluster, error) : error
      }
    }),
  )
}
