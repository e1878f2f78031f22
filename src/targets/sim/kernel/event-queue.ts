/** Something that happens at one moment of virtual time. */
export interface KernelEvent {
  timeMs: number
  /** Among events of the same moment, lower ones come first. */
  priority: number
  /** Among those, the one that was scheduled first. */
  sequence: number
  action: () => void
  /** Whose it is: all of an owner's events can be taken out at once. */
  owner: object
}

/** Events in the order they happen. */
export interface EventQueue {
  push(event: KernelEvent): void
  pop(): KernelEvent | undefined
  /** Takes out all events of an owner. */
  removeOf(owner: object): void
  size(): number
}

/** An empty queue: a binary heap, so that an event costs the logarithm of how many are waiting. */
export function createEventQueue(): EventQueue {
  let heap: KernelEvent[] = []

  const siftUp = (start: number) => {
    const event = heap[start] as KernelEvent
    let index = start
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex] as KernelEvent
      if (!isBefore(event, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = event
  }

  const siftDown = (start: number) => {
    const event = heap[start] as KernelEvent
    const { length } = heap
    let index = start
    for (;;) {
      let childIndex = 2 * index + 1
      if (childIndex >= length) break
      if (childIndex + 1 < length && isBefore(heap[childIndex + 1] as KernelEvent, heap[childIndex] as KernelEvent))
        childIndex++
      const child = heap[childIndex] as KernelEvent
      if (!isBefore(child, event)) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = event
  }

  return {
    push(event) {
      heap.push(event)
      siftUp(heap.length - 1)
    },
    pop() {
      const [first] = heap
      const last = heap.pop()
      if (first === undefined || last === undefined || first === last) return first
      heap[0] = last
      siftDown(0)
      return first
    },
    removeOf(owner) {
      heap = heap.filter((event) => event.owner !== owner)
      for (let index = (heap.length >> 1) - 1; index >= 0; index--) siftDown(index)
    },
    size: () => heap.length,
  }
}

function isBefore(left: KernelEvent, right: KernelEvent): boolean {
  if (left.timeMs !== right.timeMs) return left.timeMs < right.timeMs
  if (left.priority !== right.priority) return left.priority < right.priority
  return left.sequence < right.sequence
}
