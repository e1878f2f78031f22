import { Failure } from '../../../base/errors.ts'
import type { KubeApi } from '../../../kube/api.ts'
import type { Node } from '../../../kube/resources.ts'
import { isReady } from '../../../kube/resources.ts'

/** The nodes of a fleet that is there already, or of a real cluster. */
export interface ExistingFleet {
  nodeNames: readonly string[]
  /** The node that probes are pinned to. */
  probeNode: string
  timed: Node
}

/** Which node is timed. */
export type ProbeNodeChoice = { name: string } | { selector: string }

/**
 * Selects the Ready nodes of a target, and the one that is timed among them: the first by name where the plan times none. Throws `Failure('infrastructure')` when there are
 * fewer Ready ones than planned, or the one to be timed is not there, not Ready or cordoned, or is not the only one selected.
 */
export async function selectNodes(
  target: KubeApi,
  { selector, nodes, probe }: { selector: string | undefined; nodes: number; probe: ProbeNodeChoice | undefined },
  signal: AbortSignal,
): Promise<ExistingFleet> {
  const all = await list(target, selector, signal)
  const ready = all.filter(isReady)
  if (ready.length < nodes) {
    const which = selector === undefined ? 'nodes' : `nodes with ${selector}`
    const unready = all.length - ready.length
    throw new Failure(
      'infrastructure',
      `the plan needs ${nodes} ${which}; Ready: ${ready.length}${unready === 0 ? '' : `, not Ready: ${unready}`}`,
      {
        next:
          ready.length === 0
            ? 'Select others (fleet.selector), or fix these'
            : `Lower fleet.nodes to ${ready.length}, or fix the others`,
      },
    )
  }
  const timed = probe === undefined ? firstOf(ready) : await probeNodeOf(target, probe, signal)
  const probeNode = timed.metadata.name ?? ''
  const others = ready.map(({ metadata }) => metadata.name ?? '').filter((name) => name !== probeNode)
  // The timed node counts, wherever it comes from.
  return { nodeNames: [probeNode, ...others.sort()], probeNode, timed }
}

function firstOf(nodes: readonly Node[]): Node {
  const [first] = nodes.toSorted((one, other) => ((one.metadata.name ?? '') < (other.metadata.name ?? '') ? -1 : 1))
  if (first === undefined) throw new Error('a plan has at least one node')
  return first
}

/** The node that a plan names for its probes, ready for them. Throws `Failure('infrastructure')`. */
export async function probeNodeOf(target: KubeApi, probe: ProbeNodeChoice, signal: AbortSignal): Promise<Node> {
  const refuse = (what: string, next: string) => new Failure('infrastructure', `the probe node: ${what}`, { next })
  const byName = 'name' in probe
  const nodes = byName
    ? (await list(target, undefined, signal)).filter(({ metadata }) => metadata.name === probe.name)
    : await list(target, probe.selector, signal)
  const which = byName ? `node ${probe.name}` : `a node with ${probe.selector}`
  const [node, ...more] = nodes
  if (node === undefined)
    throw refuse(`the target has no ${which.replace(/^a /, '')}`, 'Name another one (probes.node)')
  if (more.length > 0) {
    const names = nodes.slice(0, 5).map(({ metadata }) => metadata.name)
    throw refuse(
      `${nodes.length} nodes match ${byName ? probe.name : probe.selector} (${names.join(', ')}, ...)`,
      'Select exactly one (probes.node)',
    )
  }
  if (!isReady(node)) throw refuse(`${node.metadata.name} is not Ready`, 'Wait until it is, or name another one')
  if (node.spec?.unschedulable === true)
    throw refuse(`${node.metadata.name} is cordoned`, `kubectl uncordon ${node.metadata.name}, or name another one`)
  return node
}

/** Whether a node only pretends: ours and kubemark's say so by their provider. */
export function isHollow({ spec }: Node): boolean {
  return typeof spec?.providerID === 'string' && spec.providerID.startsWith('kubemark://')
}

async function list(target: KubeApi, selector: string | undefined, signal: AbortSignal): Promise<Node[]> {
  const nodes: Node[] = []
  const query = { resource: 'nodes', ...(selector !== undefined && { labelSelector: selector }) } as const
  for await (const page of target.list(query, signal)) nodes.push(...page.items)
  return nodes
}
