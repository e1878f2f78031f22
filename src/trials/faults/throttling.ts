import { ApiError } from '../../kube/api.ts'
import type { DrawFault } from './fault.ts'
import { requestFault } from './requests.ts'

/** 429 with Retry-After, as flow control answers when its queues are full: nothing was done. */
export const throttling: DrawFault = (random) => {
  const retryAfterMs = 1000 * random.integer(1, 5)
  return requestFault(
    random,
    `429 (come back in ${retryAfterMs / 1000} s)`,
    { percent: [5, 90], longestMs: 40_000 },
    () => ({
      kind: 'refused',
      error: new ApiError(429, 'TooManyRequests', 'too many requests', { retryAfterMs }),
    }),
  )
}
