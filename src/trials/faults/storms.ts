import { ApiError } from '../../kube/api.ts'
import type { DrawFault } from './fault.ts'
import { requestFault } from './requests.ts'

/** Answers of a server in trouble. Some have done their work before they failed: that is the worst of them. */
const answers = [
  {
    kind: 'refused',
    error: new ApiError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request'),
  },
  { kind: 'refused', error: new ApiError(0, 'ECONNREFUSED', 'connect ECONNREFUSED') },
  { kind: 'refused', error: new ApiError(500, 'InternalError', 'etcdserver: leader changed') },
  { kind: 'reply-lost', error: new ApiError(504, 'Timeout', 'request did not complete within the allotted timeout') },
] as const

/** A storm of 5xx answers and refused connections, as when an apiserver restarts. */
export const storms: DrawFault = (random) =>
  requestFault(random, 'errors of the server', { percent: [10, 100], longestMs: 20_000 }, () => {
    const { kind, error } = answers[random.integer(0, answers.length - 1)] ?? answers[0]
    return { kind, error }
  })
