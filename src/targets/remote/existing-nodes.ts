import { Failure } from '../../base/errors.ts'
import type { KubeApi } from '../../kube/api.ts'
import type { Node } from '../../kube/resources.ts'
import { isReady } from '../../kube/resources.ts'
import type { Plan } from '../../plan/plan.ts'

/** The kubelet's fake runtime tells itself apart (pkg/kubelet/container/testing, FakeRuntime.Type). */
const fakeRuntime = 'fakeRuntime'

/** Nodes that were there before the run. */
export interface ExistingNodes {
  names: string[]
  probe: Node
}

/** Every node that is selected, whatever its state. Throws `ApiError`. */
async function nodesOf(api: KubeApi, selector: string | undefined, signal: AbortSignal): Promise<Node[]> {
  const nodes: Node[] = []
  const query = { resource: 'nodes', ...(selector !== undefined && { labelSelector: selector }) } as const
  for await (const page of api.list(query, signal)) nodes.push(...page.items)
  return nodes
}

/**
 * The nodes of a fleet that is there already, or of a real cluster, as many as the plan says: pods land on all of them, so
 * that another number would be another test. Throws `Failure('bad-input')` when they are not so many, `inconclusive` when
 * some are not Ready.
 */
export async function existingNodes(
  api: KubeApi,
  { fleet: { nodes: planned, selector }, probes }: Pick<Plan, 'fleet' | 'probes'>,
  signal: AbortSignal,
): Promise<ExistingNodes> {
  const found = await nodesOf(api, selector, signal)
  const open = found.filter(({ spec }) => spec?.['unschedulable'] !== true)
  const which = selector === undefined ? 'the target' : `the target with ${selector}`
  if (open.length !== planned) {
    throw new Failure('bad-input', `${which} has ${open.length} nodes that take pods, but fleet.nodes is ${planned}`, {
      next: `Set fleet.nodes to ${open.length}, or select others with fleet.selector`,
    })
  }
  const away = open.filter((node) => !isReady(node)).map(({ metadata }) => metadata.name ?? '')
  if (away.length > 0) {
    throw new Failure(
      'inconclusive',
      `nodes are not Ready: ${away.slice(0, 8).join(', ')} (${away.length} of ${planned})`,
    )
  }
  const names = open.map(({ metadata }) => metadata.name ?? '')
  return { names, probe: await chosenProbeNode(api, probes.node, signal) }
}

/**
 * The node that the plan pins its probes to: the named one, or the first by name of those selected. Throws
 * `Failure('bad-input')` when there is none that takes pods.
 */
export async function chosenProbeNode(
  api: KubeApi,
  choice: Plan['probes']['node'],
  signal: AbortSignal,
): Promise<Node> {
  const found =
    choice === undefined
      ? []
      : 'name' in choice
        ? (await nodesOf(api, undefined, signal)).filter(({ metadata }) => metadata.name === choice.name)
        : await nodesOf(api, choice.selector, signal)
  const [probe] = found
    .filter((node) => isReady(node) && node.spec?.['unschedulable'] !== true)
    .toSorted((left, right) => ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1))
  if (probe !== undefined) return probe
  const which = choice === undefined ? 'none is named' : 'name' in choice ? choice.name : `one with ${choice.selector}`
  throw new Failure('bad-input', `the target has no node that is Ready and takes pods for the probes (${which})`, {
    next: `Look for one with: kubectl get nodes --show-labels, then set probes.node`,
  })
}

/** Whether containers on this node are real. */
export function isReal({ status }: Node): boolean {
  const { containerRuntimeVersion = '' } = (status?.['nodeInfo'] ?? {}) as { containerRuntimeVersion?: string }
  return !containerRuntimeVersion.startsWith(fakeRuntime)
}

/** Versions that a node tells of itself. */
export function versionsOf({ status }: Node): Record<string, string> {
  const { kubeletVersion, containerRuntimeVersion } = (status?.['nodeInfo'] ?? {}) as {
    kubeletVersion?: string
    containerRuntimeVersion?: string
  }
  return {
    ...(kubeletVersion !== undefined && { 'kubelet of the probe node': kubeletVersion }),
    ...(containerRuntimeVersion !== undefined && { 'its container runtime': containerRuntimeVersion }),
  }
}
