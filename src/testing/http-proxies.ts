import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer as createTcpServer } from 'node:net'

/** A proxy on 127.0.0.1 for tests. */
export interface TestProxy extends AsyncDisposable {
  port: number
  /** What it was asked to connect to, with the user that was given: `10.0.0.1:6443 as u:p`. */
  asked: string[]
}

interface ProxyOptions {
  /** Refuses with this status instead of connecting; SOCKS: with this reply. */
  refusal?: number
  /** Leads everything here instead of where it was asked to connect to. */
  port?: number
}

/** An HTTP proxy that connects with CONNECT; over TLS with `identity`. */
export async function startHttpProxy(
  options: ProxyOptions & { identity?: { cert: string; key: string } } = {},
): Promise<TestProxy> {
  const server = options.identity === undefined ? createServer() : createTlsServer(options.identity)
  return serving(server, (asked, sockets) => {
    server.on('connect', ({ url = '', headers }: IncomingMessage, client: Socket) => {
      const basic = headers['proxy-authorization']?.replace('Basic ', '')
      asked.push(`${url}${basic === undefined ? '' : ` as ${Buffer.from(basic, 'base64')}`}`)
      if (options.refusal !== undefined) return client.end(`HTTP/1.1 ${options.refusal} Refused\r\n\r\n`)
      return join(client, options.port ?? Number(url.split(':').at(-1)), sockets, 'HTTP/1.1 200 OK\r\n\r\n')
    })
  })
}

/** A SOCKS5 proxy that wants a password when it is offered one. */
export async function startSocksProxy(options: ProxyOptions = {}): Promise<TestProxy> {
  const server = createTcpServer()
  return serving(server, (asked, sockets) => {
    server.on('connection', async (client) => {
      client.on('error', () => {})
      const next = async () => ((await once(client, 'data')) as [Buffer])[0]
      const wantsPassword = (await next()).includes(2, 2)
      client.write(Uint8Array.of(5, wantsPassword ? 2 : 0))
      let user = ''
      if (wantsPassword) {
        const [, length = 0, ...rest] = await next()
        user = ` as ${Buffer.from(rest.slice(0, length))}:${Buffer.from(rest.slice(length + 1))}`
        client.write(Uint8Array.of(1, 0))
      }
      const [, , , , length = 0, ...rest] = await next()
      const [high = 0, low = 0] = rest.slice(length)
      asked.push(`${Buffer.from(rest.slice(0, length))}:${high * 256 + low}${user}`)
      const reply = Uint8Array.of(5, options.refusal ?? 0, 0, 1, 127, 0, 0, 1, 0, 0)
      if (options.refusal !== undefined) return client.end(reply)
      return join(client, options.port ?? high * 256 + low, sockets, reply)
    })
  })
}

type AnyServer = ReturnType<typeof createTcpServer>

async function serving(server: AnyServer, start: (asked: string[], sockets: Set<Socket>) => void): Promise<TestProxy> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  start(asked, sockets)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function join(client: Socket, port: number, sockets: Set<Socket>, greeting: string | Uint8Array): void {
  const server = connect(port, '127.0.0.1')
  sockets.add(server)
  for (const socket of [client, server]) socket.on('error', () => {})
  server.once('connect', () => {
    client.write(greeting)
    client.pipe(server).pipe(client)
  })
}
