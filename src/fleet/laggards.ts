import { plural } from '../base/count.ts'
import type { Node, Pod } from '../kube/resources.ts'
import { isReady } from '../kube/resources.ts'
import { stateOf } from './pod-state.ts'

/** Nodes that are not Ready for the same reason. */
export interface Laggards {
  because: string
  nodes: string[]
}

/** Nodes that should be Ready and are not, by the reason: their own, or their pod's where they never registered. */
export function laggardsOf(
  expected: readonly { pod: string; nodes: readonly string[] }[],
  nodes: ReadonlyMap<string, Node>,
  pods: ReadonlyMap<string, Pod>,
): Laggards[] {
  const found = new Map<string, string[]>()
  for (const { pod, nodes: names } of expected) {
    for (const name of names) {
      const node = nodes.get(name)
      if (node !== undefined && isReady(node)) continue
      const because = node === undefined ? `never registered; ${stateOf(pods.get(pod))}` : conditionOf(node)
      const alike = found.get(because)
      if (alike === undefined) found.set(because, [name])
      else alike.push(name)
    }
  }
  return [...found]
    .map(([because, names]) => ({ because, nodes: names }))
    .sort((left, right) => right.nodes.length - left.nodes.length)
}

function conditionOf({ status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  if (ready === undefined) return 'registered, but its kubelet has not reported yet'
  const words = [ready.reason, ready.message].filter((text) => text !== undefined && text !== '').join(': ')
  return `registered, Ready is ${ready.status}${words === '' ? '' : ` (${words})`}`
}

const shownReasons = 3
const shownNodes = 5

/** `38 of 40 nodes are not Ready: hollow-1, hollow-2 and 3 more: never registered; its pod is Pending, not ready`. */
export function describeLaggards(laggards: readonly Laggards[], of: number): string {
  const count = laggards.reduce((sum, { nodes }) => sum + nodes.length, 0)
  const reasons = laggards.slice(0, shownReasons).map(({ nodes, because }) => {
    const more = nodes.length > shownNodes ? ` and ${nodes.length - shownNodes} more` : ''
    return `${nodes.slice(0, shownNodes).join(', ')}${more}: ${because}`
  })
  const further =
    laggards.length > shownReasons ? `; and for ${plural(laggards.length - shownReasons, 'more reason')}` : ''
  return `${count} of ${plural(of, 'node')} ${count === 1 ? 'is' : 'are'} not Ready: ${reasons.join('; ')}${further}`
}
