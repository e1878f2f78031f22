/** Processor cores that components share. */
export interface Processor {
  readonly cores: number
  /** Puts work of `costMs` in the queue, now; returns when it is done. */
  reserve(component: string, costMs: number): number
  /** Milliseconds of processor time that a component has used or been promised. */
  usedMs(component: string): number
}

/**
 * So many cores, first come first served. Work is short (a request, a pod's start), so that the order of arrival comes close
 * to the fair shares of a real scheduler; long work is to be put in piece by piece.
 */
export function createProcessor(nowMs: () => number, cores: number): Processor {
  const freeMs = new Float64Array(Math.max(1, Math.floor(cores)))
  const used = new Map<string, number>()
  return {
    cores: freeMs.length,
    reserve(component, costMs) {
      let earliest = 0
      for (let core = 1; core < freeMs.length; core++) {
        if ((freeMs[core] as number) < (freeMs[earliest] as number)) earliest = core
      }
      const doneMs = Math.max(nowMs(), freeMs[earliest] as number) + costMs
      freeMs[earliest] = doneMs
      used.set(component, (used.get(component) ?? 0) + costMs)
      return doneMs
    },
    usedMs: (component) => used.get(component) ?? 0,
  }
}
