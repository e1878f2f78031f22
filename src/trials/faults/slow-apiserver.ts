import type { DrawFault } from './fault.ts'
import { drawWindow, formatWindow } from './fault.ts'

/** Every request costs the apiserver many times as much, for a while. */
export const slowApiserver: DrawFault = (random) => {
  const factor = random.integer(5, 100)
  const window = drawWindow(random, 1000, 30_000)
  let struck = 0
  return {
    description: `the apiserver is ${factor} times slower ${formatWindow(window)}`,
    overMs: window.endMs,
    struck: () => struck,
    begin({ timeline, server }) {
      timeline.after(window.startMs, () => {
        struck++
        server.slowDown(factor)
      })
      timeline.after(window.endMs, () => server.slowDown(1))
    },
    mend: ({ server }) => server.slowDown(1),
  }
}
