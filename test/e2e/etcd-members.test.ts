import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { sumOf } from '../../src/base/sum.ts'
import { locateComponents } from '../../src/components/components.ts'
import type { ArmOutcome } from '../../src/result/result.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { startEtcds } from '../../src/targets/local/etcds.ts'
import { localTarget } from '../../src/targets/local/index.ts'
import { findMarked, isGuarded, reaperScript, runMark } from '../../src/targets/local/leftovers.ts'
import { createPki } from '../../src/targets/local/pki.ts'
import { createPorts, parsePortRange } from '../../src/targets/local/ports.ts'
import { createSupervisor } from '../../src/targets/local/processes.ts'
import { startReaper } from '../../src/targets/local/reaper.ts'
import { loopDevicesBelow, mountPointsBelow } from '../../src/targets/local/state-folder.ts'
import { loopDisk, requireWalDisk } from '../../src/targets/local/wal-disk.ts'
import { resultSchema } from '../../src/testing/outcomes.ts'
import { renderKnobs } from '../../src/tuning/render.ts'
import { describeWithComponents, root } from './components.ts'

/** Several of everything; the arm asks for a log on a disk of its own. */
const planWith = (walDisk: string) => `
apiVersion: scale-test/v1
name: members
target: local
fleet: { nodes: 2, nodesPerProcess: 1, node: { cpu: 4, memory: 8Gi } }
controlPlane:
  apiservers: 2
  etcd: { members: 3, roundTrip: 5ms, walDisk: ${walDisk}, neighbour: write }
workload:
  namespaces: 2
  pods: { total: 4, perDeployment: 2, image: pause }
  configObjects: { configmaps: 200, secrets: 0 }
  pace: { rate: 50/s }
  timeout: 1m
arms:
  - profile: stock
    set: [{ knob: etcd.walDisk, value: true, because: to see that it is one }]
`

let folder: string
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-members-'))
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await until('the reaper has ended', () => runIds().every((id) => !isGuarded(id)))
  rmSync(folder, { recursive: true, force: true })
})

const loopRefusal = (() => {
  try {
    requireWalDisk(loopDisk, process.env)
    return undefined
  } catch (error) {
    return String(error)
  }
})()
if (loopRefusal !== undefined) process.stdout.write(`\nSKIPPED: the write-ahead log on a loop device: ${loopRefusal}\n`)

const runIds = () => readdirSync(folder).filter((name) => name.startsWith('members-'))
const runFolder = () => join(folder, runIds()[0] ?? '')
const reapersOf = (runId: string) =>
  readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      const [, script = '', guarded] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return script.endsWith(reaperScript) && guarded === runId ? [Number(pid)] : []
    } catch {
      return []
    }
  })
const programsOf = () => runIds().flatMap((id) => findMarked(id).map(({ program }) => program.split('/').at(-1)))

async function until(what: string, condition: () => boolean, withinMs = 120_000): Promise<void> {
  for (const endMs = systemClock.nowMs() + withinMs; !condition(); await sleep(50))
    if (systemClock.nowMs() > endMs) throw new Error(`in vain: ${what}`)
}

/** The program as a user starts it. */
function orchestrate(...args: string[]) {
  const child = spawn(process.execPath, [join(root, 'src', 'main.ts'), ...args], {
    env: { ...process.env, SCALE_TEST_REPORTS: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  return { child, output: () => output, ended: once(child, 'close') }
}

function armOf(): ArmOutcome {
  const [arm] = resultSchema.parse(JSON.parse(readFileSync(join(runFolder(), 'result.json'), 'utf8'))).arms
  if (arm === undefined) throw new Error('no arm')
  return arm
}

function hasNothingLeft(): boolean {
  const state = join(runFolder(), 'state')
  return programsOf().length === 0 && !existsSync(state) && mountPointsBelow(folder).length === 0
}

describeWithComponents('etcd clusters without an apiserver', () => {
  it('should have one leader each when they have three members', async () => {
    const closing = new AbortController()
    const stateFolder = join(folder, 'state')
    mkdirSync(stateFolder)
    const runId = (folder.split('/').at(-1) ?? '').toLowerCase()
    await startReaper({ runId, stateFolder })
    const env = { PATH: process.env['PATH'] ?? '', [runMark]: runId }
    const supervisor = createSupervisor({ logFolder: join(folder, 'logs'), env, clock: systemClock })
    try {
      const etcds = await startEtcds({
        binaryFolder: locateComponents(localComponents(join(root, 'components')), process.env).folder,
        stateFolder,
        pki: await createPki(join(stateFolder, 'pki'), new Date()),
        ports: createPorts(parsePortRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')), process.pid),
        supervisor,
        clock: systemClock,
        signal: closing.signal,
        closed: closing.signal,
        knobs: { ...renderKnobs([]), etcdSplit: ['/pods'] },
        members: 3,
      })
      expect(etcds.map(({ name }) => name)).toEqual(
        ['etcd', 'etcd-pods'].flatMap((cluster) => [1, 2, 3].map((number) => `${cluster}-${number}`)),
      )
      const pages = await Promise.all(etcds.map(({ endpoint }) => endpoint.readText('/metrics')))
      const leads = pages.map((page) => /^etcd_server_is_leader (\d)$/m.exec(page)?.[1])
      expect(leads.slice(0, 3).toSorted()).toEqual(['0', '0', '1'])
      expect(leads.slice(3).toSorted()).toEqual(['0', '0', '1'])
    } finally {
      closing.abort(new Error('the test is over'))
      expect(await supervisor.stop(3000)).toEqual([])
    }
  })
})

describeWithComponents('a control plane of several', () => {
  it('should deal out requests and nodes to two apiservers in turn', async () => {
    const runId = (folder.split('/').at(-1) ?? '').toLowerCase()
    const { signal } = new AbortController()
    const target = localTarget({
      runId,
      runFolder: folder,
      componentsSource: join(root, 'components'),
      env: process.env,
      clock: systemClock,
      controlPlane: { apiservers: 2, etcd: { members: 1 } },
    })
    const fleet = { nodes: 2, nodesPerProcess: 1, node: { cpu: 4, memory: '8Gi' } }
    await target.prepare({ fleet, arms: [{ name: 'stock', requests: [] }], signal, onProgress: () => {} })
    const arm = { id: 'stock-1', name: 'stock', repetition: 1 }
    await using cluster = await target.open({ arm, knobs: [], signal })
    await cluster.startFleet(fleet, signal)
    for (let request = 0; request < 20; request++)
      await cluster.api.get({ resource: 'namespaces', name: 'kube-public' })
    const counts = async (verb: string, resource: string) =>
      (await cluster.scrape({ components: ['kube-apiserver'] })).map(({ instance, samples }) => ({
        instance,
        count: sumOf(
          samples
            .filter(({ name, labels }) => name === 'apiserver_request_total' && labels['verb'] === verb)
            .filter(({ labels }) => labels['resource'] === resource && labels['code']?.startsWith('2') === true)
            .map(({ value }) => value),
        ),
      }))
    const gets = await counts('GET', 'namespaces')
    expect(gets.map(({ instance }) => instance)).toEqual(['kube-apiserver-1', 'kube-apiserver-2'])
    for (const { count } of gets) expect(count).toBeGreaterThanOrEqual(10)
    // Each kubelet has registered with its own.
    const endMs = systemClock.nowMs() + 30_000
    let registered = await counts('POST', 'nodes')
    while (sumOf(registered.map(({ count }) => count)) < 2 && systemClock.nowMs() < endMs) {
      await sleep(200)
      registered = await counts('POST', 'nodes')
    }
    expect(registered.map(({ count }) => count)).toEqual([1, 1])
  })

  it('should keep members apart, share out requests, and have its log elsewhere, and leave nothing', async () => {
    const elsewhere = join(folder, 'disk')
    mkdirSync(elsewhere)
    writeFileSync(join(folder, 'plan.yaml'), planWith(elsewhere))
    const run = orchestrate('run', join(folder, 'plan.yaml'))
    const isWritten = () => globSync(join(elsewhere, '*', '*', '*.wal')).length === 3
    await until('a log is written there', () => isWritten() || run.child.exitCode !== null)
    expect(isWritten(), run.output()).toBe(true)
    await run.ended
    // A machine that is too busy is told, and no concern of this test.
    expect([0, 4], run.output()).toContain(run.child.exitCode)
    const { controlPlane, outcome, knobs, series } = armOf()
    expect(outcome).toBe('complete')
    expect(controlPlane).toMatchObject({ apiservers: 2, etcd: { members: 3, roundTrip: { askedMs: 5 } } })
    const { roundTrip, walDisk, dataDisk, neighbour } = controlPlane?.etcd ?? {}
    // On a busy machine most requests wait for a processor, too, but not all.
    expect(roundTrip?.leastMs).toBeGreaterThanOrEqual(5)
    expect(roundTrip?.leastMs).toBeLessThan(8)
    expect(walDisk).toEqual(dataDisk)
    expect(neighbour?.bytes).toBeGreaterThan(2 ** 20)
    expect(neighbour?.bytes).toBe((neighbour?.syncs ?? 0) * 2 ** 20)
    expect(knobs.find(({ id }) => id === 'etcd.walDisk')).toMatchObject({ status: 'applied', effective: true })
    const members = series?.flatMap(({ name, labels }) => (name === 'etcd_fsync_ms' ? [labels['instance']] : []))
    expect(members).toEqual(['etcd-1', 'etcd-2', 'etcd-3'])
    expect(hasNothingLeft()).toBe(true)
    expect(readdirSync(elsewhere)).toEqual([])
    expect(readFileSync(join(runFolder(), 'report.md'), 'utf8')).toContain('The write-ahead log has no second disk')
  })

  it.skipIf(loopRefusal !== undefined)(
    'should have its log on a loop device, and leave neither mount nor device when it is killed and its reaper, too',
    async () => {
      writeFileSync(join(folder, 'plan.yaml'), planWith(loopDisk))
      const run = orchestrate('run', join(folder, 'plan.yaml'))
      const wal = () => join(runFolder(), 'state', 'stock-1', 'wal-disk')
      const isWritten = () => runIds().length > 0 && globSync(join(wal(), '*', '*.wal')).length === 3
      await until('a log is written there', isWritten)
      await until('the neighbour writes', () => existsSync(join(runFolder(), 'logs', 'stock-1', 'neighbour.ndjson')))
      expect(mountPointsBelow(folder)).toEqual([wal()])
      const [runId = ''] = runIds()
      // Nobody is left to clean up.
      for (const pid of reapersOf(runId)) process.kill(pid, 'SIGKILL')
      run.child.kill('SIGKILL')
      await run.ended
      expect(mountPointsBelow(folder)).toEqual([wal()])

      const cleanUp = orchestrate('cleanup', '--run', runId)
      await cleanUp.ended
      expect(cleanUp.child.exitCode, cleanUp.output()).toBe(0)
      expect(hasNothingLeft()).toBe(true)
      expect(loopDevicesBelow(folder)).toEqual([])
    },
  )
})
