import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpsServer, request as sendRequest } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { locateComponents } from '../../src/components/components.ts'
import type { Credentials } from '../../src/kube/credentials.ts'
import { connectKubeApi } from '../../src/kube/http.ts'
import { readApiserverLatencies } from '../../src/measure/api-latency.ts'
import { readApiRequests } from '../../src/measure/limiters.ts'
import type { ComponentMetrics } from '../../src/measure/metrics.ts'
import { notReadBetween, startOf } from '../../src/measure/pairs.ts'
import { scrapeEach } from '../../src/record/scrape.ts'
import type { Result } from '../../src/result/result.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { credentialsFor } from '../../src/targets/local/connections.ts'
import { startControlPlane } from '../../src/targets/local/control-plane.ts'
import { startFleet } from '../../src/targets/local/fleet.ts'
import { writeKubeconfig } from '../../src/targets/local/kubeconfig.ts'
import { runMark } from '../../src/targets/local/leftovers.ts'
import type { Pki } from '../../src/targets/local/pki.ts'
import { createPki } from '../../src/targets/local/pki.ts'
import { createPorts, parsePortRange } from '../../src/targets/local/ports.ts'
import type { Supervisor } from '../../src/targets/local/processes.ts'
import { createSupervisor } from '../../src/targets/local/processes.ts'
import { startReaper } from '../../src/targets/local/reaper.ts'
import { uidOf } from '../../src/targets/remote/reach.ts'
import { fillIn, probesIn, resultSchema } from '../../src/testing/outcomes.ts'
import { renderKnobs } from '../../src/tuning/render.ts'
import { describeWithComponents, root } from './components.ts'

const plan = `
apiVersion: scale-test/v1
name: balanced
target: remote
fleet: { source: none, nodes: 2, node: { cpu: 8, memory: 16Gi } }
workload:
  namespaces: 2
  sizeClasses: [{ name: small, share: 1, minimumPods: 2 }]
  pods: { total: 6, perDeployment: 3, image: pause }
  services: 2
  configObjects: { podsPerConfigObject: 0.5, configmapsPerSecret: 4, configmapSize: 100B, secretSize: 100B }
  pace: { rate: 50/s }
arms: [{ profile: stock }]
probes:
  node: { name: hollow-0 }
  pod: { image: pause, serviceAccountToken: false }
  settle: 1s
  sequence:
    - { name: rollout, from: 1, to: 8, timeout: 1m }
    - { name: scale-down, from: 8, to: 1, timeout: 1m }
`

const { signal } = new AbortController()
const closing = new AbortController()
let folder: string
let supervisor: Supervisor
let pki: Pki
let uid: string
let managerUrl: string
/** The two apiservers of one etcd. */
let ports: readonly number[]
const balancers: { server: Server; sockets: Set<Socket> }[] = []

/** Listens on a port of its own; what it has open ends with it. */
async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  balancers.push({ server, sockets })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Hands each connection to the next apiserver, without looking into it. */
function balanceConnections(): Promise<string> {
  let next = 0
  return listening(
    createServer((client) => {
      const server = connect(ports[next++ % ports.length] as number, '127.0.0.1')
      client.pipe(server).pipe(client)
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        one.on('error', () => other.destroy())
        one.once('close', () => other.destroy())
      }
    }),
  )
}

/** Ends TLS, and hands each request to the next apiserver. */
function balanceRequests(): Promise<string> {
  let next = 0
  const { ca, server, admin } = pki
  const forward = (request: IncomingMessage, response: ServerResponse) => {
    const { method, url: path, headers } = request
    const port = ports[next++ % ports.length] as number
    const host = '127.0.0.1'
    const call = sendRequest({ host, port, method, path, headers, ca: ca.cert, cert: admin.cert, key: admin.key })
    call.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      answer.pipe(response)
      answer.once('close', () => response.end())
    })
    call.on('error', () => response.destroy())
    response.once('close', () => call.destroy())
    request.pipe(call)
  }
  return listening(createHttpsServer({ key: server.key, cert: server.cert }, forward))
}

const argumentsOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1, -1)
const portIn = (args: readonly string[]) => Number(args.find((one) => one.startsWith('--secure-port='))?.split('=')[1])
const asAdmin = (server: string): Credentials => credentialsFor(server, pki.ca.cert, pki.admin)

describeWithComponents('two apiservers behind one address', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scale-test-balanced-'))
    const stateFolder = join(folder, 'state')
    mkdirSync(stateFolder)
    const clock = systemClock
    const { folder: binaryFolder } = locateComponents(localComponents(join(root, 'components')), process.env)
    // Should the test be killed, nothing of it is left.
    const runId = (folder.split('/').at(-1) ?? '').toLowerCase()
    await startReaper({ runId, stateFolder })
    const env = { PATH: process.env['PATH'] ?? '', [runMark]: runId }
    supervisor = createSupervisor({ logFolder: join(folder, 'logs'), env, clock })
    pki = await createPki(join(stateFolder, 'pki'), new Date())
    const ephemeral = parsePortRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))
    const free = createPorts(ephemeral, process.pid)
    const closed = closing.signal
    const shared = { binaryFolder, stateFolder, pki, ports: free, supervisor, clock, signal, closed }
    const { components, credentials } = await startControlPlane({
      ...shared,
      knobs: renderKnobs([]),
      apiservers: 1,
      etcd: { members: 1 },
    })

    const pidOf = (name: string) => components.find((one) => one.component === name)?.pid ?? 0
    const first = argumentsOf(pidOf('kube-apiserver'))
    managerUrl = `https://127.0.0.1:${portIn(argumentsOf(pidOf('kube-controller-manager')))}`
    const port = await free.take()
    const args = first.map((one) => (one.startsWith('--secure-port=') ? `--secure-port=${port}` : one))
    const second = await supervisor.start({
      name: 'kube-apiserver-2',
      program: join(binaryFolder, 'kube-apiserver'),
      args,
      stage: 'control',
    })
    ports = [portIn(first), port]
    const api = connectKubeApi({ credentials: asAdmin(`https://127.0.0.1:${port}`), clock, signal: closed })
    await supervisor.waitUntilReady(second, (ending) => api.readText('/readyz', { signal: ending, attempts: 1 }), {
      timeoutMs: 60_000,
      signal,
    })
    const node = { cpu: 8, memory: '16Gi' }
    const fleet = { nodes: 2, nodesPerProcess: 1, node }
    await startFleet({
      ...shared,
      fleet,
      kubeletConfiguration: {},
      environment: undefined,
      servers: [credentials[0].server],
      api,
    })
    uid = await uidOf(api)
  })

  afterAll(async () => {
    for (const { server, sockets } of balancers) {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
    closing.abort(new Error('the test is over'))
    const survivors = await supervisor?.stop(3000)
    rmSync(folder, { recursive: true, force: true })
    expect(survivors).toEqual([])
  })

  it.each([
    ['connections', balanceConnections],
    ['requests', balanceRequests],
  ] as const)('should give figures of one process only when %s go to one and the other', async (_, balance) => {
    const server = await balance()
    /** A page over a connection of its own. */
    const read = async (): Promise<ComponentMetrics[]> => {
      await using api = connectKubeApi({ credentials: asAdmin(server), clock: systemClock, signal: closing.signal })
      const apiserver = { component: 'kube-apiserver', name: 'kube-apiserver', readPage: api.readText } as const
      return await scrapeEach([apiserver], {}, signal)
    }
    /** Asks each apiserver for something, so that both count. */
    const ask = async () => {
      for (const port of ports) {
        const each = asAdmin(`https://127.0.0.1:${port}`)
        await using api = connectKubeApi({ credentials: each, clock: systemClock, signal: closing.signal })
        await uidOf(api)
      }
    }
    const first = await read()
    await ask()
    const second = await read()
    await ask()
    const pages = [first, second, await read()] as const
    const started = pages.map(([page]) => page && startOf(page))
    expect(started[0]).toBeGreaterThan(1e9)
    expect(started[2]).toBe(started[0])
    expect(started[1]).not.toBe(started[0])
    // In either order: one of them counts upwards.
    for (const [before, after] of [
      [pages[0], pages[1]],
      [pages[1], pages[2]],
    ] as const) {
      expect(readApiRequests({ before, after })).toBeUndefined()
      expect(readApiserverLatencies({ before, after })).toEqual([])
      expect(notReadBetween({ before, after })).toMatchObject([{ because: expect.stringContaining('two processes') }])
    }
    // Two of one process, which has answered twice what both were asked.
    expect(readApiRequests({ before: pages[0], after: pages[2] })).toMatchObject({ 'GET namespaces': 2 })
    expect(notReadBetween({ before: pages[0], after: pages[2] })).toEqual([])
  })

  it('should report what was not read, and no figure of the apiservers, when a run goes through the balancer', async () => {
    const kubeconfig = await writeKubeconfig(
      join(folder, 'kubeconfig'),
      { server: await balanceRequests(), ca: pki.ca.cert, name: 'balanced' },
      pki.admin,
    )
    const components = { 'kube-controller-manager': [managerUrl] }
    writeFileSync(join(folder, 'balanced.yaml'), plan)
    writeFileSync(
      join(folder, 'clusters.yaml'),
      JSON.stringify({ remote: { targets: [{ kubeconfig, context: 'balanced', uid, components }] } }),
    )
    const shared = ['--target', 'remote', '--clusters', join(folder, 'clusters.yaml')]
    const dryRun = await orchestrate('plan', join(folder, 'balanced.yaml'), ...shared, '--dry-run')
    expect(dryRun.output).toMatch(/2 of them share one address.*components\.kube-apiserver/)

    const { status, output } = await orchestrate('run', join(folder, 'balanced.yaml'), ...shared)
    expect(status, output).toBe(0)
    const run = readdirSync(folder).find((name) => name.startsWith('balanced-'))
    const read = (file: string) => readFileSync(join(folder, run ?? '', file), 'utf8')
    const result: Result = resultSchema.parse(JSON.parse(read('result.json')))
    const [arm] = result.arms
    const measured = [fillIn(arm), ...(probesIn(arm) ?? [])]
    expect(measured).toHaveLength(3)
    for (const one of measured) {
      const because = expect.stringContaining('2 of them share one address')
      expect(one?.notRead).toContainEqual({ component: 'kube-apiserver', instance: 'kube-apiserver', because })
    }
    for (const { apiRequests, limiters, explanations } of probesIn(arm) ?? []) {
      expect(apiRequests).toEqual({})
      // The controller-manager is one process, and tells of itself.
      expect(limiters.filter(({ component }) => component === 'kube-controller-manager')).toHaveLength(1)
      expect(explanations.filter(({ boundBy, contradicts }) => boundBy !== null || contradicts)).toEqual([])
    }
    expect(new Set(fillIn(arm)?.apiLatency.map(({ source }) => source))).toEqual(new Set(['client']))
    expect(read('report.md')).toMatch(/Not read[\s\S]*kube-apiserver: 2 of them share one address/)
  })
})

/** The program as a user starts it: its exit status, and all that it said. */
async function orchestrate(...args: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, 'src', 'main.ts'), ...args], {
    env: { ...process.env, SCALE_TEST_REPORTS: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  await once(child, 'close')
  return { status: child.exitCode, output }
}
