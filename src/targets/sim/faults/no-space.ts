import type { DrawFault } from './fault.ts'

/** etcd raises its NOSPACE alarm: writes are refused, and stay so until somebody defragments it, which nobody does. */
export const noSpace: DrawFault = (random) => {
  const startMs = random.integer(0, 90_000)
  let struck = 0
  return {
    description: `etcd is out of space from ${(startMs / 1000).toFixed(1)} s on`,
    struck: () => struck,
    begin({ timeline, etcd }) {
      timeline.after(startMs, () => {
        struck++
        for (const instance of etcd.instances()) instance.full = true
      })
    },
  }
}
