import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { TestCertificates } from '../../src/testing/certificates.ts'
import { createTestCertificates } from '../../src/testing/certificates.ts'
import { startHttpProxy } from '../../src/testing/http-proxies.ts'
import { program } from './run.ts'

/*
 * Canaries in every kind of credential, with a server, an operator's program and a bug that repeat all they know: none may be found in
 * anything that the program leaves, says or starts.
 */

let folder: string
let certificates: TestCertificates
let cleanUps: (() => PromiseLike<unknown> | unknown)[]
let proxied: string[]
let hasLease: boolean

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-canaries-'))
  cleanUps = [() => rmSync(folder, { recursive: true })]
  proxied = []
  hasLease = false
  certificates = await createTestCertificates()
  writeFileSync(join(folder, 'ca.crt'), certificates.ca)
})
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
})

/** A kind of credential: the user and cluster of its kubeconfig, and the texts that must be nowhere. */
interface Kind {
  user?: string
  cluster?: string
  canaries: readonly string[]
  /** What a program of the kubeconfig itself finds in its environment. */
  owed?: string
}

const canary = (name: string) => `canary-${name}-4711"<&>'%`
const quoted = (text: string) => JSON.stringify(text)

/** Two of them at a time, where a kubeconfig may have both. */
const kinds: Readonly<Record<string, () => Kind>> = {
  'token and password of a proxy': () => {
    const proxy = canary('proxy')
    return {
      user: `token: ${quoted(canary('token'))}`,
      cluster: `proxy-url: ${quoted(`http://anna:${encodeURIComponent(proxy)}@127.0.0.1:PROXY`)}`,
      canaries: [canary('token'), proxy, Buffer.from(`anna:${proxy}`).toString('base64')],
    }
  },
  'token file and impersonation': () => {
    writeFileSync(join(folder, 'token.txt'), `${canary('file')}\n`)
    return {
      user: [
        '{ tokenFile: token.txt',
        `as: ${quoted(canary('user'))}`,
        `as-uid: ${quoted(canary('uid'))}`,
        `as-groups: [${quoted(canary('group'))}]`,
        `as-user-extra: { reason: [${quoted(canary('extra'))}] } }`,
      ].join(', '),
      canaries: ['file', 'user', 'uid', 'group', 'extra'].map(canary),
    }
  },
  'credential plugin': () => {
    const apiVersion = 'client.authentication.k8s.io/v1'
    const answer = { apiVersion, kind: 'ExecCredential', status: { token: canary('exec') } }
    writeFileSync(join(folder, 'answer.json'), JSON.stringify(answer))
    // It tells what it was given on its standard error, which is shown.
    const plugin = `#!/bin/sh\necho "with $PLUGIN_TOKEN" >&2\nsleep 0.2\ncat ${join(folder, 'answer.json')}\n`
    writeFileSync(join(folder, 'plugin.sh'), plugin, { mode: 0o700 })
    const env = `[{ name: PLUGIN_TOKEN, value: ${quoted(canary('variable'))} }]`
    const exec = `{ apiVersion: ${apiVersion}, command: ./plugin.sh, interactiveMode: Never, env: ${env} }`
    return { user: `exec: ${exec}`, canaries: [canary('exec'), canary('variable')], owed: canary('variable') }
  },
  'password and client key': () => {
    const { cert, key } = certificates.client
    const [base64Cert = '', base64Key = ''] = [cert, key].map((pem) => Buffer.from(pem).toString('base64'))
    const lines = key.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('-----'))
    return {
      user: `{ username: anna, password: ${quoted(canary('password'))}, client-certificate-data: ${base64Cert}, client-key-data: ${base64Key} }`,
      canaries: [
        canary('password'),
        Buffer.from(`anna:${canary('password')}`).toString('base64'),
        ...lines.map((line) => line.trim()),
        base64Key,
      ],
    }
  },
}

/** An API server that lets everybody do everything until the run has its Lease; then it repeats all that it has been told. */
async function startTalkativeServer(): Promise<number> {
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { status, answer } = answerTo(request, body)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }
  const server = createServer(
    { ...certificates.server, ca: certificates.ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => void respond(request, response),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUps.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return (server.address() as AddressInfo).port
}

function answerTo({ method, url = '', headers, socket }: IncomingMessage, body: string) {
  const isKnown =
    headers.authorization !== undefined || (socket as TLSSocket).getPeerCertificate().subject !== undefined
  const refusal = (code: number, reason: string, message: string) => ({
    status: code,
    answer: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code },
  })
  if (!isKnown) return refusal(401, 'Unauthorized', 'Unauthorized')
  if (url.includes('/leases') && method !== 'GET') hasLease = true
  if (hasLease && url.startsWith('/api/v1/nodes')) {
    const basic = headers.authorization?.replace('Basic ', '') ?? ''
    const sent = Object.values(headers).flat().join(' ')
    const key = certificates.client.key
    const told = [sent, Buffer.from(basic, 'base64').toString(), ...proxied, key].join(' ')
    return refusal(403, 'Forbidden', `who are you? ${told}`)
  }
  if (method === 'POST')
    return { status: 201, answer: { ...JSON.parse(body), metadata: meta(JSON.parse(body)), status: { allowed: true } } }
  if (url === '/version') return { status: 200, answer: { gitVersion: 'v1.36.3' } }
  if (url === '/api/v1/namespaces/kube-system')
    return { status: 200, answer: { metadata: { name: 'kube-system', uid: 'uid-1' } } }
  if (url.includes('/leases/'))
    return method === 'GET' ? refusal(404, 'NotFound', 'not there') : { status: 200, answer: { metadata: meta({}) } }
  return { status: 200, answer: { metadata: { resourceVersion: '1' }, items: [] } }
}

function meta({ metadata = {} }: { metadata?: object }): object {
  return { ...metadata, uid: 'uid-2', resourceVersion: '1' }
}

/** What was found in /proc of a process that the program started, or of itself. */
interface Sampled {
  command: string
  environment: string
}

/** Runs the program, and looks at all its processes meanwhile. */
async function run(kind: Kind, { args = [], preload }: { args?: string[]; preload?: string } = {}) {
  const port = await startTalkativeServer()
  const proxy = await startHttpProxy()
  cleanUps.push(() => proxy[Symbol.asyncDispose]())
  proxied = proxy.asked
  const { user = '{}', cluster } = kind
  const kubeconfig = join(folder, 'kubeconfig')
  const ofCluster = `{ server: "https://127.0.0.1:${port}", certificate-authority: ca.crt${cluster === undefined ? '' : `, ${cluster.replace('PROXY', String(proxy.port))}`} }`
  writeFileSync(
    kubeconfig,
    `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: ${ofCluster} }]
contexts: [{ name: ctx, context: { cluster: c, user: u } }]
users:
- name: u
  user:
    ${user}
`,
  )
  // An operator's programs that show all they find, the secret last, and that fail the second time.
  const show = join(folder, 'show.sh')
  const secrets = [kubeconfig, join(folder, 'token.txt'), join(folder, 'answer.json')]
  writeFileSync(join(folder, 'secrets.txt'), `${kind.canaries.join('\n')}\n`)
  writeFileSync(
    show,
    `#!/bin/sh\nsleep 0.2\ncat ${secrets.join(' ')} 2> /dev/null\nenv\ncat ${join(folder, 'secrets.txt')}\ntest "$1" = retune\n`,
    { mode: 0o700 },
  )
  const clusters = join(folder, 'clusters.yaml')
  writeFileSync(
    clusters,
    `remote: { targets: [{ kubeconfig: ${kubeconfig}, context: ctx, uid: uid-1 }], retune: [${show}, retune], restore: [${show}, restore] }\n`,
  )
  mkdirSync(join(folder, 'reports'), { recursive: true })
  const first = preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]
  const plan = ['run', 'smoke', '--set', 'fleet.source=none', '--set', 'probes.node={name: node-1}', '--repeat', '1']
  const child = spawn(
    process.execPath,
    [
      ...first,
      program,
      ...plan,
      '--target',
      'remote',
      '--clusters',
      clusters,
      '--junit',
      join(folder, 'junit.xml'),
      ...args,
    ],
    {
      env: { ...process.env, SCALE_TEST_REPORTS: join(folder, 'reports'), CI: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const isOver = new AbortController()
  const ended = once(child, 'close').finally(() => isOver.abort())
  const sampled = new Map<number, Sampled>()
  while (!isOver.signal.aborted) {
    sampleBelow(child.pid ?? 0, sampled)
    await systemClock.sleep(50)
  }
  const [status] = (await ended) as [number | null]
  return { status, said, sampled: [...sampled.values()] }
}

function sampleBelow(pid: number, into: Map<number, Sampled>): void {
  const [command, environment] = [procFile(pid, 'cmdline'), procFile(pid, 'environ')]
  // One that is being started is still its parent.
  if (command !== '' && environment !== '') into.set(pid, { command, environment })
  for (const thread of threadsOf(pid))
    for (const child of procFile(pid, `task/${thread}/children`).split(' '))
      if (child !== '') sampleBelow(Number(child), into)
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** A canary as texts may have it. */
function formsOf(secret: string): string[] {
  const escaped = secret
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;')
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    escaped,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
  ]
}

/** Where any of the canaries is. */
function leaksIn(texts: Readonly<Record<string, string>>, canaries: readonly string[]): string[] {
  const forms = new Set(canaries.flatMap(formsOf))
  return Object.entries(texts).flatMap(([where, text]) =>
    [...forms].filter((form) => text.includes(form)).map((form) => `${where}: ${form}`),
  )
}

/** Everything of a run that others may get to see. */
function textsOf(
  { said, sampled }: Awaited<ReturnType<typeof run>>,
  { owed = 'nothing' }: Kind,
): Record<string, string> {
  const files = [...filesBelow(join(folder, 'reports')), join(folder, 'junit.xml')]
  return {
    said,
    ...Object.fromEntries(files.map((file) => [file, readFileSync(file, 'utf8')])),
    ...Object.fromEntries(
      sampled.flatMap(({ command, environment }, index) => [
        [`command ${index}`, command],
        [
          `environment ${index}`,
          // A plugin and what it starts.
          environment.includes('KUBERNETES_EXEC_INFO=') ? environment.replaceAll(owed, '') : environment,
        ],
      ]),
    ),
  }
}

describe('credentials of a run on clusters of others', () => {
  it.each(Object.keys(kinds))('should be in nothing that a run leaves, says or starts: %s (fault 44)', async (name) => {
    const kind = kinds[name]?.() ?? { canaries: [] }
    const outcome = await run(kind)
    // Settings could not be restored: so the programs were started, and what they said was told.
    expect(outcome.status, outcome.said).toBe(6)
    const texts = textsOf(outcome, kind)
    expect(leaksIn(texts, kind.canaries)).toEqual([])
    const names = filesBelow(join(folder, 'reports')).map((file) => file.split('/').at(-1))
    for (const wanted of [
      'journal.ndjson',
      'samples.ndjson',
      'result.json',
      'report.html',
      'report.md',
      'junit.xml',
      'retune.log',
      'restore.log',
    ])
      expect(names).toContain(wanted)
    expect(outcome.said).toContain('who are you? ')
    expect(outcome.sampled.filter(({ command }) => command.includes('show.sh')).length).toBeGreaterThan(0)

    const modes = filesBelow(join(folder, 'reports')).map((file) => [file, (statSync(file).mode & 0o777).toString(8)])
    expect(modes.filter(([, mode]) => mode !== '600')).toEqual([])
    const folders = readdirSync(join(folder, 'reports'), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )
    for (const one of folders) expect(statSync(join(one.parentPath, one.name)).mode & 0o777, one.name).toBe(0o700)
  })

  it('should be neither in the events for programs nor in what a bug says (fault 44)', async () => {
    const kind = kinds['token and password of a proxy']?.() ?? { canaries: [] }
    const bug = `
      const write = process.stdout.write
      process.stdout.write = function (said, ...rest) {
        if (String(said).includes('"step-started"')) throw new TypeError('cannot read ' + ${quoted(canary('token'))})
        return write.call(this, said, ...rest)
      }`
    const outcome = await run(kind, { args: ['--json'], preload: bug })
    expect(outcome.said).toContain('This is a bug in scale-test')
    expect(outcome.said).toContain('TypeError: cannot read [hidden]')
    expect(outcome.said).toContain('"kind":"bug"')
    expect(outcome.status).toBe(70)
    expect(leaksIn(textsOf(outcome, kind), kind.canaries)).toEqual([])
  })
})
