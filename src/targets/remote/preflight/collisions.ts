import type { ResourceName } from '../../../kube/api.ts'
import { runLabel } from '../../../kube/labels.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import type { Reach } from '../reach.ts'
import { titleOf } from '../reach.ts'
import type { Check } from './check.ts'
import { onEach } from './check.ts'

/** What belongs to no namespace, by kind: all else that a run creates is in namespaces of its own. */
const looked = {
  Namespace: 'namespaces',
  Node: 'nodes',
  CertificateSigningRequest: 'certificatesigningrequests',
} as const satisfies Record<string, ResourceName>
type LookedKind = keyof typeof looked

const mostShown = 5

/** What a run would create must not exist yet, whoever it belongs to: nothing of others is taken over. */
export const collisions: Check = {
  id: 'collisions',
  title: 'Names already taken',
  examine: ({ clusters, objects, signal }) =>
    onEach(clusters, async (cluster) => {
      const planned = new Map<string | undefined, Set<string | undefined>>()
      for (const { cluster: where, object } of objects()) {
        if (where !== cluster) continue
        const names = planned.get(object.kind) ?? new Set()
        planned.set(object.kind, names.add(object.metadata.name))
      }
      const refusals = []
      for (const kind of Object.keys(looked) as LookedKind[]) {
        const names = planned.get(kind) ?? new Set()
        if (names.size === 0) continue
        const taken = (await listed(cluster, looked[kind], signal)).filter(({ metadata }) => names.has(metadata.name))
        if (taken.length > 0) refusals.push(refusalOf(cluster, looked[kind], taken))
      }
      return { refusals }
    }),
}

async function listed({ api }: Reach, resource: (typeof looked)[LookedKind], signal: AbortSignal) {
  const found: KubeObject[] = []
  for await (const page of api.list({ resource }, signal)) found.push(...page.items)
  return found
}

function refusalOf(cluster: Reach, resource: string, taken: readonly KubeObject[]) {
  const shown = taken.slice(0, mostShown).map(({ metadata }) => metadata.name)
  const more = taken.length > mostShown ? ` and ${taken.length - mostShown} more` : ''
  const runs = [...new Set(taken.flatMap(({ metadata }) => metadata.labels?.[runLabel] ?? []))]
  const foreign = taken.some(({ metadata }) => metadata.labels?.[runLabel] === undefined)
  const owners = [...runs.map((run) => `run ${run}`), ...(foreign ? ['somebody else'] : [])].join(' and ')
  return {
    because: `${titleOf(cluster)}: ${resource} ${shown.join(', ')}${more} already exist and belong to ${owners}`,
    next:
      runs.length === 0
        ? 'They are left alone: use another cluster, or other names in the plan'
        : `If the run is over: npm run scale-test -- cleanup --clusters FILE --run ${runs[0]}`,
  }
}
