import type { ArmOutcome } from '../result/result.ts'

/** Nodes that did not stay Ready. */
export type NodeFlaps = ArmOutcome['fleet']['flaps']

/** Knows which nodes of a fleet are Ready, and which of them have stopped being so since all were. */
export interface FlapCounter {
  readonly names: readonly string[]
  note(node: string, isReady: boolean): void
  ready(): number
  areAllReady(): boolean
  flaps(): NodeFlaps
}

/** A counter for these nodes, none of which is Ready yet; other nodes do not matter. */
export function countFlaps(nodeNames: readonly string[]): FlapCounter {
  const fleet = new Set(nodeNames)
  const ready = new Set<string>()
  const flapped = new Set<string>()
  let count = 0
  let wereAllReady = false
  return {
    names: nodeNames,
    note(node, isReady) {
      if (!fleet.has(node)) return
      if (isReady) ready.add(node)
      else if (ready.delete(node) && wereAllReady) {
        count++
        flapped.add(node)
      }
      wereAllReady ||= ready.size === fleet.size
    },
    ready: () => ready.size,
    areAllReady: () => ready.size === fleet.size,
    flaps: () => ({
      count,
      nodes: [...flapped],
      // Before all were Ready once, those that are not are late and no flaps.
      notReadyAtEnd: wereAllReady ? nodeNames.filter((name) => !ready.has(name)) : [],
    }),
  }
}
