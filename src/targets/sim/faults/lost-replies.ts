import { ApiError } from '../../../kube/api.ts'
import type { DrawFault } from './fault.ts'
import { requestFault } from './requests.ts'

/** The server does what it was asked, and the answer is lost on its way: the next try finds it done. */
export const lostReplies: DrawFault = (random) =>
  requestFault(random, 'replies are lost', { percent: [2, 40], longestMs: 30_000 }, () => ({
    kind: 'reply-lost',
    error: new ApiError(0, 'ECONNRESET', 'socket hang up'),
  }))
