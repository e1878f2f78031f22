import { createRandom } from '../../base/random.ts'
import type { Fault, FaultSite } from '../../model/fault.ts'
import type { Timeline } from '../../model/kernel/kernel.ts'
import { droppedWatches, expiredWatches, silentWatches } from './broken-watches.ts'
import { dyingNodes } from './dying-nodes.ts'
import type { DrawFault, DrawnFault } from './fault.ts'
import { lostReplies } from './lost-replies.ts'
import { noSpace } from './no-space.ts'
import { slowApiserver } from './slow-apiserver.ts'
import { storms } from './storms.ts'
import { stuckFinalizers } from './stuck-finalizers.ts'
import { throttling } from './throttling.ts'

/** How each kind is drawn, and how likely it is when a seed decides which there are: some seeds have none, few have many. */
const kinds = {
  'lost-replies': { draw: lostReplies, percent: 25 },
  throttling: { draw: throttling, percent: 25 },
  storms: { draw: storms, percent: 25 },
  'dropped-watches': { draw: droppedWatches, percent: 25 },
  'silent-watches': { draw: silentWatches, percent: 25 },
  'expired-watches': { draw: expiredWatches, percent: 25 },
  'slow-apiserver': { draw: slowApiserver, percent: 25 },
  // These end most runs early: too often, and the others would have no runs to strike.
  'no-space': { draw: noSpace, percent: 8 },
  'dying-nodes': { draw: dyingNodes, percent: 12 },
  'stuck-finalizers': { draw: stuckFinalizers, percent: 12 },
} satisfies Record<string, { draw: DrawFault; percent: number }>

export type FaultKind = keyof typeof kinds

/** Every kind of fault. */
export const faultKinds = Object.keys(kinds) as FaultKind[]

/** The kinds that a seed has. */
export function drawKinds(seed: number): FaultKind[] {
  return faultKinds.filter((kind) => createRandom(seed, `faults/${kind}`).integer(1, 100) <= kinds[kind].percent)
}

/** A fault of a cluster, what it is called, and how it ends. */
export interface NamedFault extends DrawnFault, Fault {
  readonly kind: FaultKind
}

/** The faults of one cluster: they follow from the seed, the repetition and their kinds, each kind on its own; all arms meet the same ones. */
export function drawFaults(seed: number, repetition: number, drawn: readonly FaultKind[]): NamedFault[] {
  return drawn.map((kind) => ending(kind, kinds[kind].draw(createRandom(seed, `${repetition}/faults/${kind}`))))
}

/** The fault, with a way to end it: nothing that it meant to do later happens then. */
function ending(kind: FaultKind, fault: DrawnFault): NamedFault {
  let site: FaultSite | undefined
  let isOver = false
  const untilOver = (timeline: Timeline): Timeline => ({
    ...timeline,
    after: (delayMs, action) => timeline.after(delayMs, () => isOver || action()),
  })
  return {
    ...fault,
    kind,
    onRequest: (request, nowMs) => (isOver ? undefined : fault.onRequest?.(request, nowMs)),
    onWatch(stream, timeline) {
      if (!isOver) fault.onWatch?.(stream, untilOver(timeline))
    },
    begin(opened) {
      site = { ...opened, timeline: untilOver(opened.timeline) }
      fault.begin?.(site)
    },
    end() {
      isOver = true
      if (site !== undefined) fault.mend?.(site)
    },
  }
}
