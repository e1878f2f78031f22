import { ApiError } from '../../kube/api.ts'
import type { RequestFault } from '../../model/fault.ts'
import type { DrawFault } from './fault.ts'
import { requestFault } from './requests.ts'

/** The transport's limit: it waits no longer for the first byte of an answer (src/kube/transport.ts). */
const answerTimeoutMs = 70_000

/** One of each four is lost on its way to the server, one of ten is only missed when the client has waited long enough. */
const losses = { underWay: 4, unnoticed: 10 }

/**
 * The server does what it was asked, and the answer is lost on its way: the next try finds it done. Some requests are lost before they
 * arrive, which looks the same.
 */
export const lostReplies: DrawFault = (random) =>
  requestFault(random, 'replies are lost', { percent: [2, 60], longestMs: 30_000 }, (): RequestFault => {
    const kind = random.integer(1, losses.underWay) === 1 ? 'refused' : 'reply-lost'
    if (random.integer(1, losses.unnoticed) > 1) return { kind, error: new ApiError(0, 'ECONNRESET', 'socket hang up') }
    const error = new ApiError(0, 'UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error')
    return { kind, error, noticedAfterMs: answerTimeoutMs }
  })
