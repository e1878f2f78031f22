import { createTwoFilesPatch } from 'diff'
import { Failure } from '../../base/errors.ts'
import type { Host, KubeProxySection, Places } from '../hosts/section.ts'
import type { HostSettings, WantedOf } from '../hosts/wanted.ts'
import { textOf, wantedOfKubeProxy, wantedOn } from '../hosts/wanted.ts'
import type { TunedHost } from './host.ts'
import type { Restorable } from './quorum.ts'

/** A host that may be changed. */
export interface ReachedHost {
  host: Host
  on: TunedHost
}

/** The places of one cluster, as they are reached. */
export interface ReachedPlaces {
  hosts: readonly ReachedHost[]
  kubeProxy: { section: KubeProxySection; on: TunedHost } | undefined
}

/** What is to happen on one host, or to kube-proxy. */
export interface HostPlan {
  on: TunedHost
  wanted: WantedOf[]
}

/** Whether a member of etcd restarts with the changes of a host. */
export function changesEtcd({ wanted }: HostPlan): boolean {
  return wanted.some(({ component, changes }) => component === 'etcd' && changes.length > 0)
}

/** What the clusters file says of places. */
export function described({ hosts, kubeProxy }: ReachedPlaces): Places {
  return { hosts: hosts.map(({ host }) => host), kubeProxy: kubeProxy?.section }
}

/** All of them, in the order in which they change: a rollout takes long, and no host's timer is to wait for it. */
export function placesIn({ hosts, kubeProxy }: ReachedPlaces): TunedHost[] {
  return [...(kubeProxy === undefined ? [] : [kubeProxy.on]), ...hosts.map(({ on }) => on)]
}

/** The same, in the order in which they are restored: the last one first. */
export function restorablesIn({ hosts, kubeProxy }: ReachedPlaces): Restorable[] {
  const places: Restorable[] = hosts.map(({ host, on }) => ({ on, etcd: host.components.etcd }))
  if (kubeProxy !== undefined) places.unshift({ on: kubeProxy.on, etcd: undefined })
  return places.toReversed()
}

/** Looks at one place after the other, in that order; changes nothing. Throws what the first in the way throws. */
export async function* lookedAt({ hosts, kubeProxy }: ReachedPlaces, settings: HostSettings): AsyncIterable<HostPlan> {
  if (kubeProxy !== undefined) {
    const { on, section } = kubeProxy
    yield { on, wanted: await wantedOfKubeProxy(on, section, settings) }
  }
  for (const { host, on } of hosts) yield { on, wanted: await wantedOn(host, on, settings) }
}

/**
 * Looks at every place, and says what has to change there, in that order; changes nothing. Throws what the first host in the way throws, and
 * `Failure('safety-refusal')` with all reasons why hosts could not be changed.
 */
export async function planHosts(places: ReachedPlaces, settings: HostSettings): Promise<HostPlan[]> {
  const plans: HostPlan[] = []
  const obstacles: string[] = []
  for await (const plan of lookedAt(places, settings)) {
    const { on } = plan
    const paths = changesOf(plan).map(({ path }) => path)
    // A host that is right already may still hold the changes of the run that made it so.
    if (paths.length > 0) obstacles.push(...(await on.obstacles(paths)).map((obstacle) => `${on.name}: ${obstacle}`))
    plans.push(plan)
  }
  if (obstacles.length > 0)
    throw new Failure('safety-refusal', ['hosts cannot be changed; nothing was touched', ...obstacles].join('\n  '))
  return plans
}

/** All that changes on a host. */
export function changesOf({ wanted }: HostPlan): WantedOf['changes'] {
  return wanted.flatMap(({ changes }) => changes)
}

/** A unified diff of what changes on a host; empty where nothing does. */
export function diffOf(plan: HostPlan): string {
  return changesOf(plan)
    .map(({ path, old, content }) =>
      createTwoFilesPatch(
        old.content === null ? '/dev/null' : `${plan.on.name}:${path}`,
        `${plan.on.name}:${path}`,
        textOf(old),
        textOf({ content }),
        undefined,
        undefined,
        { context: 2 },
      ).replace(/^(?:Index: .*\n)?=+\n/, ''),
    )
    .join('')
}
