import { formatCount, plural } from '../base/count.ts'
import type { Plan } from '../plan/plan.ts'
import type { NamespaceLayout } from '../workload/workload.ts'
import type { ForecastStep } from './step-forecast.ts'

/**
 * Limits that Kubernetes is tested up to, which its service levels are promised within (kubernetes/community,
 * sig-scalability/configs-and-limits/thresholds.md).
 */
export const tested = {
  nodes: 5000,
  namespaces: 10_000,
  pods: 150_000,
  podsPerNode: 110,
  /** A node is tested with as many pods for each of its cores. */
  podsPerCore: 10,
  services: 10_000,
  podsPerNamespace: 3000,
  servicesPerNamespace: 5000,
  endpointsPerService: 250,
  deploymentsPerNamespace: 2000,
}

/** What a plan has more of than Kubernetes is tested with, a phrase each. */
export function beyondTested(plan: Pick<Plan, 'fleet'>, steps: readonly ForecastStep[]): string[] {
  const { fleet } = plan
  const filled = steps.flatMap(({ objects }) => objects ?? [])
  const totals = filled.map((objects) => objects.totals)
  const sum = (countOf: (objects: (typeof totals)[number]) => number) =>
    totals.reduce((total, objects) => total + countOf(objects), 0)
  const namespaces = filled.flatMap((objects) => objects.namespaces)
  const most = (countOf: (namespace: NamespaceLayout) => number) =>
    namespaces.reduce((highest, namespace) => Math.max(highest, countOf(namespace)), 0)
  const beyond = (count: number, what: string, limit: number, where = '') =>
    count > limit ? [`${formatCount(count)} ${what}: Kubernetes is tested up to ${formatCount(limit)}${where}`] : []
  const probed = Math.max(0, ...steps.map(({ podsOnProbeNode }) => podsOnProbeNode))
  const podsPerNode = Math.ceil(sum(({ pods }) => pods) / fleet.nodes)
  const byCores = tested.podsPerCore * fleet.node.cpu
  const onANode = Math.min(tested.podsPerNode, byCores)
  const why = byCores < tested.podsPerNode ? ` on a node of ${plural(fleet.node.cpu, 'core')}` : ''
  return [
    ...beyond(fleet.nodes, 'nodes', tested.nodes),
    ...beyond(
      sum((objects) => objects.namespaces),
      'namespaces',
      tested.namespaces,
    ),
    ...beyond(
      sum(({ pods }) => pods),
      'pods',
      tested.pods,
    ),
    ...beyond(podsPerNode, 'pods on a node', onANode, why),
    ...(podsPerNode > onANode ? [] : beyond(podsPerNode + probed, 'pods on the probe node', onANode, why)),
    ...beyond(
      most(({ pods }) => pods),
      'pods in one namespace',
      tested.podsPerNamespace,
    ),
    ...beyond(
      most(({ replicas }) => replicas.length),
      'Deployments in one namespace',
      tested.deploymentsPerNamespace,
    ),
    ...beyond(
      sum(({ services }) => services),
      'services',
      tested.services,
    ),
    ...beyond(
      most(({ services }) => services),
      'services in one namespace',
      tested.servicesPerNamespace,
    ),
    ...beyond(most(mostEndpoints), 'endpoints of one service', tested.endpointsPerService),
  ]
}

/** Services take the Deployments of their namespace in turn: those that none takes have no endpoints. */
function mostEndpoints({ services, replicas }: NamespaceLayout): number {
  return Math.max(0, ...replicas.slice(0, services))
}
