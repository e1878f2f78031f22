import { ApiError } from '../../src/kube/api.ts'
import type { KubeRequest } from '../../src/kube/requests.ts'
import { resourceOf } from '../../src/kube/requests.ts'
import type { WatchStream } from '../../src/model/apiserver/watch-stream.ts'
import type { Fault, RequestFault } from '../../src/model/fault.ts'
import { simulatedClusters } from '../remote/simulated.ts'
import type { Rig } from './rig.ts'
import type { Spoiling, Trouble } from './script.ts'
import { createScript, lineOf } from './script.ts'
import { describeFaults } from './suite.ts'

/** The transport's limit for an answer, and for the rest of it (src/kube/transport.ts). */
const answerTimeoutMs = 70_000

const reset = new ApiError(0, 'ECONNRESET', 'socket hang up')

/** As the transport notices it. */
function faultOf(trouble: Trouble): RequestFault {
  switch (trouble.kind) {
    case 'refusal': {
      const { status, reason, message, retryAfterSeconds } = trouble
      const retryAfterMs = retryAfterSeconds === undefined ? undefined : 1000 * retryAfterSeconds
      return { kind: 'refused', error: new ApiError(status, reason, message, { retryAfterMs }) }
    }
    case 'reset':
      return { kind: trouble.served ? 'reply-lost' : 'refused', error: reset }
    case 'silence': {
      const error = new ApiError(0, 'UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error')
      return { kind: trouble.served ? 'reply-lost' : 'refused', error, noticedAfterMs: answerTimeoutMs }
    }
    case 'cut':
      return { kind: 'reply-lost', error: new ApiError(0, 'UND_ERR_SOCKET', 'other side closed') }
    case 'trickle': {
      const error = new ApiError(0, 'UND_ERR_BODY_TIMEOUT', 'Body Timeout Error')
      return { kind: 'reply-lost', error, noticedAfterMs: answerTimeoutMs }
    }
  }
}

function askedBy(request: KubeRequest): string {
  if (request.verb === 'list') return lineOf('list', request.query.resource)
  const place = request.verb === 'create' ? request.object.metadata : request.ref
  return lineOf(request.verb, resourceOf(request), place)
}

function spoil(stream: WatchStream, how: Spoiling): void {
  if (how === 'end') stream.end()
  else if (how === 'silence' || how === 'trickle') stream.silence()
  else stream.end(typeof how === 'object' ? new ApiError(how.status, how.reason, `watch: ${how.reason}`) : reset)
}

async function openSim(): Promise<Rig> {
  const script = createScript()
  const streams = new Set<WatchStream>()
  /** Why no connection can be made. */
  let unreachable: ApiError | undefined
  const faults: Fault = {
    onRequest(request) {
      if (unreachable !== undefined) return { kind: 'refused', error: unreachable }
      const trouble = script.troubleOf(askedBy(request))
      return trouble === undefined ? undefined : faultOf(trouble)
    },
    onWatch(stream) {
      if (unreachable !== undefined) return stream.end(unreachable)
      const trouble = script.troubleOf(lineOf('watch', stream.resource))
      if (trouble === undefined) streams.add(stream)
      else if (trouble.kind === 'silence') stream.silence()
      else stream.end(faultOf(trouble).error)
    },
    end() {},
  }
  const cutOff = (why: ApiError | undefined) => {
    unreachable = why
    for (const stream of streams) stream.end(reset)
    streams.clear()
  }
  const bench = await simulatedClusters(['stock'], {}, [faults])
  const cluster = bench.clusters['stock']
  if (cluster === undefined) throw new Error('the cluster is missing')
  return {
    cluster,
    script,
    spoilWatches(resource, how) {
      const hit = [...streams].filter((stream) => stream.resource === resource && stream.isOpen())
      for (const stream of hit) spoil(stream, how)
      return hit.length
    },
    async setDown(isDown) {
      cutOff(isDown ? new ApiError(0, 'ECONNREFUSED', 'connect ECONNREFUSED') : undefined)
    },
    async present(certificate) {
      const why = { valid: undefined, expired: 'CERT_HAS_EXPIRED', strange: 'SELF_SIGNED_CERT_IN_CHAIN' }[certificate]
      cutOff(why === undefined ? undefined : new ApiError(0, why, why))
    },
    setOutOfSpace: async (isFull) => cluster.setOutOfSpace(isFull),
    setRights: bench.setRights,
    remote(runId) {
      const options = bench.options(runId)
      const targets = (options.plan.remote?.targets ?? []).map(({ arms: _, ...target }) => target)
      return { ...options, plan: { ...options.plan, remote: { targets } } }
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  }
}

describeFaults('between the product and the simulated apiserver', openSim)
