import type { Random } from '../../base/random.ts'
import type { RequestFault } from '../../model/fault.ts'
import type { DrawnFault } from './fault.ts'
import { drawWindow, formatWindow, isWithin } from './fault.ts'

/** A fault that hits requests, those that open a watch among them: each one in a window, with a chance. */
export function requestFault(
  random: Random,
  name: string,
  { percent, longestMs }: { percent: readonly [number, number]; longestMs: number },
  strike: () => RequestFault,
): DrawnFault {
  const chance = random.integer(...percent)
  const window = drawWindow(random, 500, longestMs)
  let struck = 0
  const draw = (nowMs: number): RequestFault | undefined => {
    if (!isWithin(window, nowMs) || random.integer(1, 100) > chance) return undefined
    struck++
    return strike()
  }
  return {
    description: `${name} for ${chance} % of requests ${formatWindow(window)}`,
    overMs: window.endMs,
    struck: () => struck,
    onRequest: (_, nowMs) => draw(nowMs),
    onWatch(stream, timeline) {
      const fault = draw(timeline.nowMs())
      if (fault !== undefined) stream.end(fault.error)
    },
  }
}
