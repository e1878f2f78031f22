import type { DrawFault } from './fault.ts'
import { drawMoment, formatMoment } from './fault.ts'

/** Hollow nodes whose kubelets are killed: no heartbeat, no status, and pods that nobody stops. */
export const dyingNodes: DrawFault = (random) => {
  const startMs = drawMoment(random, 200)
  const count = random.integer(1, 2)
  let struck = 0
  return {
    description: `${count} of the nodes die at ${formatMoment(startMs)}`,
    // Their machines come back when the fleet is started again.
    overMs: Number.POSITIVE_INFINITY,
    struck: () => struck,
    begin({ timeline, nodeNames, killNode }) {
      timeline.after(startMs, () => {
        const names = [...nodeNames()]
        for (let left = count; left > 0 && names.length > 0; left--) {
          const [name = ''] = names.splice(random.integer(0, names.length - 1), 1)
          struck++
          killNode(name)
        }
      })
    },
  }
}
