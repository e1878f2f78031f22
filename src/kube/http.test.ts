import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { createTestCertificates } from '../testing/certificates.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import type { KubeApi, WatchEvent } from './api.ts'
import { ApiError } from './api.ts'
import type { Credentials } from './credentials.ts'
import { connectEndpoint, connectKubeApi } from './http.ts'
import { runLabel } from './labels.ts'
import type { RetryRecord } from './persistent.ts'
import type { Deployment, Pod } from './resources.ts'
import type { ConnectOptions, RequestRecord } from './transport.ts'

interface Received {
  method: string | undefined
  url: string
  headers: IncomingMessage['headers']
  body: string
}

type Reply = (response: ServerResponse, request: Received) => void

const token = 'canary-token-8f2e'
const cleanUps: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** Serves the replies one after the other, the last one again and again. */
async function serve(replies: Reply[], create: (listener: RequestListener) => Server = createServer) {
  const received: Received[] = []
  let connections = 0
  const server = create(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method, url = '', headers } = request
    const last = { method, url, headers, body }
    received.push(last)
    replies[Math.min(received.length, replies.length) - 1]?.(response, last)
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUps.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { received, port, server, connections: () => connections }
}

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function refusal(status: number, reason: string, message = reason, headers: Record<string, string> = {}): Reply {
  return json({ kind: 'Status', status: 'Failure', code: status, reason, message }, status, headers)
}

function soon(act: () => void): void {
  void systemClock.sleep(5).then(act)
}

/** Does the work, but the answer never arrives. */
const lost: Reply = (response) => response.socket?.destroy()

function connect(port: number, options: Partial<ConnectOptions> = {}) {
  const requests: RequestRecord[] = []
  const retries: RetryRecord[] = []
  const clock = createVirtualClock()
  const api = connectKubeApi({
    credentials: {
      server: `http://127.0.0.1:${port}`,
      tls: {},
      headers: async () => ({ Authorization: `Bearer ${token}` }),
    },
    clock,
    random: () => 0,
    onRequest: (record) => requests.push(record),
    onRetry: (record) => retries.push(record),
    ...options,
  })
  cleanUps.push(async () => api[Symbol.asyncDispose]())
  return { api, requests, retries, clock }
}

const pod: Pod = {
  metadata: { name: 'web-1', namespace: 'load', labels: { [runLabel]: 'run-7' } },
  spec: { containers: [{ name: 'pause', image: 'pause' }] },
}
const stored: Pod = { ...pod, metadata: { ...pod.metadata, uid: 'u1', resourceVersion: '5' } }
const ref = { resource: 'pods', namespace: 'load', name: 'web-1' } as const

describe('count', () => {
  const page = (items: number, metadata: object = {}) =>
    json({
      metadata: { resourceVersion: '9', ...metadata },
      items: Array.from({ length: items }, () => ({ metadata: {} })),
    })

  test('should ask for one object only when the server tells how many more there are', async () => {
    const { port, received } = await serve([page(1, { continue: 'more', remainingItemCount: 39_999 })])
    expect(await connect(port).api.count({ resource: 'pods' })).toBe(40_000)
    expect(received.map(({ url }) => url)).toEqual(['/api/v1/pods?limit=1'])
  })

  test('should go through pages of names when there is a selector', async () => {
    const { port, received } = await serve([page(1000, { continue: 'more' }), page(7)])
    expect(await connect(port).api.count({ resource: 'pods', labelSelector: 'a=b' })).toBe(1007)
    expect(received.map(({ url }) => url)).toEqual([
      '/api/v1/pods?limit=1000&labelSelector=a%3Db',
      '/api/v1/pods?limit=1000&labelSelector=a%3Db&continue=more',
    ])
    expect(received[0]?.headers.accept).toContain('as=PartialObjectMetadataList')
  })
})

describe('requests', () => {
  test('should tell what they ride on, refused ones as well, where the API server says it', async () => {
    const flow = { 'x-kubernetes-pf-flowschema-uid': 'f1', 'x-kubernetes-pf-prioritylevel-uid': 'p1' }
    const { port } = await serve([json(stored, 201, flow), refusal(404, 'NotFound', 'none', flow), json(stored)])
    const { api, requests } = connect(port)
    await api.create('pods', pod)
    await api.get(ref).catch(() => {})
    await api.get(ref)
    const ridden = { flowSchema: 'f1', priorityLevel: 'p1' }
    expect(requests.map((record) => record.flow)).toEqual([ridden, ridden, undefined])
  })

  test('should send an object with its kind, and the authorization, when it creates one', async () => {
    const { port, received } = await serve([json(stored, 201)])
    const { api, requests } = connect(port)
    expect(await api.create('pods', pod)).toEqual(stored)
    expect(received[0]).toMatchObject({ method: 'POST', url: '/api/v1/namespaces/load/pods' })
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({ apiVersion: 'v1', kind: 'Pod', ...pod })
    expect(received[0]?.headers).toMatchObject({ authorization: `Bearer ${token}`, 'content-type': 'application/json' })
    expect(requests).toEqual([{ verb: 'create', resource: 'pods', status: 201, latencyMs: 0 }])
  })

  test('should keep the path of a server that has one', async () => {
    const { port, received } = await serve([json(stored)])
    const credentials = { server: `http://127.0.0.1:${port}/k8s/clusters/c-1`, tls: {}, headers: async () => ({}) }
    expect(await connect(port, { credentials }).api.get(ref)).toEqual(stored)
    expect(received[0]?.url).toBe('/k8s/clusters/c-1/api/v1/namespaces/load/pods/web-1')
    expect(received[0]?.headers.authorization).toBeUndefined()
  })

  test('should name the kind of patch', async () => {
    const { port, received } = await serve([json(stored)])
    const { api, requests } = connect(port)
    const web = { resource: 'deployments', namespace: 'load', name: 'web' } as const
    await api.patch(web, { type: 'merge', body: { spec: { replicas: 200 } } }, 'scale')
    expect(received.map(({ method, url, headers }) => [method, url, headers['content-type']])).toEqual([
      ['PATCH', '/apis/apps/v1/namespaces/load/deployments/web/scale', 'application/merge-patch+json'],
    ])
    expect(received[0]?.body).toBe('{"spec":{"replicas":200}}')
    expect(requests[0]).toMatchObject({ verb: 'patch', resource: 'deployments/scale' })
  })

  test('should delete only the object with the given uid', async () => {
    const { port, received } = await serve([json({ kind: 'Status', status: 'Success' })])
    await connect(port).api.delete(ref, { uid: 'u1', graceSeconds: 0, propagation: 'Background' })
    expect(received[0]).toMatchObject({ method: 'DELETE', url: '/api/v1/namespaces/load/pods/web-1' })
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u1' },
      gracePeriodSeconds: 0,
      propagationPolicy: 'Background',
    })
  })

  test('should read a list page by page when it is long (fault 24)', async () => {
    const page = (name: string, rest?: string) =>
      json({ metadata: { resourceVersion: '77', ...(rest && { continue: rest }) }, items: [{ metadata: { name } }] })
    const { port, received } = await serve([page('a', 'c+1'), page('b', 'c2'), page('c')])
    const pages = []
    for await (const { items, resourceVersion } of connect(port).api.list({
      resource: 'pods',
      labelSelector: 'app=web',
      pageSize: 1,
    })) {
      pages.push([items[0]?.metadata.name, resourceVersion, received.length])
    }
    // Each page is asked for only when the one before has been used.
    expect(pages).toEqual([
      ['a', '77', 1],
      ['b', '77', 2],
      ['c', '77', 3],
    ])
    expect(received.map(({ url }) => url)).toEqual([
      '/api/v1/pods?limit=1&labelSelector=app%3Dweb',
      '/api/v1/pods?limit=1&labelSelector=app%3Dweb&continue=c%2B1',
      '/api/v1/pods?limit=1&labelSelector=app%3Dweb&continue=c2',
    ])
  })

  test('should throw Expired when the rest of a list is gone, and give an empty page when there is nothing', async () => {
    const first = json({ metadata: { resourceVersion: '7', continue: 'x' }, items: [] })
    const { port } = await serve([
      first,
      refusal(410, 'Expired'),
      json({ metadata: { resourceVersion: '8' }, items: null }),
    ])
    const { api } = connect(port)
    const read = async () => {
      const pages = []
      for await (const page of api.list({ resource: 'nodes' })) pages.push(page)
      return pages
    }
    await expect(read()).rejects.toMatchObject({ status: 410, reason: 'Expired' })
    expect(await read()).toEqual([{ items: [], resourceVersion: '8' }])
  })

  test('should read text from any component', async () => {
    const { port, received } = await serve([(response) => response.end('up 1\n')])
    const credentials = { server: `http://127.0.0.1:${port}`, tls: {}, headers: async () => ({}) }
    await using endpoint = connectEndpoint({ credentials, clock: systemClock })
    expect(await endpoint.readText('/metrics?x=1')).toBe('up 1\n')
    expect(received[0]?.url).toBe('/metrics?x=1')
  })
})

describe('connections', () => {
  test('should be kept open and shared by calls, at most as many as allowed, and not be used up by watches', async () => {
    const { port, connections } = await serve([
      (response, { url }) => {
        if (url.includes('watch=true')) response.writeHead(200).flushHeaders()
        else json(stored)(response, { method: 'GET', url, headers: {}, body: '' })
      },
    ])
    const { api } = connect(port, { connections: 2 })
    const stop = new AbortController()
    const watches = Array.from({ length: 3 }, () =>
      api
        .watch({ resource: 'pods', resourceVersion: '1' }, stop.signal)
        [Symbol.asyncIterator]()
        .next()
        .catch(() => {}),
    )
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 8 }, () => api.get(ref)))
    stop.abort()
    await Promise.all(watches)
    expect(connections()).toBe(2 + 3)
  })

  test('should use TLS, HTTP/1.1 and the client certificate, and refuse a server that the authority does not know', async () => {
    const { ca, server, client } = await createTestCertificates()
    const peers: string[] = []
    const { port, connections } = await serve(
      [json(stored)],
      (listener) =>
        createTlsServer(
          { ...server, ca, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2', 'http/1.1'] },
          (request, response) => {
            peers.push(`${request.httpVersion} ${(request.socket as TLSSocket).getPeerCertificate().subject.CN}`)
            listener(request, response)
          },
        ) as unknown as Server,
    )
    const url = `https://127.0.0.1:${port}`
    const known: Credentials = { server: url, tls: { ca, ...client }, headers: async () => ({}) }
    const { api } = connect(port, { credentials: known })
    for (let call = 0; call < 20; call += 1) expect(await api.get(ref)).toEqual(stored)
    expect(peers).toEqual(Array(20).fill('1.1 tester'))
    // undici may open a second one while it tidies up after the first answer.
    expect(connections()).toBeLessThanOrEqual(2)

    const other = await createTestCertificates()
    const stranger = connect(port, { credentials: { ...known, tls: { ca: other.ca, ...client } } })
    await expect(stranger.api.get(ref)).rejects.toMatchObject({
      status: 0,
      reason: expect.stringMatching(/SIGNATURE|CERT/),
    })
    expect(stranger.retries).toEqual([])
    const unchecked = connect(port, { credentials: { ...known, tls: { ...client, rejectUnauthorized: false } } })
    expect(await unchecked.api.get(ref)).toEqual(stored)
  })

  test('should end calls, waits and watches with the reason when the signal aborts', async () => {
    const { port } = await serve([
      (response, { url }) => {
        if (url.includes('nodes'))
          refusal(429, 'TooManyRequests', '', { 'retry-after': '20' })(response, { url } as Received)
      },
    ])
    const stop = new AbortController()
    const { api } = connect(port, { signal: stop.signal, clock: systemClock })
    const calls = [
      api.get(ref),
      api.get({ resource: 'nodes', name: 'a' }),
      api
        .watch({ resource: 'pods', resourceVersion: '1' }, new AbortController().signal)
        [Symbol.asyncIterator]()
        .next(),
    ]
    const settled = Promise.allSettled(calls)
    await systemClock.sleep(50)
    const reason = new Error('interrupted')
    stop.abort(reason)
    expect(await settled).toEqual(calls.map(() => ({ status: 'rejected', reason })))
    await expect(api.get(ref)).rejects.toBe(reason)
  })

  test('should end calls and watches when the connection is disposed', async () => {
    const { port } = await serve([
      (response, { url }) => void (url.includes('watch') && response.writeHead(200).flushHeaders()),
    ])
    const { api } = connect(port)
    const calls = [
      api.get(ref),
      api
        .watch({ resource: 'pods', resourceVersion: '1' }, new AbortController().signal)
        [Symbol.asyncIterator]()
        .next(),
    ]
    const settled = Promise.allSettled(calls)
    await systemClock.sleep(50)
    await api[Symbol.asyncDispose]()
    await api[Symbol.asyncDispose]()
    expect(await settled).toMatchObject(
      calls.map(() => ({ status: 'rejected', reason: { status: 0, reason: 'Closed' } })),
    )
  })
})

describe('retries', () => {
  test('should wait as long as a busy server asks, also before a create, and report it (fault 1)', async () => {
    const busy = refusal(429, 'TooManyRequests', 'slow down', { 'retry-after': '2' })
    const { port, received } = await serve([busy, busy, json(stored, 201)])
    const { api, clock, retries, requests } = connect(port, { random: () => 0.5 })
    const startMs = clock.nowMs()
    const { name: _, ...unnamed } = pod.metadata
    await api.create('pods', { ...pod, metadata: { ...unnamed, generateName: 'web-' } })
    expect(clock.nowMs() - startMs).toBe(5000)
    expect(received).toHaveLength(3)
    expect(retries).toEqual(
      [1, 2].map((attempt) => ({
        verb: 'create',
        resource: 'pods',
        status: 429,
        reason: 'TooManyRequests',
        attempt,
        waitMs: 2500,
      })),
    )
    expect(requests.map(({ status }) => status)).toEqual([429, 429, 201])
  })

  const calls: Record<string, (api: KubeApi) => Promise<unknown>> = {
    get: (api) => api.get(ref),
    list: async (api) => {
      for await (const page of api.list({ resource: 'pods' })) return page
      return undefined
    },
    'merge patch': (api) => api.patch(ref, { type: 'merge', body: {} }),
    delete: (api) => api.delete(ref, { uid: 'u1' }),
    'named create': (api) => api.create('pods', pod),
  }
  test.each(Object.entries(calls))(
    'should repeat a %s when the server failed or the reply was lost',
    async (_name, call) => {
      const done = json({ metadata: { resourceVersion: '1' }, items: [] })
      const { port } = await serve([refusal(503, 'ServiceUnavailable'), lost, done])
      const { api, retries } = connect(port)
      await call(api)
      expect(retries.map(({ status, waitMs }) => [status, waitMs])).toEqual([
        [503, 100],
        [0, 200],
      ])
    },
  )

  test('should not repeat an unnamed create when the server may have done it (fault 3)', async () => {
    for (const reply of [refusal(504, 'Timeout'), lost]) {
      const { port, received } = await serve([reply])
      const { api, retries } = connect(port)
      await expect(api.create('pods', { ...pod, metadata: { namespace: 'load' } })).rejects.toBeInstanceOf(ApiError)
      expect(received).toHaveLength(1)
      expect(retries).toEqual([])
    }
  })

  test('should try again any call when nothing listens, and give up in time (fault 2)', async () => {
    const { port, server } = await serve([json(stored)])
    await new Promise((resolve) => server.close(resolve))
    const { api, retries, clock } = connect(port, { retry: { attempts: 5 } })
    const startMs = clock.nowMs()
    await expect(api.create('pods', { ...pod, metadata: { namespace: 'load' } })).rejects.toMatchObject({
      status: 0,
      reason: 'ECONNREFUSED',
    })
    expect(retries.map(({ waitMs }) => waitMs)).toEqual([100, 200, 400, 800])
    expect(clock.nowMs() - startMs).toBe(1500)
    await expect(api.readText('/readyz', { attempts: 1 })).rejects.toMatchObject({ reason: 'ECONNREFUSED' })
    expect(retries).toHaveLength(4)
  })

  test.each([400, 403, 404, 409, 422])('should not repeat what was refused for good: %i', async (status) => {
    const { port, received } = await serve([refusal(status, 'No')])
    await expect(connect(port).api.get(ref)).rejects.toMatchObject({ status })
    expect(received).toHaveLength(1)
  })

  test('should read again when an answer is cut short or is not JSON', async () => {
    const cut: Reply = (response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"metadata":')
      soon(() => response.socket?.destroy())
    }
    const { port } = await serve([cut, (response) => response.end('{"metadata":'), json(stored)])
    const { api, retries } = connect(port)
    expect(await api.get(ref)).toEqual(stored)
    expect(retries.map(({ reason }) => reason)).toEqual([expect.stringContaining('UND_ERR'), 'MalformedAnswer'])
  })

  describe('of a create whose reply was lost (fault 3)', () => {
    const exists = refusal(409, 'AlreadyExists', 'pods "web-1" already exists')
    const other = { ...stored, metadata: { ...stored.metadata, labels: { [runLabel]: 'run-6' } } }

    test('should find its own object when it exists already', async () => {
      const { port, received } = await serve([lost, exists, json(stored)])
      expect(await connect(port).api.create('pods', pod)).toEqual(stored)
      expect(received.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET'])
    })

    test.each([
      ["is another run's", [lost, exists, json(other)], pod],
      [
        'was not labelled',
        [lost, exists, json({ metadata: { name: 'web-1' } })],
        { ...pod, metadata: { ...pod.metadata, labels: {} } },
      ],
      ['is gone again', [lost, exists, refusal(404, 'NotFound')], pod],
    ])('should refuse the object when it %s', async (_name, replies, object) => {
      const { port } = await serve(replies)
      await expect(connect(port).api.create('pods', object)).rejects.toMatchObject({
        status: 409,
        reason: 'AlreadyExists',
      })
    })

    test('should not take an object for its own when no reply was lost', async () => {
      const { port, received } = await serve([refusal(429, 'TooManyRequests'), exists, json(stored)])
      await expect(connect(port).api.create('pods', pod)).rejects.toMatchObject({ status: 409 })
      expect(received).toHaveLength(2)
    })
  })

  test('should take a missing object for deleted only when the reply to its deletion was lost (fault 3)', async () => {
    const gone = refusal(404, 'NotFound')
    const first = await serve([lost, gone])
    await connect(first.port).api.delete(ref, { uid: 'u1' })
    const second = await serve([gone])
    await expect(connect(second.port).api.delete(ref, { uid: 'u1' })).rejects.toMatchObject({ status: 404 })
  })
})

describe('credentials', () => {
  function rotating(fails = false) {
    let issued = 0
    const renewals: boolean[] = []
    return {
      renewals,
      headers: async (renew = false) => {
        renewals.push(renew)
        if (renew && fails) throw new Error('log in again')
        if (renew || issued === 0) issued += 1
        return { Authorization: `Bearer token-${issued}` }
      },
    }
  }
  const guard =
    (accepted: string): Reply =>
    (response, request) =>
      request.headers.authorization === accepted
        ? json(stored)(response, request)
        : refusal(401, 'Unauthorized', `what is ${request.headers.authorization}?`)(response, request)

  test('should be renewed once, whatever the number of calls, when they are no longer accepted (fault 5)', async () => {
    const { port } = await serve([guard('Bearer token-2')])
    const source = rotating()
    const { api, requests } = connect(port, { credentials: { server: `http://127.0.0.1:${port}`, tls: {}, ...source } })
    await Promise.all(Array.from({ length: 20 }, () => api.get(ref)))
    expect(source.renewals).toEqual([false, true])
    expect(requests.every(({ status }) => status === 200)).toBe(true)
  })

  test('should be renewed for a refused call even while another is reading them again', async () => {
    let refuse: () => void = () => {}
    const { port, received } = await serve([
      json(stored),
      (response, request) => {
        refuse = () => refusal(401, 'Unauthorized')(response, request)
      },
      guard('Bearer token-2'),
    ])
    const source = rotating()
    const reading = Promise.withResolvers<void>()
    let slow = false
    const headers = async (renew = false) => {
      if (slow && !renew) await reading.promise
      return source.headers(renew)
    }
    const { api, clock } = connect(port, { credentials: { server: `http://127.0.0.1:${port}`, tls: {}, headers } })
    await api.get(ref)
    const refused = api.get(ref)
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(2)
    slow = true
    await clock.sleep(61_000)
    const other = api.get(ref)
    refuse()
    expect(await refused).toEqual(stored)
    reading.resolve()
    expect(await other).toEqual(stored)
  })

  test('should be renewed for a watch, too (fault 5)', async () => {
    const { port } = await serve([guard('Bearer token-2')])
    const { api } = connect(port, { credentials: { server: `http://127.0.0.1:${port}`, tls: {}, ...rotating() } })
    const events = api.watch({ resource: 'pods', resourceVersion: '1' }, new AbortController().signal)
    await expect(events[Symbol.asyncIterator]().next()).resolves.toMatchObject({ done: true })
  })

  test('should be read again after a minute', async () => {
    const { port } = await serve([json(stored)])
    const source = rotating()
    const { api, clock } = connect(port, { credentials: { server: `http://127.0.0.1:${port}`, tls: {}, ...source } })
    await api.get(ref)
    await clock.sleep(59_000)
    await api.get(ref)
    expect(source.renewals).toEqual([false])
    await clock.sleep(2000)
    await api.get(ref)
    expect(source.renewals).toEqual([false, false])
  })

  test('should never be quoted when the server does not accept them', async () => {
    const { port, received } = await serve([guard('nothing')])
    const { api } = connect(port)
    const error: unknown = await api.get(ref).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 401, message: 'get pods: what is Bearer [hidden]? (401 Unauthorized)' })
    expect(JSON.stringify(error) + (error as Error).stack).not.toContain(token)
    // The same again would not have helped.
    expect(received).toHaveLength(1)
  })

  test('should make the call fail with their own error when they cannot be renewed (fault 5)', async () => {
    const { port } = await serve([guard('nothing')])
    const source = rotating(true)
    const { api } = connect(port, { credentials: { server: `http://127.0.0.1:${port}`, tls: {}, ...source } })
    await expect(api.get(ref)).rejects.toThrow('log in again')
  })
})

describe('errors', () => {
  test('should say what the server said', async () => {
    const details = { retryAfterSeconds: 3 }
    const { port } = await serve([
      json(
        {
          kind: 'Status',
          code: 403,
          reason: 'Forbidden',
          message: 'pods "web-1" is forbidden: exceeded quota',
          details,
        },
        403,
      ),
    ])
    await expect(connect(port).api.get(ref)).rejects.toMatchObject({
      status: 403,
      reason: 'Forbidden',
      message: 'get pods: pods "web-1" is forbidden: exceeded quota (403 Forbidden)',
      retryAfterMs: 3000,
    })
  })

  test('should say something when the answer is a page of a proxy', async () => {
    const { port } = await serve([(response) => response.writeHead(404).end('<html>no such site</html>')])
    await expect(connect(port).api.get(ref)).rejects.toMatchObject({
      status: 404,
      reason: 'HTTP 404',
      message: 'get pods: <html>no such site</html> (404 HTTP 404)',
    })
  })
})

describe('watch', () => {
  const event = (type: string, name: string) =>
    `${JSON.stringify({ type, object: { metadata: { name, resourceVersion: '9' } } })}\n`

  async function read(events: AsyncIterable<WatchEvent<Pod | Deployment>>): Promise<string[]> {
    const types: string[] = []
    for await (const { type } of events) types.push(type)
    return types
  }

  test('should ask for bookmarks from a version on, and end when the server ends it', async () => {
    const { port, received } = await serve([
      (response) => {
        response.write(event('ADDED', 'a').slice(0, 30))
        soon(() => response.end(event('ADDED', 'a').slice(30) + event('DELETED', 'a')))
      },
    ])
    const { api, requests } = connect(port)
    const query = {
      resource: 'deployments',
      namespace: 'load',
      resourceVersion: '9',
      fieldSelector: 'metadata.name=a',
    } as const
    expect(await read(api.watch(query, new AbortController().signal))).toEqual(['ADDED', 'DELETED'])
    expect(received[0]?.url).toBe(
      '/apis/apps/v1/namespaces/load/deployments?watch=true&allowWatchBookmarks=true&resourceVersion=9&fieldSelector=metadata.name%3Da',
    )
    expect(requests).toEqual([{ verb: 'watch', resource: 'deployments', status: 200, latencyMs: 0 }])
  })

  test('should throw an ApiError when it is refused, says ERROR or breaks off (faults 8, 10)', async () => {
    const expired = `{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n`
    const { port } = await serve([
      refusal(429, 'TooManyRequests', 'storage is (re)initializing', { 'retry-after': '1' }),
      (response) => response.end(event('ADDED', 'a') + expired),
      (response) => response.write(event('ADDED', 'a'), () => soon(() => response.socket?.destroy())),
    ])
    const { api } = connect(port)
    const watch = () => read(api.watch({ resource: 'pods', resourceVersion: '9' }, new AbortController().signal))
    await expect(watch()).rejects.toMatchObject({ status: 429, retryAfterMs: 1000 })
    await expect(watch()).rejects.toMatchObject({ status: 410, reason: 'Expired' })
    await expect(watch()).rejects.toMatchObject({ status: 0, reason: 'UND_ERR_SOCKET' })
  })

  test('should close its connection when it is aborted or left', async () => {
    let closed = 0
    const { port, received } = await serve([
      (response) => {
        response.on('close', () => {
          closed += 1
        })
        response.write(event('ADDED', 'a'))
      },
    ])
    const { api } = connect(port)
    const query = { resource: 'pods', resourceVersion: '9' } as const
    for await (const { type } of api.watch(query, new AbortController().signal)) {
      expect(type).toBe('ADDED')
      break
    }
    const stop = new AbortController()
    const reason = Object.assign(new Error('enough'), { code: 'ECONNRESET' })
    const reading = read(api.watch(query, stop.signal))
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(2)
    stop.abort(reason)
    await expect(reading).rejects.toBe(reason)
    await expect.poll(() => closed, { timeout: 20_000 }).toBe(2)
  })
})
