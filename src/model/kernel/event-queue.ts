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
 * An empty queue: a binary heap, so that an event costs the logarithm of how many are waiting. Its columns are arrays of numbers, and what is
 * to be done stays where it was put: moving objects about, or fields of event objects, would burden the garbage collector.
 */
export function createEventQueue(): EventQueue {
  let size = 0
  let capacity = 1024
  let times = new Float64Array(capacity)
  /** Priority and sequence in one number: 2^46 events of a priority are enough. */
  let orders = new Float64Array(capacity)
  /** Where in `actions` and `owners` an event of the heap has its own; beyond the heap, places that are free. */
  let places = Int32Array.from({ length: capacity }, (_, index) => index)
  const actions: (() => void)[] = []
  const owners: object[] = []
  let sequence = 0
  let poppedMs = 0

  const grow = () => {
    const [lessTimes, lessOrders, lessPlaces] = [times, orders, places]
    capacity *= 2
    times = new Float64Array(capacity)
    orders = new Float64Array(capacity)
    places = Int32Array.from({ length: capacity }, (_, index) => index)
    times.set(lessTimes)
    orders.set(lessOrders)
    places.set(lessPlaces)
  }

  const move = (from: number, to: number) => {
    times[to] = times[from] as number
    orders[to] = orders[from] as number
    places[to] = places[from] as number
  }

  /** What has happened keeps nobody's memory. */
  const forget = (place: number) => {
    actions[place] = nothing
    owners[place] = nothing
  }

  const put = (index: number, timeMs: number, order: number, place: number) => {
    times[index] = timeMs
    orders[index] = order
    places[index] = place
  }

  const isBefore = (timeMs: number, order: number, other: number) => {
    const otherMs = times[other] as number
    return timeMs < otherMs || (timeMs === otherMs && order < (orders[other] as number))
  }

  /** Puts an event in at `start`, or below it where it belongs. */
  const siftDown = (start: number, timeMs: number, order: number, place: number) => {
    let index = start
    for (;;) {
      let child = 2 * index + 1
      if (child >= size) break
      if (child + 1 < size && isBefore(times[child + 1] as number, orders[child + 1] as number, child)) child++
      if (isBefore(timeMs, order, child)) break
      move(child, index)
      index = child
    }
    put(index, timeMs, order, place)
  }
  const siftLast = (start: number, last: number) =>
    siftDown(start, times[last] as number, orders[last] as number, places[last] as number)

  return {
    poppedMs: () => poppedMs,

    push(timeMs, priority, action, owner) {
      if (size === capacity) grow()
      const order = priority * 2 ** 46 + sequence++
      let index = size++
      const place = places[index] as number
      actions[place] = action
      owners[place] = owner
      while (index > 0) {
        const parent = (index - 1) >> 1
        if (!isBefore(timeMs, order, parent)) break
        move(parent, index)
        index = parent
      }
      put(index, timeMs, order, place)
    },

    pop() {
      if (size === 0) return undefined
      const place = places[0] as number
      const action = actions[place] as () => void
      poppedMs = times[0] as number
      forget(place)
      size--
      if (size > 0) siftLast(0, size)
      places[size] = place
      return action
    },

    removeOf(owner) {
      const free: number[] = []
      let kept = 0
      for (let index = 0; index < size; index++) {
        const place = places[index] as number
        if (owners[place] !== owner) move(index, kept++)
        else free.push(place)
      }
      size = kept
      for (const place of free) {
        forget(place)
        places[kept++] = place
      }
      for (let index = (size >> 1) - 1; index >= 0; index--) siftLast(index, index)
    },
  }
}

const nothing = () => {}
