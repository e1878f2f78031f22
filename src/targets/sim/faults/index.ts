import { createRandom } from '../../../base/random.ts'
import { droppedWatches, expiredWatches, silentWatches } from './broken-watches.ts'
import { dyingNodes } from './dying-nodes.ts'
import type { DrawFault, Fault } from './fault.ts'
import { lostReplies } from './lost-replies.ts'
import { noSpace } from './no-space.ts'
import { slowApiserver } from './slow-apiserver.ts'
import { storms } from './storms.ts'
import { stuckFinalizers } from './stuck-finalizers.ts'
import { throttling } from './throttling.ts'

const draws = {
  'lost-replies': lostReplies,
  throttling,
  storms,
  'dropped-watches': droppedWatches,
  'silent-watches': silentWatches,
  'expired-watches': expiredWatches,
  'slow-apiserver': slowApiserver,
  'no-space': noSpace,
  'dying-nodes': dyingNodes,
  'stuck-finalizers': stuckFinalizers,
} satisfies Record<string, DrawFault>

export type FaultKind = keyof typeof draws

/** Every kind of fault (facts: faults.md). */
export const faultKinds = Object.keys(draws) as FaultKind[]

/** How likely each kind is when a seed decides which there are: some seeds have none, few have many. */
const percentOfSeeds = 25

/** The kinds that a seed has. */
export function drawKinds(seed: number): FaultKind[] {
  return faultKinds.filter((kind) => createRandom(seed, `faults/${kind}`).integer(1, 100) <= percentOfSeeds)
}

/** The faults of one cluster: they follow from the seed, the cluster and their kinds, each kind on its own. */
export function drawFaults(seed: number, armId: string, kinds: readonly FaultKind[]): (Fault & { kind: FaultKind })[] {
  return kinds.map((kind) => Object.assign(draws[kind](createRandom(seed, `${armId}/faults/${kind}`)), { kind }))
}
