import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { errors, Pool } from 'undici'
import type { Clock } from '../base/clock.ts'
import { hidden, withoutKnownSecrets } from '../base/known-secrets.ts'
import { ApiError } from './api.ts'
import { connectorFor } from './connector.ts'
import type { Credentials } from './credentials.ts'
import type { RequestHeaders } from './kubeconfig/headers.ts'
import { headersAgeMs } from './kubeconfig/headers.ts'
import type { RetryRecord, Verb } from './persistent.ts'
import { defaultLimits, persistently } from './persistent.ts'
import type { RetryLimits } from './retry.ts'
import type { Status } from './status.ts'
import { fieldsOf, isFields, statusIn } from './status.ts'

/** One HTTP exchange that ended, well or not. */
export interface RequestRecord {
  verb: Verb
  /** Plural name such as `pods`, `deployments/scale`, or the path of a raw request. */
  resource: string
  /** HTTP status; 0 when no complete answer came. */
  status: number
  /** From the call until the body was read (a watch: until its headers), waiting for a free connection included. */
  latencyMs: number
  /** What the API server says it rode on; absent of what is no API server, and of answers that never came. */
  flow?: RequestFlow | undefined
}

/** What API Priority and Fairness took a request for, by UID, or by name in a simulation: one object for all requests of a kind. */
export interface RequestFlow {
  flowSchema: string
  priorityLevel: string
}

/** How to reach a server, and who hears of the requests. */
export interface ConnectOptions {
  credentials: Credentials
  clock: Clock
  /** Connections kept open for calls, each one call at a time; 50 when absent. Watches have their own. */
  connections?: number
  /** Spreads retries, uniform in [0, 1); Math.random when absent. */
  random?: () => number
  /** 12 attempts within 120 s when absent. */
  retry?: Partial<RetryLimits>
  /** Milliseconds for the first byte of an answer, then for the rest of it; 70 000 when absent. A watch has no end to wait for. */
  answerTimeoutMs?: number
  /** Closes the connection when it aborts: every call in flight then rejects with its reason. */
  signal?: AbortSignal
  onRequest?: (record: RequestRecord) => void
  onRetry?: (record: RetryRecord) => void
}

/** One request to send. */
export interface Call {
  verb: Verb
  resource: string
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  body?: string
  contentType?: string
  /** What form the answer is to have; JSON when absent. */
  accept?: string
  /** Whether sending it twice is the same as once, so that it may be repeated when it is unknown what became of it. */
  repeatable: boolean
}

/** Choices for one call. */
interface SendOptions {
  signal?: AbortSignal | undefined
  /** Tries of this call, if not the connection's. */
  attempts?: number | undefined
  /** Called when a try failed in such a way that the server may have done its work all the same. */
  onLostReply?: () => void
}

/** Pooled keep-alive connections to one server. */
export interface Transport extends AsyncDisposable {
  /** Sends, retries where that is safe, and returns the body's text, parsed. Throws `ApiError`. */
  send<T>(call: Call, parse: (text: string) => T, options?: SendOptions): Promise<T>
  /** Opens an endless answer, once. Throws `ApiError`; errors of the body are to be put through `failure`. */
  open(call: Call, signal: AbortSignal): Promise<Readable>
  /** What to throw when `call` failed with `error`: the abort reason if it was aborted, `ApiError` for the network. */
  failure(call: Call, error: unknown, signal?: AbortSignal): unknown
}

type Answer = Dispatcher.ResponseData

/** kube-apiserver ends a request after 60 s (--request-timeout); a little more, so that its answer is seen. */
const usualAnswerTimeoutMs = 70_000
/** Kept open between calls, so that no probe pays for a handshake; kube-apiserver itself closes after 90 s. */
const idleMs = 55_000

/** Connects lazily: the first connection is made by the first call. Disposing ends every call and every watch. */
export function createTransport(options: ConnectOptions): Transport {
  const { credentials, clock, random = Math.random, onRequest, onRetry } = options
  const { answerTimeoutMs = usualAnswerTimeoutMs } = options
  const limits = { ...defaultLimits, ...options.retry }
  const url = new URL(credentials.server)
  const prefix = url.pathname.replace(/\/+$/, '')
  const authorization = cachedHeaders(credentials, clock)
  const poolOptions = {
    connect: connectorFor(credentials, url),
    keepAliveTimeout: idleMs,
    // Six times the CPU per request of HTTP/1.1 (measured), and undici would negotiate it.
    allowH2: false,
    headersTimeout: answerTimeoutMs,
  }
  const calls = new Pool(url.origin, {
    ...poolOptions,
    connections: options.connections ?? 50,
    bodyTimeout: answerTimeoutMs,
  })
  const boundedCalls = calls.compose(wholeWithin(answerTimeoutMs, clock))
  // A watch holds its connection: in the same pool, a few of them would starve the calls. Silence is follow.ts's matter.
  const streams = new Pool(url.origin, { ...poolOptions, bodyTimeout: 0 })

  const lifetime = new AbortController()
  async function close(reason: unknown): Promise<void> {
    options.signal?.removeEventListener('abort', onAbort)
    if (!lifetime.signal.aborted) lifetime.abort(reason)
    await Promise.all([calls.destroy(), streams.destroy()])
  }
  // Cheaper than passing the signal to every request.
  const onAbort = () => void close(options.signal?.reason)
  if (options.signal?.aborted === true) onAbort()
  else options.signal?.addEventListener('abort', onAbort)

  function failure(call: Call, error: unknown, signal?: AbortSignal): unknown {
    if (signal?.aborted === true) return signal.reason
    if (lifetime.signal.aborted) return lifetime.signal.reason
    return networkFailure(call, error)
  }

  let lastFlow: RequestFlow | undefined
  /** Two look-ups and a comparison for each answer: almost all ride on the same. */
  function flowOf({ headers }: Answer): RequestFlow | undefined {
    const flowSchema = headers['x-kubernetes-pf-flowschema-uid']
    const priorityLevel = headers['x-kubernetes-pf-prioritylevel-uid']
    if (typeof flowSchema !== 'string' || typeof priorityLevel !== 'string') return undefined
    if (lastFlow?.flowSchema !== flowSchema) lastFlow = { flowSchema, priorityLevel }
    return lastFlow
  }

  function dispatch(pool: Dispatcher, call: Call, headers: RequestHeaders, signal?: AbortSignal): Promise<Answer> {
    return pool.request({
      method: call.method,
      path: prefix + call.path,
      headers: {
        accept: call.accept ?? 'application/json, */*;q=0.5',
        'user-agent': 'scale-test',
        ...(call.body !== undefined && { 'content-type': call.contentType ?? 'application/json' }),
        ...headers,
      },
      body: call.body ?? null,
      signal: signal ?? null,
    })
  }

  /** One exchange, and a second one with renewed credentials when the first are no longer accepted. */
  async function exchange<T>(
    pool: Dispatcher,
    call: Call,
    consume: (body: Answer['body']) => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const startMs = clock.nowMs()
    let status = 0
    let flow: RequestFlow | undefined
    try {
      let headers = await authorization.current()
      let answer = await dispatch(pool, call, headers, signal)
      if (answer.statusCode === 401) {
        const error = await refusal(call, answer, headers)
        const renewed = await authorization.renewed(headers)
        if (renewed.Authorization === headers.Authorization) throw error
        headers = renewed
        answer = await dispatch(pool, call, headers, signal)
      }
      flow = flowOf(answer)
      if (answer.statusCode >= 300) throw await refusal(call, answer, headers)
      const result = await consume(answer.body)
      status = answer.statusCode
      return result
    } catch (error) {
      if (error instanceof ApiError) status = error.status
      throw failure(call, error, signal)
    } finally {
      onRequest?.({ verb: call.verb, resource: call.resource, status, latencyMs: clock.nowMs() - startMs, flow })
    }
  }

  return {
    send(call, parse, sendOptions = {}) {
      const { signal, attempts } = sendOptions
      const consume = async (body: Answer['body']) => parse(await body.text())
      return persistently(() => exchange(boundedCalls, call, consume, signal), {
        call,
        clock,
        random,
        limits: attempts === undefined ? limits : { ...limits, attempts },
        signal: signal === undefined ? lifetime.signal : AbortSignal.any([signal, lifetime.signal]),
        onLostReply: sendOptions.onLostReply,
        onRetry,
      })
    },
    open: (call, signal) => exchange(streams, call, (body) => body, signal),
    failure,
    [Symbol.asyncDispose]: () => close(new ApiError(0, 'Closed', 'the connection was closed')),
  }
}

/** Ends answers that trickle in and take longer than this: undici limits only the time between two pieces of one. */
function wholeWithin(limitMs: number, clock: Pick<Clock, 'nowMs'>): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (request, handler) => {
    let endMs = Number.POSITIVE_INFINITY
    return dispatch(request, {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onResponseStart(controller, ...head) {
        endMs = clock.nowMs() + limitMs
        handler.onResponseStart?.(controller, ...head)
      },
      onResponseData(controller, chunk) {
        if (clock.nowMs() < endMs) handler.onResponseData?.(controller, chunk)
        else controller.abort(new errors.BodyTimeoutError(`the answer did not end within ${limitMs / 1000} s`))
      },
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    })
  }
}

/** Parses an answer, which is an object whatever was asked. The parser's message would quote the text, which may be a secret. */
export function parseJson<T>(text: string): T {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw new ApiError(0, 'MalformedAnswer', 'the answer is not JSON')
  }
  if (!isFields(answer)) throw new ApiError(0, 'MalformedAnswer', 'the answer is not a JSON object')
  return answer as T
}

/** RequestHeaders from memory, asked for again after a minute or when they were refused; once, however many calls need them. */
function cachedHeaders(credentials: Credentials, clock: Clock) {
  let cached: { headers: RequestHeaders; untilMs: number } | undefined
  // Renewing is not the same as reading again: who was refused must not be given what was read at that moment.
  const pending = new Map<boolean, Promise<RequestHeaders>>()
  const load = (renew: boolean) => {
    const loading =
      pending.get(renew) ??
      credentials
        .headers(renew)
        .then((headers) => {
          cached = { headers, untilMs: clock.nowMs() + headersAgeMs }
          return headers
        })
        .finally(() => pending.delete(renew))
    pending.set(renew, loading)
    return loading
  }
  return {
    current: () => (cached !== undefined && clock.nowMs() < cached.untilMs ? cached.headers : load(false)),
    renewed: (used: RequestHeaders) =>
      cached !== undefined && cached.headers.Authorization !== used.Authorization ? cached.headers : load(true),
  }
}

/** Characters of what a server says that go into a message. */
const longestMessage = 500

async function refusal(call: Call, answer: Answer, sent: RequestHeaders): Promise<ApiError> {
  const { statusCode: status } = answer
  const text = await answer.body.text()
  const { reason = `HTTP ${status}`, message = text, retryAfterMs } = statusOf(text)
  // Cut after it has lost its secrets: half a token is no longer found.
  const what = withoutSent(message, sent).slice(0, longestMessage).trim() || 'no message'
  return new ApiError(status, reason, `${call.verb} ${call.resource}: ${what} (${status} ${reason})`, {
    retryAfterMs: retryAfterIn(answer.headers['retry-after']) ?? retryAfterMs,
  })
}

/** The Status object in an answer; empty when it is something else, such as a proxy's page. */
function statusOf(text: string): Status {
  try {
    const body: unknown = JSON.parse(text)
    return fieldsOf(body)['kind'] === 'Status' ? statusIn(body) : {}
  } catch {
    return {}
  }
}

/** A Retry-After in seconds: apiservers send no dates. */
function retryAfterIn(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? 1000 * Number(header) : undefined
}

/** Of somebody whom requests are sent for. */
const shortestName = 4

/** `text` without what was sent to be known by, should the server (or a proxy) quote it: also where that is too short to be hidden everywhere. */
function withoutSent(text: string, { Authorization, ...impersonation }: RequestHeaders): string {
  const names = Object.values(impersonation).flatMap((value) => value ?? [])
  // What everybody is part of, and what is found in any word, gives nobody away.
  const telling = names.filter((name) => name.length >= shortestName && !name.startsWith('system:'))
  const secrets = [Authorization?.split(' ').at(-1) ?? '', ...telling].filter((secret) => secret !== '')
  return withoutKnownSecrets(secrets.reduce((left, secret) => left.replaceAll(secret, hidden), text))
}

/**
 * Errors with a code come from the network; any other is a bug or a `Failure` and stays what it is. The cause is left
 * out on purpose: a TLS error carries certificates, and the code says what happened.
 */
function networkFailure(call: Call, error: unknown): unknown {
  const { code, message, errors } = error as Error & { code?: unknown; errors?: Error[] }
  if (typeof code !== 'string') return error
  // A host with several addresses fails with an AggregateError, whose own message is empty.
  const what = message || errors?.[0]?.message || 'no answer'
  return new ApiError(0, code, `${call.verb} ${call.resource}: ${what} (${code})`)
}
