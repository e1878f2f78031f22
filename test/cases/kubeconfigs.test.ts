import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TestCertificates } from '../../src/testing/certificates.ts'
import { createTestCertificates } from '../../src/testing/certificates.ts'
import type { TestProxy } from '../../src/testing/http-proxies.ts'
import { startHttpProxy } from '../../src/testing/http-proxies.ts'
import { root } from '../e2e/components.ts'

interface Seen {
  url: string
  headers: NodeJS.Dict<string[]>
}

/** An API server that knows one token, and lets it do everything. */
interface ApiServer extends AsyncDisposable {
  port: number
  seen: Seen[]
}

let folder: string
let certificates: TestCertificates
let cleanUps: (() => PromiseLike<void>)[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-kubeconfigs-'))
  cleanUps = []
  certificates = await createTestCertificates()
  writeFileSync(join(folder, 'ca.crt'), certificates.ca)
  for (const name of ['token.txt', 'get-token.sh']) copyFileSync(join(inputs, name), join(folder, name))
  chmodSync(join(folder, 'get-token.sh'), 0o700)
})

afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp()
  rmSync(folder, { recursive: true })
})

const inputs = join(import.meta.dirname, 'inputs')

async function use<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
  const started = await starting
  cleanUps.push(() => started[Symbol.asyncDispose]())
  return started
}

/** Serves below `prefix`, for these names or addresses. */
async function startApiServer(options: { host?: string; names?: string[]; prefix?: string } = {}): Promise<ApiServer> {
  const { host = '127.0.0.1', names = [host], prefix = '' } = options
  const seen: Seen[] = []
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { url = '', headersDistinct: headers, method } = request
    seen.push({ url, headers })
    let body = ''
    for await (const chunk of request) body += chunk
    const { status, answer } = answerTo(
      method,
      url.startsWith(prefix) ? url.slice(prefix.length) : '',
      body,
      request.headers,
    )
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }
  const server = createServer(
    await certificates.serverFor(names),
    (request, response) => void respond(request, response),
  )
  server.listen(0, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function answerTo(method: string | undefined, path: string, body: string, { authorization }: IncomingHttpHeaders) {
  const refusal = (status: number, reason: string) => ({
    status,
    answer: {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason,
      message: `${reason} by the test`,
      code: status,
    },
  })
  if (authorization === undefined) return refusal(403, 'Forbidden')
  if (authorization !== 'Bearer good-token') return refusal(401, 'Unauthorized')
  if (method === 'POST') return { status: 201, answer: { ...JSON.parse(body), status: { allowed: true } } }
  if (path === '/version') return { status: 200, answer: { gitVersion: 'v1.36.3' } }
  if (path === '/api/v1/namespaces/kube-system')
    return { status: 200, answer: { metadata: { name: 'kube-system', uid: 'uid-1' } } }
  if (path.includes('/leases/')) return refusal(404, 'NotFound')
  return { status: 200, answer: { metadata: { resourceVersion: '1' }, items: [] } }
}

interface Outcome {
  status: number | null
  output: string
}

/** Looks at the cluster of a kubeconfig in the test's folder, as the first step of a run does. */
async function preflight(
  kubeconfig: string,
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const clusters = join(folder, 'clusters.yaml')
  writeFileSync(
    clusters,
    `remote: { targets: [{ kubeconfig: ${join(folder, kubeconfig)}, context: ctx, uid: uid-1 }] }\n`,
  )
  const plan = ['plan', 'smoke', '--set', 'fleet.source=none', '--set', 'probes.node={name: node-1}']
  const child = spawn(
    process.execPath,
    [join(root, 'src', 'main.ts'), ...plan, '--target', 'remote', '--clusters', clusters, '--dry-run', ...args],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  cleanUps.push(async () => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output }
}

/** Puts one of the inputs into the test's folder, with other ports. */
function put(name: string, ports: Record<number, number>, change = (text: string) => text): string {
  const file = `${name}.kubeconfig.yaml`
  const text = Object.entries(ports).reduce(
    (before, [from, to]) => before.replaceAll(String(from), String(to)),
    readFileSync(join(inputs, file), 'utf8'),
  )
  writeFileSync(join(folder, file), change(text))
  return file
}

const hasIPv6 = Object.values(networkInterfaces()).some((addresses = []) =>
  addresses.some(({ address }) => address === '::1'),
)

describe('a kubeconfig', () => {
  it.each(['tokenfile', 'exec-clusterinfo', 'exec-relative', 'impersonate'])(
    'should be known to the server when it is %s',
    async (name) => {
      const server = await use(startApiServer())
      const { status, output } = await preflight(put(name, { 18443: server.port }))
      expect(output).toContain('ok      Signing in')
      expect(status).toBe(0)
      expect(new Set(server.seen.flatMap(({ headers }) => headers['authorization']))).toEqual(
        new Set(['Bearer good-token']),
      )
    },
  )

  it('should act for another user with all that belongs to it', async () => {
    const server = await use(startApiServer())
    expect((await preflight(put('impersonate', { 18443: server.port }))).status).toBe(0)
    expect(server.seen.length).toBeGreaterThan(5)
    for (const { headers } of server.seen) {
      expect(headers).toMatchObject({
        'impersonate-user': ['jane'],
        'impersonate-uid': ['1000'],
        'impersonate-group': ['scale-team', 'system:authenticated'],
        'impersonate-extra-reason': ['audit'],
      })
    }
  })

  it('should send the token of its file rather than the one inside', async () => {
    const server = await use(startApiServer())
    const file = put('tokenfile', { 18443: server.port }, (text) => `${text}    token: stale-token\n`)
    expect((await preflight(file)).status).toBe(0)
  })

  it.each([
    [
      'missing',
      () => rmSync(join(folder, 'token.txt')),
      /users\[0\].user.tokenFile: .*cannot be read: there is no such file/,
    ],
    ['empty', () => writeFileSync(join(folder, 'token.txt'), '\n'), /users\[0\].user.tokenFile: .*token.txt is empty/],
  ])('should not go on without a token when its file is %s', async (_, change, message) => {
    change()
    const { status, output } = await preflight(put('tokenfile', {}))
    expect(output).toMatch(message)
    expect(status).toBe(5)
  })

  it('should show what a plugin asks, and tell that there is nobody to answer', async () => {
    const { status, output } = await preflight(put('exec-hangs', {}))
    expect(output).toContain('to sign in open https://example.invalid/device and enter ABCD')
    expect(output).toMatch(/user u cannot be authenticated: sh printed .*standard input is not a terminal/)
    expect(status).toBe(5)
  })

  it('should tell how a plugin ended that says nothing', async () => {
    const { status, output } = await preflight(put('exec-silent-fail', {}))
    expect(output).toContain('user u cannot be authenticated: false ended with status 1 without any output')
    expect(status).toBe(5)
  })

  it('should be refused when it has a name twice', async () => {
    const { status, output } = await preflight(put('dup', {}))
    expect(output).toContain('dup.kubeconfig.yaml:12:3 contexts has ctx twice')
    expect(output).not.toContain('good-token')
    expect(status).toBe(2)
  })

  it('should be refused when its server is not checked, by an option that allows it', async () => {
    const server = await use(startApiServer())
    const file = put('insecure', { 18443: server.port })
    const refused = await preflight(file)
    expect(refused.output).toContain('--allow-insecure ctx')
    expect(refused.status).toBe(3)
    expect(server.seen).toEqual([])
    const allowed = await preflight(file, { args: ['--allow-insecure', 'ctx'] })
    expect(allowed.output).toContain('the server is not verified, as you allowed')
    expect(allowed.status).toBe(0)
    expect((await preflight(file, { args: ['--allow-insecure', 'ctx', '--allow-insecure', 'other'] })).status).toBe(2)
  })

  it('should be used through its proxy', async () => {
    const server = await use(startApiServer())
    const proxy = await use(startHttpProxy())
    const { status, output } = await preflight(put('proxy', { 18443: server.port, 3128: proxy.port }))
    expect(output).toContain(`reached through the proxy http://127.0.0.1:${proxy.port}`)
    expect(status).toBe(0)
    expect(new Set(proxy.asked)).toEqual(new Set([`127.0.0.1:${server.port}`]))
  })

  it('should be used through the proxy of the environment, unless NO_PROXY names its server', async () => {
    const server = await use(startApiServer())
    const proxy: TestProxy = await use(startHttpProxy({ port: server.port }))
    const file = put('tls-server-name', {}, (text) =>
      text.replace('127.0.0.1:18443', 'api.example.invalid').replace('kubernetes.default.svc', '127.0.0.1'),
    )
    const env = { HTTPS_PROXY: `http://u:hidden-word@127.0.0.1:${proxy.port}`, NO_PROXY: '.other.invalid' }
    const { status, output } = await preflight(file, { env })
    expect(output).toContain(`reached through the proxy http://127.0.0.1:${proxy.port}`)
    expect(output).not.toContain('hidden-word')
    expect(status).toBe(0)
    expect(new Set(proxy.asked)).toEqual(new Set(['api.example.invalid:443 as u:hidden-word']))
    const direct = await preflight(file, { env: { ...env, NO_PROXY: 'example.invalid' } })
    expect(direct.output).toMatch(/cannot be queried: .*api.example.invalid/)
    expect(direct.status).toBe(5)
  })

  it('should lead to a server below a path', async () => {
    const prefix = '/k8s/clusters/c-m-abc'
    const server = await use(startApiServer({ prefix }))
    expect((await preflight(put('rancher', { 18445: server.port }))).status).toBe(0)
    expect(server.seen.every(({ url }) => url.startsWith(`${prefix}/`))).toBe(true)
  })

  it('should lead to a server whose certificate has another name', async () => {
    const server = await use(startApiServer({ names: ['kubernetes.default.svc'] }))
    expect((await preflight(put('tls-server-name', { 18443: server.port }))).status).toBe(0)
  })

  it.skipIf(!hasIPv6)(
    `should lead to a server with an IPv6 address${hasIPv6 ? '' : ' (skipped: there is no ::1 here)'}`,
    async () => {
      const server = await use(startApiServer({ host: '::1' }))
      expect((await preflight(put('ipv6', { 18444: server.port }))).status).toBe(0)
    },
  )

  it('should be told to have no credentials before rights are asked for', async () => {
    const server = await use(startApiServer())
    const file = put('tls-server-name', { 18443: server.port }, (text) =>
      text.replace('    token: good-token', '    {}').replace(/ +tls-server-name.*\n/, ''),
    )
    const { status, output } = await preflight(file)
    expect(output).toMatch(
      /no credentials are sent: user u has neither a token, a client certificate, a password nor a plugin/,
    )
    expect(output).not.toContain('rbac')
    expect(status).toBe(3)
  })

  it('should be told to have wrong credentials, without them', async () => {
    const server = await use(startApiServer())
    const { status, output } = await preflight(
      put('impersonate', { 18443: server.port }, (text) => text.replace('good-token', 'hidden-word')),
    )
    expect(output).toMatch(/the credentials are not accepted: .*Unauthorized/)
    expect(output).not.toContain('hidden-word')
    expect(output).not.toContain('rbac')
    expect(status).toBe(3)
  })
})
