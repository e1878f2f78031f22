import type { DrawFault } from './fault.ts'
import { drawMoment, formatMoment } from './fault.ts'

/** etcd raises its NOSPACE alarm: writes are refused, and stay so until somebody defragments it, which nobody does. */
export const noSpace: DrawFault = (random) => {
  const startMs = drawMoment(random)
  let struck = 0
  return {
    description: `etcd is out of space from ${formatMoment(startMs)} on`,
    overMs: Number.POSITIVE_INFINITY,
    struck: () => struck,
    begin({ timeline, etcd }) {
      timeline.after(startMs, () => {
        struck++
        for (const instance of etcd.instances()) instance.full = true
      })
    },
    /** It is defragmented, and the alarm disarmed. */
    mend({ etcd }) {
      for (const instance of etcd.instances()) instance.full = false
    },
  }
}
