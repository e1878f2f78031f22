import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Failure } from '../../src/base/errors.ts'
import { sumOf } from '../../src/base/sum.ts'
import { calibrateCommand } from '../../src/cli/calibrate-command.ts'
import type { Surroundings } from '../../src/cli/surroundings.ts'
import { stylesFor } from '../../src/cli/terminal.ts'
import type { Calibration } from '../../src/result/calibration.ts'
import { calibrationSchema } from '../../src/result/calibration.ts'
import type { CalibrationSizes } from '../../src/run/calibrate.ts'
import { findMarked } from '../../src/targets/local/leftovers.ts'
import { productFolders } from '../../src/testing/folders.ts'
import { describeWithComponents, root } from './components.ts'

const sizes: CalibrationSizes = {
  nodes: 3,
  calls: 50,
  watchedWrites: 10,
  reads: 200,
  writes: 200,
  patches: 100,
  singlePods: 2,
  pods: 6,
  deployments: 2,
  crowd: 6,
  services: 20,
  serviceUpdates: 20,
  settleMs: 1000,
  baseMs: 2000,
  nodeIdleMs: 3000,
  nodeStatusMs: 3000,
  podTrailMs: 500,
  serviceTrailMs: 500,
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-calibrate-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The command's surroundings, with what it prints; `onLine` may react to it. */
function surroundings(signal: AbortSignal, onLine: (line: string) => void = () => {}) {
  const lines: string[] = []
  const print = (line: string) => {
    lines.push(line)
    onLine(line)
  }
  const result: Surroundings = {
    terminal: { print, printError: print, printAtOnce: print, write: () => {}, interactive: false, columns: 80 },
    stdinIsTerminal: false,
    styles: stylesFor(false),
    env: process.env,
    folders: { ...productFolders, reports: folder, components: join(root, 'components') },
    interruption: { signal, signalName: undefined, hint: undefined },
    reportBug(error) {
      throw error
    },
  }
  return { surroundings: result, lines }
}

/** Processes of the run that the command's hint tells how to clean up after. */
function leftOnMachine({ interruption }: Surroundings): string[] {
  const runId = /--run (\S+)/.exec(interruption.hint ?? '')?.[1]
  if (runId === undefined) throw new Error('there was no run')
  return findMarked(runId).map(({ program }) => program)
}

describeWithComponents('scale-test calibrate', () => {
  it('should write what every phase took of the components that worked in it, and leave nothing else', async () => {
    const path = join(folder, 'calibration.json')
    const { surroundings: here, lines } = surroundings(new AbortController().signal)
    expect(await calibrateCommand({ nodes: sizes.nodes, output: path }, here, sizes), lines.join('\n')).toBe(0)

    const calibration = calibrationSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    expect(readdirSync(folder)).toEqual(['calibration.json'])
    expect(leftOnMachine(here)).toEqual([])
    expect(calibration.versions).toHaveProperty('kube-apiserver')
    expect(statSync(path).mode & 0o077).toBe(0)

    const { latenciesMs, phases } = calibration
    const counts = { read: sizes.calls, write: sizes.calls, podStop: sizes.singlePods }
    for (const [name, count] of Object.entries(counts))
      expect(latenciesMs[name as keyof typeof counts], name).toMatchObject({ count, p50: expect.any(Number) })
    expect(latenciesMs.walFsync.count).toBeGreaterThanOrEqual(sizes.calls)
    expect(latenciesMs.backendCommit.mean).toBeGreaterThan(0)
    expect(latenciesMs.watchLag.fromSend.p50).toBeGreaterThan(0)
    expect(latenciesMs.podStart.createdToBound.p50).toBeGreaterThan(0)
    expect(latenciesMs.podStart.boundToReady.p50).toBeGreaterThan(0)

    const worked: Record<keyof Calibration['phases'], readonly string[]> = {
      base: ['kube-apiserver'],
      reads: ['kube-apiserver', 'orchestrator'],
      writes: ['kube-apiserver', 'etcd', 'orchestrator'],
      patches: ['kube-apiserver', 'etcd', 'orchestrator'],
      nodeStart: ['kube-apiserver', 'etcd', 'hollow-node'],
      nodeSettle: [],
      nodeIdle: ['kube-apiserver', 'hollow-node'],
      podStart: ['kube-apiserver', 'etcd', 'hollow-node'],
      podStop: ['kube-apiserver', 'etcd', 'hollow-node'],
      crowdStart: ['kube-apiserver', 'etcd', 'hollow-node'],
      crowdStop: ['kube-apiserver', 'etcd', 'hollow-node'],
      services: ['kube-apiserver'],
      serviceUpdates: ['kube-apiserver'],
      nodeStatus: ['kube-apiserver', 'hollow-node'],
    }
    for (const [name, components] of Object.entries(worked)) {
      const phase = phases[name as keyof Calibration['phases']]
      if (phase === undefined) throw new Error(`no ${name}`)
      expect(phase.units, name).toBeGreaterThan(0)
      expect(phase.busy, name).toBeGreaterThan(0)
      for (const component of components) expect(phase.cpuMs, name).toHaveProperty(component)
    }
    // The kernel counts in ten milliseconds, and fast machines do some of them in less.
    for (const component of new Set(Object.values(worked).flat()))
      expect(sumOf(Object.values(phases).map((phase) => phase?.cpuMs[component] ?? 0)), component).toBeGreaterThan(0)
    expect(phases.base.cpuMs).not.toHaveProperty('hollow-node')
    expect(phases.reads.requests['GET configmaps']).toBeGreaterThanOrEqual(sizes.reads)
    expect(phases.writes.requests['POST configmaps']).toBe(sizes.writes)
    expect(phases.patches.requests['PATCH configmaps']).toBe(sizes.patches)
    // An apiserver counts a request some time after it has answered it, on a busy machine even in the next phase.
    const registrations = [phases.nodeStart, phases.nodeSettle].map(({ requests }) => requests['POST nodes'] ?? 0)
    expect(sumOf(registrations)).toBe(sizes.nodes)
    expect(phases.podStart.requests).toMatchObject({ 'POST pods': sizes.pods, 'POST pods/binding': sizes.pods })
    // Each pod is marked for deletion by its ReplicaSet and then taken away by its kubelet.
    expect(phases.podStop.requests['DELETE pods']).toBe(2 * sizes.pods)
    expect(phases.services.requests['POST services']).toBe(sizes.services)
    expect(phases.services.units).toBe(sizes.services * sizes.nodes)
    expect(phases.serviceUpdates.requests['PATCH services']).toBe(sizes.serviceUpdates)
    expect(phases.serviceUpdates.units).toBe(sizes.serviceUpdates * sizes.nodes)
    // Three nodes for three seconds, once a second each.
    expect(phases.nodeStatus.units).toBeGreaterThanOrEqual(6)
  })

  it('should write nothing and leave nothing but logs when it is interrupted', async () => {
    const ending = new AbortController()
    const reason = new Failure('interrupted', 'interrupted by SIGINT')
    const { surroundings: here } = surroundings(ending.signal, (line) => {
      if (line.includes('nodeStart')) ending.abort(reason)
    })
    await expect(calibrateCommand({ nodes: sizes.nodes }, here, sizes)).rejects.toBe(reason)
    expect(leftOnMachine(here)).toEqual([])
    const [runFolder = ''] = readdirSync(folder)
    expect(readdirSync(folder)).toHaveLength(1)
    expect(existsSync(join(folder, runFolder, 'state'))).toBe(false)
  })
})
