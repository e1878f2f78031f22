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
  flows: Map<string, Flow>
  /** Those that have something to do, and some that have just done it; in the order in which they first came up. */
  busy: Flow[]
}

/** What is done first come, first served. */
interface Flow {
  number: number
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
  const byName = new Map<string, Component>()
  const components: Component[] = []
  /** The moment at which `busy` was last looked through. */
  let lookedMs = Number.NEGATIVE_INFINITY

  const componentOf = (name: string): Component => {
    const known = byName.get(name)
    if (known !== undefined) return known
    const component: Component = { usedMs: 0, flows: new Map(), busy: [] }
    byName.set(name, component)
    components.push(component)
    return component
  }
  const flowOf = ({ flows }: Component, name: string): Flow => {
    const known = flows.get(name)
    if (known !== undefined) return known
    const flow: Flow = { number: flows.size, freeMs: 0, cores }
    flows.set(name, flow)
    return flow
  }

  /** A host has a flow for each of its kubelets, and few of them have something to do. */
  const forgetIdle = (now: number) => {
    if (now === lookedMs) return
    lookedMs = now
    for (let at = 0; at < components.length; at++) {
      const { busy } = components[at] as Component
      let kept = 0
      for (let index = 0; index < busy.length; index++) {
        const flow = busy[index] as Flow
        if (flow.freeMs > now) busy[kept++] = flow
      }
      busy.length = kept
    }
  }

  return {
    cores,
    // Called for everything that happens: loops that count, as iterators would be most of the memory that a simulation takes.
    reserve(name, costMs, flowName = '', pieces = 1) {
      const now = nowMs()
      const mine = componentOf(name)
      mine.usedMs += costMs
      const flow = flowOf(mine, flowName)
      forgetIdle(now)
      const wasIdle = flow.freeMs <= now
      const startMs = Math.max(now, flow.freeMs)
      const neededMs = (startMs - now) * flow.cores + costMs
      const myBusy = mine.busy.length + (wasIdle ? 1 : 0)
      let othersMs = 0
      for (let at = 0; at < components.length; at++) {
        const component = components[at] as Component
        const { busy } = component
        if (busy.length === 0) continue
        // What another flow gets while this one gets what it needs, unless it needs less.
        const share = component === mine ? myBusy : busy.length
        const mostMs = (neededMs * myBusy) / share
        for (let index = 0; index < busy.length; index++) {
          const other = busy[index] as Flow
          if (other === flow) continue
          const leftMs = (other.freeMs - now) * other.cores
          othersMs += Math.min(leftMs, mostMs)
          // And what this one takes from it: what it was promised stands, what comes next is later.
          if (other.freeMs <= startMs) continue
          other.freeMs += Math.min(costMs, (leftMs * share) / myBusy) / cores
          other.cores = leftMs / (other.freeMs - now)
        }
      }
      const tookMs = (neededMs + othersMs) / cores
      flow.freeMs = now + tookMs
      if (tookMs > 0) flow.cores = neededMs / tookMs
      if (wasIdle && flow.freeMs > now) insert(mine.busy, flow)
      return Math.max(flow.freeMs, startMs + costMs / pieces)
    },
    usedMs: (name) => byName.get(name)?.usedMs ?? 0,
  }
}

/** The order decides what sums of fractions come to, to the last bit. */
function insert(busy: Flow[], flow: Flow): void {
  let index = busy.length
  busy.push(flow)
  for (; index > 0 && (busy[index - 1] as Flow).number > flow.number; index--) busy[index] = busy[index - 1] as Flow
  busy[index] = flow
}
