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
  name: string
  usedMs: number
  flows: Flow[]
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
  const components: Component[] = []

  const find = (name: string): Component | undefined => {
    for (let index = 0; index < components.length; index++) {
      const component = components[index] as Component
      if (component.name === name) return component
    }
    return undefined
  }
  const componentOf = (name: string): Component => {
    const known = find(name)
    if (known !== undefined) return known
    const component: Component = { name, usedMs: 0, flows: [] }
    components.push(component)
    return component
  }
  const flowOf = ({ flows }: Component, name: string): Flow => {
    for (let index = 0; index < flows.length; index++) {
      const flow = flows[index] as Flow
      if (flow.name === name) return flow
    }
    const flow: Flow = { name, freeMs: 0, cores }
    flows.push(flow)
    return flow
  }

  return {
    cores,
    // Called for everything that happens: loops that count, as iterators would be most of the memory that a simulation takes.
    reserve(name, costMs, flowName = '', pieces = 1) {
      const now = nowMs()
      const mine = componentOf(name)
      mine.usedMs += costMs
      const flow = flowOf(mine, flowName)
      const startMs = Math.max(now, flow.freeMs)
      const neededMs = (startMs - now) * flow.cores + costMs
      const myBusy = busyFlows(mine, now) + (flow.freeMs > now ? 0 : 1)
      let othersMs = 0
      for (let at = 0; at < components.length; at++) {
        const component = components[at] as Component
        const busy = component === mine ? myBusy : busyFlows(component, now)
        if (busy === 0) continue
        // What another flow gets while this one gets what it needs, unless it needs less.
        const mostMs = (neededMs * myBusy) / busy
        const { flows } = component
        for (let index = 0; index < flows.length; index++) {
          const other = flows[index] as Flow
          if (other === flow || other.freeMs <= now) continue
          const leftMs = (other.freeMs - now) * other.cores
          othersMs += Math.min(leftMs, mostMs)
          // And what this one takes from it: what it was promised stands, what comes next is later.
          if (other.freeMs <= startMs) continue
          other.freeMs += Math.min(costMs, (leftMs * busy) / myBusy) / cores
          other.cores = leftMs / (other.freeMs - now)
        }
      }
      const tookMs = (neededMs + othersMs) / cores
      flow.freeMs = now + tookMs
      if (tookMs > 0) flow.cores = neededMs / tookMs
      return Math.max(flow.freeMs, startMs + costMs / pieces)
    },
    usedMs: (name) => find(name)?.usedMs ?? 0,
  }
}

/** How many flows of a component have something to do. */
function busyFlows({ flows }: Component, nowMs: number): number {
  let busy = 0
  for (let index = 0; index < flows.length; index++) if ((flows[index] as Flow).freeMs > nowMs) busy++
  return busy
}
