/** Processor cores that components share. */
export interface Processor {
  readonly cores: number
  /**
   * Puts work of `costMs` in a component's queue, now; returns when it is done. Work that a component does for different clients side by
   * side may be told apart by `flow`. Work of several `pieces` is done on as many cores.
   */
  reserve(component: string, costMs: number, flow?: string, pieces?: number): number
  /** Milliseconds of processor time that a component has used or been promised. */
  usedMs(component: string): number
}

interface Component {
  usedMs: number
  flows: Flow[]
  /** How many flows have something to do; as of the last look. */
  busy: number
}

/** What is done first come, first served. */
interface Flow {
  name: string
  /** When it has done all that it was given, as reckoned when it was given something last. */
  freeMs: number
  /** Cores that it has until then, on average. */
  cores: number
}

/**
 * So many cores, shared as an operating system shares them: components that have something to do get equal parts, and within a component
 * so do its flows; who has done everything leaves its part to the others. A flow is served in the order of arrival; one piece of work
 * takes one core at most. When work is done is reckoned as it arrives, from what all have left to do at that moment.
 */
export function createProcessor(nowMs: () => number, cores: number): Processor {
  const components = new Map<string, Component>()

  const componentOf = (name: string): Component => {
    let component = components.get(name)
    if (component === undefined) {
      component = { usedMs: 0, flows: [], busy: 0 }
      components.set(name, component)
    }
    return component
  }
  const flowOf = ({ flows }: Component, name: string): Flow => {
    for (const flow of flows) if (flow.name === name) return flow
    const flow: Flow = { name, freeMs: 0, cores }
    flows.push(flow)
    return flow
  }

  return {
    cores,
    reserve(name, costMs, flowName = '', pieces = 1) {
      const now = nowMs()
      const mine = componentOf(name)
      mine.usedMs += costMs
      const flow = flowOf(mine, flowName)
      const startMs = Math.max(now, flow.freeMs)
      const neededMs = (startMs - now) * flow.cores + costMs
      mine.busy = 1
      for (const other of mine.flows) if (other !== flow && other.freeMs > now) mine.busy++
      let othersMs = 0
      for (const component of components.values()) {
        if (component !== mine) {
          component.busy = 0
          for (const other of component.flows) if (other.freeMs > now) component.busy++
          if (component.busy === 0) continue
        }
        // What another flow gets while this one gets what it needs, unless it needs less.
        const mostMs = (neededMs * mine.busy) / component.busy
        for (const other of component.flows) {
          if (other === flow || other.freeMs <= now) continue
          const leftMs = (other.freeMs - now) * other.cores
          othersMs += Math.min(leftMs, mostMs)
          // And what this one takes from it: what it was promised stands, what comes next is later.
          if (other.freeMs <= startMs) continue
          other.freeMs += Math.min(costMs, (leftMs * component.busy) / mine.busy) / cores
          other.cores = leftMs / (other.freeMs - now)
        }
      }
      const tookMs = (neededMs + othersMs) / cores
      flow.freeMs = now + tookMs
      if (tookMs > 0) flow.cores = neededMs / tookMs
      return Math.max(flow.freeMs, startMs + costMs / pieces)
    },
    usedMs: (name) => components.get(name)?.usedMs ?? 0,
  }
}
