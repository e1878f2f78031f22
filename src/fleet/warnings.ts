import { plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { formatBytes } from '../base/quantity.ts'
import { notLookedAt } from '../plan/other-targets.ts'
import type { Plan } from '../plan/plan.ts'
import type { Estimate } from './estimate.ts'
import { whySlower } from './machine-pace.ts'
import { nodesPerProcessFor } from './packing.ts'
import type { ForecastStep } from './step-forecast.ts'
import { beyondTested } from './tested-limits.ts'

/** What will not work, or not as the plan wants it, a sentence each; and what is beyond what Kubernetes is tested for. */
export function warningsOf(estimate: Estimate, plan: Plan, steps: readonly ForecastStep[]): string[] {
  return [
    ...hostWarnings(estimate),
    ...machineWarnings(estimate),
    ...podWarnings(estimate),
    ...fullEtcdWarnings(estimate),
    ...realNodeWarnings(estimate),
    ...fleetTimeWarnings(estimate, plan),
    ...timeWarnings(estimate, steps),
    ...beyondTested(plan, steps),
    ...steps.flatMap(({ warnings }) => warnings),
    ...otherTargets(plan),
  ]
}

/** What a plan says for targets other than its own, in a sentence. */
export function otherTargets(plan: Plan): string[] {
  const fields = plan.target === undefined ? [] : notLookedAt(plan, plan.target)
  return fields.length === 0 ? [] : [`target ${plan.target} ignores ${fields.join(', ')}`]
}

function hostWarnings({ fleet, arms }: Estimate): string[] {
  const { host, processesPerHost, nodesPerHost, memoryBytes } = fleet
  if (host === null || !fleet.onHosts) return []
  const cores = Math.max(...arms.map((arm) => arm.cores.hollow))
  const packed = nodesPerProcessFor({ nodes: nodesPerHost, processes: host.maxPods })
  const orPack =
    packed === undefined ? '' : `, or pack more nodes into each pod (fleet.nodesPerProcess: ${packed} or more)`
  return [
    ...(processesPerHost > host.maxPods
      ? [
          `${processesPerHost} hollow pods > ${host.maxPods} pods per host: raise its kubelet's max-pods (fleet.host.maxPods)${orPack}`,
        ]
      : []),
    ...(memoryBytes > host.memoryBytes ? ['the hollow nodes of a host do not fit into its memory'] : []),
    ...(cores > host.cores ? ['the idle hollow nodes of a host need more cores than it has'] : []),
  ]
}

function machineWarnings({ fleet, arms }: Estimate): string[] {
  if (fleet.onHosts) return []
  const { here, neededBytes } = fleet.oneMachine
  return [
    ...arms.flatMap(({ name, machineBound, cores }) =>
      machineBound
        ? [
            `${name}: idle, it needs ${cores.oneMachine.coresNeeded.toFixed(1)} of the ${plural(here.cores, 'core')} here, so the machine limits the times; ${cores.oneMachine.because}`,
          ]
        : [],
    ),
    ...(neededBytes > here.memoryBytes ? ['the fleet and its control plane do not fit into the memory here'] : []),
  ]
}

/** Which arms' nodes do not take the pods that the plan has for them. */
export function podWarnings({ arms, podsOnProbeNode, podsPerNode }: Estimate): string[] {
  return arms.flatMap(({ name, maxPods }) => {
    if (podsPerNode > maxPods)
      return [`${name}: ${podsPerNode.toFixed(1)} pods per node, but a node takes ${maxPods} (kubelet.maxPods)`]
    return podsOnProbeNode > maxPods
      ? [`${name}: about ${podsOnProbeNode} pods on the probe node, which takes ${maxPods} (kubelet.maxPods)`]
      : []
  })
}

/** Which arms' etcd has no room for what the plan creates. */
export function fullEtcdWarnings({ arms }: Estimate): string[] {
  return arms.flatMap(({ name, etcd }) => {
    const full = etcd.hollow.filter(({ suffices }) => !suffices)
    if (full.length === 0) return []
    const holds = full.map((one) => one.holds).join(', ')
    const neededBytes = Math.max(...full.map(({ fileBytes }) => fileBytes))
    const endless = full.some(({ fileBytes, quotaBytes }) => fileBytes === quotaBytes)
    const advice = endless ? '' : `; its file needs about ${formatBytes(neededBytes)} (etcd.quotaBackendBytes)`
    return [
      `${name}: etcd (${holds}) reaches its quota before old versions are compacted, and then refuses writes (NOSPACE)${advice}`,
    ]
  })
}

/** Which arms' etcd would have no room for nodes with images and containers. */
function realNodeWarnings({ arms }: Estimate): string[] {
  return arms.flatMap(({ name, etcd }) =>
    etcd.hollow.every(({ suffices }) => suffices) && etcd.real.some(({ suffices }) => !suffices)
      ? [`${name}: with real nodes of 15 KB instead of hollow ones, etcd would reach its quota (NOSPACE)`]
      : [],
  )
}

/** What to do about a fleet that does not become Ready in time. */
export const slowFleetAdvice = 'Raise fleet.timeout, lower fleet.nodes, or use a machine with more cores'

/** Whether the nodes will not all be Ready in time, how long they will take, and why; the same for all arms. */
export function fleetTimeWarnings({ arms, fleet: { onHosts, oneMachine } }: Estimate, { fleet }: Plan): string[] {
  const ms = Math.max(...arms.map(({ durationMs }) => durationMs.fleet))
  if (ms <= fleet.timeout) return []
  const { pace } = oneMachine.here
  const why = onHosts || pace === undefined ? '' : whySlower(pace)
  const estimate = `about ${formatDuration(ms)} until all ${fleet.nodes} nodes are Ready, more than fleet.timeout (${formatDuration(fleet.timeout)})`
  return [`an estimate: ${estimate}${why === '' ? '' : `; ${why}`}. ${slowFleetAdvice}`]
}

function timeWarnings({ arms }: Estimate, steps: readonly ForecastStep[]): string[] {
  return arms.flatMap(({ name, durationMs }) =>
    steps.flatMap(({ title, timeoutMs }, index) => {
      const ms = durationMs.steps[index]?.ms ?? 0
      return timeoutMs !== null && ms > timeoutMs
        ? [`${name}: ${title} is expected to take longer than its timeout`]
        : []
    }),
  )
}
