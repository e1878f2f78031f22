import { Failure } from '../../../base/errors.ts'
import type { HostRoom, TakenRoom } from '../../../fleet/host-room.ts'
import { roomOf, takenBy } from '../../../fleet/host-room.ts'
import type { HostChoice, HostFinding } from '../../../fleet/hosts.ts'
import { chooseHosts } from '../../../fleet/hosts.ts'
import type { HollowFleetSpec } from '../../../fleet/manifests.ts'
import type { KubeApi } from '../../../kube/api.ts'
import type { Node } from '../../../kube/resources.ts'

/** Looks whether the machines of a host cluster have room for a fleet; creates nothing. Throws `ApiError`. */
export async function examineHosts(host: KubeApi, spec: HollowFleetSpec, signal: AbortSignal): Promise<HostFinding[]> {
  const { findings } = await choose(host, spec, signal)
  return findings
}

/** The machines that a fleet goes to. Throws `Failure('infrastructure')` with all that is wrong with them. */
export async function requireHosts(
  host: KubeApi,
  spec: HollowFleetSpec,
  signal: AbortSignal,
): Promise<readonly HostRoom[]> {
  const { hosts, findings } = await choose(host, spec, signal)
  const wrong = findings.flatMap((finding) => (finding.ok ? [] : [finding]))
  if (wrong.length === 0) return hosts
  throw new Failure('infrastructure', wrong.map(({ because }) => because).join('; '), {
    next: wrong.map(({ next }) => next).join('\n'),
  })
}

async function choose(host: KubeApi, spec: HollowFleetSpec, signal: AbortSignal): Promise<HostChoice> {
  const { hostSelector } = spec.pods
  const nodes: Node[] = []
  const selected = hostSelector === '' ? {} : { labelSelector: hostSelector }
  for await (const page of host.list({ resource: 'nodes', ...selected }, signal)) nodes.push(...page.items)
  const taken: TakenRoom[] = []
  for await (const { items } of host.list({ resource: 'pods' }, signal))
    taken.push(...items.flatMap((pod) => takenBy(pod) ?? []))
  return chooseHosts(roomOf(nodes, taken), spec)
}
