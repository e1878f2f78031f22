import type { Random } from '../../base/random.ts'
import { ApiError } from '../../kube/api.ts'
import type { WatchStream } from '../../model/apiserver/watch-stream.ts'
import type { Timeline } from '../../model/kernel/kernel.ts'
import type { DrawFault, DrawnFault } from './fault.ts'

/** A fault that spoils streams: each with a chance, some time after it was opened. */
function watchFault(
  random: Random,
  name: string,
  spoil: (stream: WatchStream, timeline: Pick<Timeline, 'after'>) => void,
): DrawnFault {
  const chance = random.integer(10, 80)
  const longestMs = random.integer(1000, 60_000)
  let struck = 0
  return {
    description: `${chance} % of watches ${name} within ${(longestMs / 1000).toFixed(1)} s`,
    overMs: Number.POSITIVE_INFINITY,
    struck: () => struck,
    onWatch(stream, timeline) {
      if (random.integer(1, 100) > chance) return
      timeline.after(random.integer(0, longestMs), () => {
        struck++
        spoil(stream, timeline)
      })
    },
  }
}

/** Streams that end in good order, as the apiserver ends each after a while, or break off. */
export const droppedWatches: DrawFault = (random) =>
  watchFault(random, 'are dropped', (stream) => {
    if (random.integer(0, 1) === 0) stream.end()
    else stream.end(new ApiError(0, 'ECONNRESET', 'watch: aborted'))
  })

/** Streams on which nothing comes any more, as behind a proxy that has forgotten them. */
export const silentWatches: DrawFault = (random) => watchFault(random, 'fall silent', (stream) => stream.silence())

/** How long an expired stream may have told nothing before it ends. */
const longestStallMs = 20_000

/** Streams that stall and end when the server has forgotten where they were (410): what they missed is in no history any more. */
export const expiredWatches: DrawFault = (random) => {
  let forget = () => {}
  return {
    ...watchFault(random, 'stall and expire', (stream, timeline) => {
      stream.silence()
      timeline.after(random.integer(0, longestStallMs), () => {
        forget()
        stream.end(new ApiError(410, 'Expired', 'too old resource version'))
      })
    }),
    begin({ store }) {
      forget = store.forgetHistory
    },
  }
}
