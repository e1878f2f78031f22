import type { Random } from '../../base/random.ts'
import type { Timeline } from '../kernel/kernel.ts'

/** Does one thing after another, as one goroutine does that takes them from its channels. */
export interface Goroutine {
  /** Puts something into a channel: it is done once what it takes of the processor, as of the moment when it is taken, is done. */
  put(channel: number, costMs: () => number, action: () => void): void
}

interface Item {
  costMs: () => number
  action: () => void
}

export interface GoroutineOptions {
  timeline: Timeline
  /** Takes processor time; returns when that is done. */
  reserve(costMs: number): number
  random: Random
  /** How many there are. Go's `select` takes from any of those that have something, each as likely as the others. */
  channels: number
}

/** A goroutine that has nothing to do yet. */
export function createGoroutine({ timeline, reserve, random, channels: count }: GoroutineOptions): Goroutine {
  const channels = Array.from({ length: count }, (): Item[] => [])
  let isBusy = false

  const take = (): Item | undefined => {
    const ready = channels.filter(({ length }) => length > 0)
    return ready[ready.length > 1 ? random.integer(0, ready.length - 1) : 0]?.shift()
  }
  const run = () => {
    if (isBusy) return
    isBusy = true
    for (let item = take(); item !== undefined; item = take()) {
      const { costMs, action } = item
      const neededMs = costMs()
      if (neededMs > 0)
        return timeline.at(reserve(neededMs), () => {
          action()
          isBusy = false
          run()
        })
      action()
    }
    isBusy = false
  }

  return {
    put(channel, costMs, action) {
      channels[channel]?.push({ costMs, action })
      run()
    },
  }
}
