/** What is still to happen, in the order of (time, priority, sequence). */
export interface EventQueue {
  /** Of events of the same time, lower priorities come first; of the same priority, those that were pushed first. */
  push(timeMs: number, priority: number, action: () => void, owner: object): void
  /** Takes the next event out and returns what is to be done; undefined when nothing is left. */
  pop(): (() => void) | undefined
  /** When the event that was taken out last was due. */
  poppedMs(): number
  /** Takes out all events of an owner. */
  removeOf(owner: object): void
}

/**
 * An empty queue: a binary heap, so that an event costs the logarithm of how many are waiting. Its columns are arrays of their own
 * rather than fields of event objects, which would all live long enough to burden the garbage collector.
 */
export function createEventQueue(): EventQueue {
  let size = 0
  let capacity = 1024
  let times = new Float64Array(capacity)
  /** Priority and sequence in one number: 2^46 events of a priority are enough. */
  let orders = new Float64Array(capacity)
  const actions: (() => void)[] = []
  const owners: object[] = []
  let sequence = 0
  let poppedMs = 0

  const grow = () => {
    capacity *= 2
    const [moreTimes, moreOrders] = [new Float64Array(capacity), new Float64Array(capacity)]
    moreTimes.set(times)
    moreOrders.set(orders)
    times = moreTimes
    orders = moreOrders
  }

  const move = (from: number, to: number) => {
    times[to] = times[from] as number
    orders[to] = orders[from] as number
    actions[to] = actions[from] as () => void
    owners[to] = owners[from] as object
  }

  const put = (index: number, timeMs: number, order: number, action: () => void, owner: object) => {
    times[index] = timeMs
    orders[index] = order
    actions[index] = action
    owners[index] = owner
  }

  const isBefore = (timeMs: number, order: number, other: number) => {
    const otherMs = times[other] as number
    return timeMs < otherMs || (timeMs === otherMs && order < (orders[other] as number))
  }

  /** Puts an event in at `start`, or below it where it belongs. */
  const siftDown = (start: number, timeMs: number, order: number, action: () => void, owner: object) => {
    let index = start
    for (;;) {
      let child = 2 * index + 1
      if (child >= size) break
      if (child + 1 < size && isBefore(times[child + 1] as number, orders[child + 1] as number, child)) child++
      if (isBefore(timeMs, order, child)) break
      move(child, index)
      index = child
    }
    put(index, timeMs, order, action, owner)
  }

  return {
    poppedMs: () => poppedMs,

    push(timeMs, priority, action, owner) {
      if (size === capacity) grow()
      const order = priority * 2 ** 46 + sequence++
      let index = size++
      while (index > 0) {
        const parent = (index - 1) >> 1
        if (!isBefore(timeMs, order, parent)) break
        move(parent, index)
        index = parent
      }
      put(index, timeMs, order, action, owner)
    },

    pop() {
      if (size === 0) return undefined
      const action = actions[0] as () => void
      poppedMs = times[0] as number
      size--
      const [lastAction, lastOwner] = [actions.pop() as () => void, owners.pop() as object]
      if (size > 0) siftDown(0, times[size] as number, orders[size] as number, lastAction, lastOwner)
      return action
    },

    removeOf(owner) {
      let kept = 0
      for (let index = 0; index < size; index++) if (owners[index] !== owner) move(index, kept++)
      size = kept
      actions.length = kept
      owners.length = kept
      for (let index = (size >> 1) - 1; index >= 0; index--) {
        siftDown(
          index,
          times[index] as number,
          orders[index] as number,
          actions[index] as () => void,
          owners[index] as object,
        )
      }
    },
  }
}
