import { formatBytes } from '../base/quantity.ts'
import { capitalized } from '../base/words.ts'
import type { HostRoom, UnusableHost } from './host-room.ts'
import type { HollowFleetSpec } from './manifests.ts'
import { nodesPerProcessFor } from './packing.ts'
import { groupPods } from './pods.ts'
import { podResources } from './sizing.ts'

/** One thing about the machines of a host cluster: fine, or a reason not to begin, with what helps. */
export type HostFinding = { ok: true; note: string } | { ok: false; because: string; next: string }

/** The machines that a fleet's pods go to, and what was found about them. */
export interface HostChoice {
  hosts: readonly HostRoom[]
  findings: HostFinding[]
}

/** Besides the hollow nodes', a machine needs about as many inotify instances as it is given by default. */
const otherInotifyInstances = 128

/** Chooses the machines with most room, exactly as many as are planned, and looks whether their share fits. Creates nothing. */
export function chooseHosts(
  { hosts, unusable }: { hosts: readonly HostRoom[]; unusable: readonly UnusableHost[] },
  spec: HollowFleetSpec,
): HostChoice {
  const byRoom = hosts.toSorted(
    (left, right) =>
      right.maxPods - right.pods - (left.maxPods - left.pods) ||
      right.freeMemoryBytes - left.freeMemoryBytes ||
      (left.name < right.name ? -1 : 1),
  )
  const chosen = byRoom.slice(0, spec.hosts)
  if (chosen.length < spec.hosts) return { hosts: chosen, findings: [tooFew(chosen.length, unusable, spec)] }

  const pods = groupPods(spec).reduce((sum, group) => sum + group.pods, 0)
  const share = { least: Math.floor(pods / spec.hosts), most: Math.ceil(pods / spec.hosts), fullest: pods % spec.hosts }
  const nodesPerPod = Math.min(spec.nodesPerProcess, Math.max(1, spec.nodes - 1))
  const each = podResources({
    nodes: nodesPerPod,
    proxy: spec.pods.proxy,
    statusPeriodSeconds: spec.statusPeriodSeconds,
  })
  const podsOn = (index: number) => (share.fullest === 0 || index < share.fullest ? share.most : share.least)
  const short = <T>(lacks: (host: HostRoom, pods: number) => T | undefined) =>
    chosen.flatMap((host, index) => {
      const wanted = podsOn(index)
      const lack = lacks(host, wanted)
      return lack === undefined ? [] : [{ host, pods: wanted, lack }]
    })

  const crowded = short(({ maxPods, pods: there }, wanted) => (there + wanted > maxPods ? there + wanted : undefined))
  const hungry = short(({ freeMemoryBytes }, wanted) =>
    wanted * each.memoryBytes > freeMemoryBytes ? freeMemoryBytes : undefined,
  )
  const busy = short(({ freeCores }, wanted) => (wanted * each.cores > freeCores ? freeCores : undefined))
  const nodesPerHost = share.most * nodesPerPod
  return {
    hosts: chosen,
    findings: [
      ...tooMany(crowded, spec, pods, byRoom.length),
      ...hungry.slice(0, 1).map(({ host, pods: wanted, lack }) => ({
        ok: false as const,
        because: `${others(hungry)} lack memory for the hollow nodes: ${wanted} pods need ${formatBytes(wanted * each.memoryBytes)}, ${host.name} has ${formatBytes(Math.max(0, lack))} free`,
        next: 'Use more machines (fleet.hosts), pack more nodes into each pod (fleet.nodesPerProcess), or fewer nodes (fleet.nodes)',
      })),
      ...busy.slice(0, 1).map(({ host, pods: wanted, lack }) => ({
        ok: false as const,
        because: `${others(busy)} lack processor time for the hollow nodes: ${wanted} pods need ${(wanted * each.cores).toFixed(2)} cores, ${host.name} has ${Math.max(0, lack).toFixed(2)} free`,
        next: 'Use more machines (fleet.hosts), pack more nodes into each pod (fleet.nodesPerProcess), or fewer nodes (fleet.nodes)',
      })),
      {
        ok: true,
        note: `${spec.hosts} machines with ${share.least === share.most ? share.most : `${share.least} or ${share.most}`} hollow-node pods each; the API does not show whether fs.inotify.max_user_instances is at least ${nodesPerHost + otherInotifyInstances} there, as ${nodesPerHost} kubelets need`,
      },
    ],
  }
}

function tooFew(usable: number, unusable: readonly UnusableHost[], { hosts, pods }: HollowFleetSpec): HostFinding {
  const shown = unusable.slice(0, 5).map(({ name, because }) => `${name} (${because})`)
  const more = unusable.length > shown.length ? ` and ${unusable.length - shown.length} more` : ''
  const left = shown.length === 0 ? '' : `; not usable: ${shown.join(', ')}${more}`
  const which = pods.hostSelector === '' ? 'machines' : `machines with ${pods.hostSelector}`
  return {
    ok: false,
    because: `${hosts} ${which} are planned, but the host cluster has ${usable} that can be used${left}`,
    next: `${usable === 0 ? 'Choose' : `Lower fleet.hosts to ${usable}, choose`} other machines (fleet.pods.hostSelector), or make more of them usable`,
  }
}

interface Short {
  host: HostRoom
  pods: number
}

function tooMany(
  crowded: readonly (Short & { lack: number })[],
  spec: HollowFleetSpec,
  pods: number,
  usable: number,
): HostFinding[] {
  const worst = crowded.toSorted((left, right) => right.lack - right.host.maxPods - (left.lack - left.host.maxPods))[0]
  if (worst === undefined) return []
  const { host, pods: wanted } = worst
  const free = Math.max(0, host.maxPods - host.pods)
  const packed = nodesPerProcessFor({ nodes: spec.nodes, processes: free * spec.hosts })
  const hosts = free === 0 ? usable + 1 : Math.ceil(pods / free)
  const ways = [
    `raise its kubelet's maxPods to ${host.pods + wanted} or more on each machine (and fleet.host.maxPods in the plan)`,
    ...(packed === undefined ? [] : [`pack more nodes into each pod (fleet.nodesPerProcess: ${packed} or more)`]),
    ...(hosts <= usable ? [`use more machines (fleet.hosts: ${hosts} or more)`] : []),
  ]
  const there = host.pods === 0 ? '' : ` on top of the ${host.pods} already there`
  return [
    {
      ok: false,
      because: `${others(crowded)} cannot take that many pods: ${wanted} hollow-node pods${there} > ${host.maxPods} pods that ${host.name} accepts`,
      next: capitalized(ways.join(', or ')),
    },
  ]
}

function others(short: readonly Short[]): string {
  return short.length === 1 ? 'one machine' : `${short.length} machines`
}
