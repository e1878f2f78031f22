/** Processor cores that components share. */
export interface Processor {
  readonly cores: number
  /** Puts work of `costMs` in the queue, now; returns when it is done. */
  reserve(component: string, costMs: number): number
  /** Puts work in that is made of many small pieces, such as telling thousands of watchers; returns when the last is done. */
  reserveAside(component: string, costMs: number): number
  /** Milliseconds of processor time that a component has used or been promised. */
  usedMs(component: string): number
}

/** Over how long the load is looked at that work aside leaves room for. */
const windowMs = 1000
/**
 * So many cores, first come first served. Work is short (a request, a pod's start), so that the order of arrival comes close
 * to the fair shares of a real scheduler; long work is to be put in piece by piece.
 *
 * Work aside, on a machine that is the control plane's own, goes on beside the queue: it gets what that leaves, half of the cores at
 * least, and while it lasts the queue is served half as fast. On a machine that is `shared` with kubelets, whose processes are many more
 * and want the same cores at the same time, it queues like everything else.
 */
export function createProcessor(nowMs: () => number, cores: number, { shared }: { shared: boolean }): Processor {
  const freeMs = new Float64Array(Math.max(1, Math.floor(cores)))
  const used = new Map<string, { ms: number }>()
  let asideUntilMs = 0
  let windowStartMs = 0
  let windowUsedMs = 0
  /** Cores that the queue took in the last window. */
  let busyCores = 0

  const note = (component: string, costMs: number) => {
    const known = used.get(component)
    if (known === undefined) used.set(component, { ms: costMs })
    else known.ms += costMs
  }
  const measure = (now: number) => {
    const passedMs = now - windowStartMs
    if (passedMs < windowMs) return
    busyCores = windowUsedMs / passedMs
    windowStartMs = now
    windowUsedMs = 0
  }

  const reserve: Processor['reserve'] = (component, costMs) => {
    const now = nowMs()
    measure(now)
    windowUsedMs += costMs
    note(component, costMs)
    let earliest = 0
    for (let core = 1; core < freeMs.length; core++) {
      if ((freeMs[core] as number) < (freeMs[earliest] as number)) earliest = core
    }
    const doneMs = Math.max(now, freeMs[earliest] as number) + (now < asideUntilMs ? 2 * costMs : costMs)
    freeMs[earliest] = doneMs
    return doneMs
  }

  return {
    cores: freeMs.length,
    reserve,
    reserveAside(component, costMs) {
      if (shared) {
        let doneMs = 0
        for (let piece = 0; piece < freeMs.length; piece++) doneMs = reserve(component, costMs / freeMs.length)
        return doneMs
      }
      const now = nowMs()
      measure(now)
      note(component, costMs)
      const left = Math.max(freeMs.length / 2, freeMs.length - busyCores)
      asideUntilMs = Math.max(now, asideUntilMs) + costMs / left
      return asideUntilMs
    },
    usedMs: (component) => used.get(component)?.ms ?? 0,
  }
}
