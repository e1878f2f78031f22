import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import type { TestCertificates } from '../testing/certificates.ts'
import { createTestCertificates } from '../testing/certificates.ts'
import { startHttpProxy, startSocksProxy } from '../testing/http-proxies.ts'
import type { Credentials } from './credentials.ts'
import type { RawEndpoint } from './http.ts'
import { connectEndpoint, connectKubeApi } from './http.ts'

const canary = 'canary-e0b4'
const cleanUps: (() => PromiseLike<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

let certificates: TestCertificates
beforeAll(async () => {
  certificates = await createTestCertificates()
})

/** A server that answers with the path; `host` is where it listens. */
async function serve(host = '127.0.0.1', identity: { cert: string; key: string } | null = certificates.server) {
  const respond = ({ url }: IncomingMessage, response: ServerResponse) => response.end(url)
  const server = identity === null ? createHttpServer(respond) : createServer(identity, respond)
  server.listen(0, host)
  await once(server, 'listening')
  cleanUps.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

function connected(credentials: Partial<Credentials> & { server: string }): RawEndpoint {
  const endpoint = connectEndpoint({
    credentials: { tls: { ca: certificates.ca }, headers: async () => ({}), ...credentials },
    clock: systemClock,
    retry: { attempts: 1 },
  })
  cleanUps.push(() => endpoint[Symbol.asyncDispose]())
  return endpoint
}

async function use<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
  const started = await starting
  cleanUps.push(() => started[Symbol.asyncDispose]())
  return started
}

describe('a connection', () => {
  test.each([
    ['https', 'http', ''],
    ['https', 'http', `u:${canary}%40`],
    ['https', 'https', `u:${canary}%40`],
    ['https', 'socks5', ''],
    ['https', 'socks5', `u:${canary}%40`],
    ['http', 'http', ''],
    ['http', 'socks5', ''],
  ])('should lead to an %s server through an %s proxy with user "%s"', async (protocol, proxyProtocol, user) => {
    const port = await serve('127.0.0.1', protocol === 'https' ? certificates.server : null)
    const proxy = await use(
      proxyProtocol === 'socks5'
        ? startSocksProxy({ port })
        : startHttpProxy({ port, ...(proxyProtocol === 'https' && { identity: certificates.server }) }),
    )
    const url = new URL(`${proxyProtocol}://${user === '' ? '' : `${user}@`}127.0.0.1:${proxy.port}`)
    // The proxy alone knows where this is.
    const server = `${protocol}://api.example.invalid:6443`
    const tls = { ca: certificates.ca, servername: '127.0.0.1' }
    const endpoint = connected({ server, tls, proxyFor: () => url })
    expect(await Promise.all(['/a', '/b'].map((path) => endpoint.readText(path)))).toEqual(['/a', '/b'])
    const as = user === '' ? '' : ` as u:${canary}@`
    expect(new Set(proxy.asked)).toEqual(new Set([`api.example.invalid:6443${as}`]))
  })

  test.each([
    ['http', 407, 'PROXY_REFUSED', /proxy http:\/\/127.0.0.1:\d+: it answered 407 Refused \(PROXY_REFUSED\)/],
    ['http', 503, 'PROXY_FAILED', /it answered 503 Refused/],
    ['socks5', 2, 'PROXY_REFUSED', /proxy socks5:\/\/127.0.0.1:\d+: it does not connect \(reply 2\)/],
    ['socks5', 4, 'PROXY_FAILED', /host unreachable \(PROXY_FAILED\)/],
  ])(
    'should tell that an %s proxy refuses with %i, without its password',
    async (protocol, refusal, reason, message) => {
      const proxy = await use(protocol === 'http' ? startHttpProxy({ refusal }) : startSocksProxy({ refusal }))
      const url = new URL(`${protocol}://u:${canary}@127.0.0.1:${proxy.port}`)
      const reading = connected({ server: 'https://api.example.invalid', proxyFor: () => url }).readText('/a')
      const error = await reading.then(
        () => undefined,
        (thrown: Error) => thrown,
      )
      expect(error).toMatchObject({ status: 0, reason })
      expect(error?.message).toMatch(message)
      expect(`${error?.message} ${error?.stack}`).not.toContain(canary)
      expect(new Set(proxy.asked).size).toBe(1)
    },
  )

  test('should tell which proxy does not answer', async () => {
    const proxy = await startHttpProxy()
    await proxy[Symbol.asyncDispose]()
    const url = new URL(`http://u:${canary}@127.0.0.1:${proxy.port}`)
    const reading = connected({ server: 'https://api.example.invalid', proxyFor: () => url }).readText('/a')
    await expect(reading).rejects.toThrow(
      `get /a: proxy http://127.0.0.1:${proxy.port}: connect ECONNREFUSED 127.0.0.1:${proxy.port} (ECONNREFUSED)`,
    )
  })

  test('should tell that what is no SOCKS proxy is none', async () => {
    const port = await serve('127.0.0.1', null)
    const url = new URL(`socks5://127.0.0.1:${port}`)
    const reading = connected({ server: 'https://api.example.invalid', proxyFor: () => url }).readText('/a')
    await expect(reading).rejects.toThrow(/proxy socks5:.*it does not speak SOCKS5/)
  })

  test('should watch through the proxy, too, and end with the connection', async () => {
    const event = { type: 'ADDED', object: { metadata: { name: 'x', resourceVersion: '1' } } }
    const server = createServer(certificates.server, (_, response) => {
      response.write(`${JSON.stringify(event)}\n`)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanUps.push(() => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
    const { port } = server.address() as AddressInfo
    const proxy = await use(startHttpProxy({ port }))
    const api = connectKubeApi({
      credentials: {
        server: 'https://api.example.invalid',
        tls: { ca: certificates.ca, servername: '127.0.0.1' },
        headers: async () => ({}),
        proxyFor: () => new URL(`http://127.0.0.1:${proxy.port}`),
      },
      clock: systemClock,
    })
    const ending = new AbortController()
    const seen: unknown[] = []
    const watching = (async () => {
      for await (const one of api.watch({ resource: 'pods', resourceVersion: '0' }, ending.signal)) {
        seen.push(one.type)
        await api[Symbol.asyncDispose]()
      }
    })()
    await expect(watching).rejects.toThrow('the connection was closed')
    expect(seen).toEqual(['ADDED'])
    expect(proxy.asked).toEqual(['api.example.invalid:443'])
  })

  test('should check the certificate for the name that the kubeconfig gives, also when that is an address', async () => {
    const { cert, key } = await certificates.serverFor(['kubernetes.default.svc', '10.96.0.1'])
    const port = await serve('127.0.0.1', { cert, key })
    const server = `https://127.0.0.1:${port}`
    const { ca } = certificates
    for (const servername of ['kubernetes.default.svc', '10.96.0.1'])
      expect(await connected({ server, tls: { ca, servername } }).readText('/a')).toBe('/a')
    for (const servername of [undefined, 'other', '10.96.0.2']) {
      const tls = { ca, ...(servername !== undefined && { servername }) }
      await expect(connected({ server, tls }).readText('/a')).rejects.toThrow(/ERR_TLS_CERT_ALTNAME_INVALID/)
    }
  })

  test('should not trust a server of unknown authority unless it need not be checked', async () => {
    const server = `https://127.0.0.1:${await serve()}`
    await expect(connected({ server, tls: {} }).readText('/a')).rejects.toThrow(/UNABLE_TO_VERIFY_LEAF_SIGNATURE/)
    expect(await connected({ server, tls: { rejectUnauthorized: false } }).readText('/a')).toBe('/a')
  })

  test('should not trust such a server or proxy because a variable tells Node to', async () => {
    const server = `https://127.0.0.1:${await serve()}`
    const proxy = await use(startHttpProxy({ identity: certificates.server }))
    const proxyFor = () => new URL(`https://127.0.0.1:${proxy.port}`)
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      for (const way of [{}, { proxyFor }])
        await expect(connected({ server, tls: {}, ...way }).readText('/a')).rejects.toThrow(
          /UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
        )
      expect(proxy.asked).toEqual([])
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })
})
