import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request as send } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { systemClock } from '../../src/base/clock.ts'
import type { Credentials } from '../../src/kube/credentials.ts'
import type { Script, Spoiling } from './script.ts'
import { lineOf } from './script.ts'

/** A certificate and its key, PEM. */
interface Identity {
  cert: string
  key: string
}

/** An HTTPS proxy on 127.0.0.1, in front of a real apiserver, that does to requests and answers what a script says. */
export interface FaultyProxy extends AsyncDisposable {
  /** `https://127.0.0.1:port` */
  readonly server: string
  /** Spoils the streams of this resource that are open now; returns how many. */
  spoilWatches(resource: string, how: Spoiling): number
  /** Refuses connections, and ends those there are; or takes them again, at the same port. */
  setDown(isDown: boolean): Promise<void>
  /** Shows this certificate from now on; connections there are, which have seen another, end. */
  present(identity: Identity): void
  /** From now on the apiserver takes its clients for whom this certificate names. */
  actAs(client: Identity): void
}

/** Starts a proxy to the apiserver of `upstream`, as the user named there, whoever its own clients are. */
export async function startFaultyProxy(
  upstream: Credentials,
  identity: Identity,
  script: Script,
): Promise<FaultyProxy> {
  const sockets = new Map<number | undefined, Socket>()
  const watches = new Set<{ resource: string; spoil(how: Spoiling): void }>()
  const agentFor = (client: Partial<Identity>) => new Agent({ ...upstream.tls, ...client, keepAlive: true })
  let agent = agentFor({})

  const server = createServer({ ...identity, keepAliveTimeout: 60_000 }, (request, response) => {
    // A client or a server that goes away in the middle is what this is for.
    void handle(request, response).catch(() => reset(request))
  })
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket
    sockets.set(remotePort, socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(remotePort))
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  /** Over TLS only the socket below can be reset. */
  const reset = ({ socket }: IncomingMessage) => {
    sockets.get(socket.remotePort)?.resetAndDestroy()
  }
  const endAll = () => {
    for (const socket of sockets.values()) socket.destroy()
  }

  async function forward(request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { method, headers } = request
    const { host: _, ...passed } = headers
    const { hostname, port } = new URL(upstream.server)
    const sending = send({ hostname, port, agent, method, path: request.url, headers: passed })
    sending.end(body)
    const [answer] = (await once(sending, 'response')) as [IncomingMessage]
    return answer
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    const asked = askedIn(request, body)
    const trouble = script.troubleOf(asked.line)
    if (trouble?.kind === 'refusal') return refuse(response, trouble)
    if (trouble !== undefined && 'served' in trouble && !trouble.served)
      return trouble.kind === 'reset' ? reset(request) : undefined
    const answer = await forward(request, body)
    if (asked.verb === 'watch' && trouble === undefined) return stream(asked.resource, request, response, answer)
    const text = await buffer(answer)
    const { 'transfer-encoding': _, ...headers } = answer.headers
    const head = () => response.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': text.length })
    switch (trouble?.kind) {
      case undefined:
        head().end(text)
        return
      case 'reset':
        return reset(request)
      case 'silence':
        return
      case 'cut':
        head().write(text.subarray(0, text.length / 2), () => response.socket?.destroy())
        return
      case 'trickle':
        head()
        return trickle(response, text)
    }
  }

  async function stream(
    resource: string,
    request: IncomingMessage,
    response: ServerResponse,
    answer: IncomingMessage,
  ): Promise<void> {
    let spoiling: 'cut' | 'silence' | 'trickle' | undefined
    const watch = {
      resource,
      spoil(how: Spoiling) {
        if (how === 'end') response.end()
        else if (how === 'reset') reset(request)
        else if (typeof how === 'object') response.end(errorEvent(how))
        else spoiling = how
      },
    }
    watches.add(watch)
    response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders()
    response.on('close', () => {
      watches.delete(watch)
      answer.destroy()
    })
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (spoiling === undefined) response.write(chunk)
      else if (spoiling === 'cut') response.write(chunk.subarray(0, chunk.length / 2), () => response.socket?.destroy())
      else if (spoiling === 'trickle') await trickle(response, chunk)
    }
    if (spoiling !== 'silence') response.end()
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    server: `https://127.0.0.1:${port}`,
    spoilWatches(resource, how) {
      const hit = [...watches].filter((watch) => watch.resource === resource)
      for (const watch of hit) watch.spoil(how)
      return hit.length
    },
    async setDown(isDown) {
      if (isDown === !server.listening) return
      if (isDown) {
        server.close()
        endAll()
      } else server.listen(port, '127.0.0.1')
      await once(server, isDown ? 'close' : 'listening')
    },
    present(shown) {
      server.setSecureContext(shown)
      endAll()
    },
    actAs(client) {
      agent.destroy()
      agent = agentFor(client)
    },
    async [Symbol.asyncDispose]() {
      const isListening = server.listening
      server.close()
      endAll()
      agent.destroy()
      if (isListening) await once(server, 'close')
    },
  }
}

/** Between two bytes of an answer that trickles. */
const trickleMs = 100

async function trickle(response: ServerResponse, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at++) {
    response.write(bytes.subarray(at, at + 1))
    await systemClock.sleep(trickleMs)
  }
}

function refuse(
  response: ServerResponse,
  refusal: { status: number; reason: string; message: string; retryAfterSeconds?: number },
): void {
  const { status, retryAfterSeconds } = refusal
  const retryAfter = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  response.writeHead(status, { 'content-type': 'application/json', ...retryAfter })
  response.end(JSON.stringify(statusOf(refusal)))
}

function errorEvent({ status, reason }: { status: number; reason: string }): string {
  return `${JSON.stringify({ type: 'ERROR', object: statusOf({ status, reason, message: reason }) })}\n`
}

function statusOf({ status, reason, message }: { status: number; reason: string; message: string }) {
  return { apiVersion: 'v1', kind: 'Status', status: 'Failure', code: status, reason, message }
}

const verbs: Readonly<Record<string, string>> = { POST: 'create', PATCH: 'patch', DELETE: 'delete' }

/** What an HTTP request asks of the Kubernetes API: paths are `/api/v1/...`, or `/apis/GROUP/VERSION/...`. */
function askedIn({ method = '', url = '' }: IncomingMessage, body: Buffer) {
  const { pathname, searchParams } = new URL(url, 'https://localhost')
  const parts = pathname.split('/').slice(pathname.startsWith('/api/') ? 3 : 4)
  const isWithin = parts[0] === 'namespaces' && parts.length > 2
  const [plural = pathname, named, subresource] = isWithin ? parts.slice(2) : parts
  const created = (JSON.parse(method === 'POST' ? body.toString() : '{}') as { metadata?: { name?: string } }).metadata
  const name = named ?? created?.name
  const reading = searchParams.get('watch') === 'true' ? 'watch' : name === undefined ? 'list' : 'get'
  const verb = verbs[method] ?? reading
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`
  return { verb, resource, line: lineOf(verb, resource, { name, ...(isWithin && { namespace: parts[1] }) }) }
}
