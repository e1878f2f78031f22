import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { systemClock } from '../../src/base/clock.ts'
import { formatDuration } from '../../src/base/duration.ts'
import { quietly } from '../../src/base/files.ts'
import { medianOf } from '../../src/base/median.ts'
import type { Random } from '../../src/base/random.ts'
import { createRandom } from '../../src/base/random.ts'
import type { JournalRecord } from '../../src/run/journal.ts'
import { findMarked, isLeftByGuard } from '../../src/targets/local/leftovers.ts'
import { resultSchema } from '../../src/testing/outcomes.ts'
import { start } from '../../test/cases/run.ts'
import type { Workplace } from './isolated.ts'
import { localGround, nodeOptions } from './local.ts'
import { changesBetween } from './machine.ts'
import { journalOf, runsIn } from './records.ts'

export interface HourOptions {
  /** How long the load lasts. */
  minutes: number
  nodes: number
  seed: number
  say(line: string): void
}

/** The orchestrator at a moment, as /proc has it. */
interface Reading {
  atMs: number
  /** Memory in use, of which files that it maps are no part. */
  anonymousBytes: number
  residentBytes: number
  sockets: number
  descriptors: number
}

const readEveryMs = 10_000
const faultEveryMs = 60_000
const podsPerNode = 5
/** A rollout, a scale-down and a pause take five minutes: the pods start one after the other. */
const cycleMinutes = 5
const probedPods = 80
const containerStartTime = '3.3s'
/** The second half may use so much more memory than the first. */
const mostGrowth = 1.1

/** Rollouts and scale-downs, one after the other, on a filled cluster; few, since the figures of each are kept to the end. */
function planOf({ minutes, nodes, seed }: HourOptions): string {
  const probe = (name: string, from: number, to: number) => ({ probe: { name, from, to, timeout: '15m' } })
  const steady = Array.from({ length: Math.ceil(minutes / cycleMinutes) }, (_, index) => [
    probe(`rollout-${index + 1}`, 1, probedPods),
    probe(`scale-down-${index + 1}`, probedPods, 1),
    { observe: { name: `pause-${index + 1}`, for: '10s' } },
  ])
  const pods = { total: nodes * podsPerNode, perDeployment: 20, mountingShare: 0.2 }
  const configObjects = { podsPerConfigObject: 4, configmapsPerSecret: 4, configmapSize: '1KiB', secretSize: '1KiB' }
  return stringify({
    apiVersion: 'scale-test/v1',
    name: 'soak-hour',
    target: 'local',
    seed,
    fleet: {
      nodes,
      nodesPerProcess: 50,
      node: { cpu: 8, memory: '16Gi', containerStarts: { time: containerStartTime, parallel: 1 } },
      timeout: '10m',
    },
    steps: [
      { fill: { namespaces: 10, pods, configObjects, pace: { rate: '20/s' }, timeout: '20m' } },
      ...steady.flat(),
    ],
    probes: { pod: { image: 'registry.k8s.io/pause:3.10', serviceAccountToken: false }, settle: '2s' },
    arms: [{ profile: 'stock' }],
  })
}

/**
 * A run of an hour under steady load, which somebody disturbs once a minute; prints what its orchestrator takes meanwhile. Returns whether it
 * ended as planned, left nothing behind, and its memory stayed flat.
 */
export async function soakHour(workplace: Workplace, root: string, options: HourOptions): Promise<boolean> {
  const { say } = options
  const ground = localGround(workplace, root)
  const plan = join(workplace.folder, 'soak-hour.yaml')
  writeFileSync(plan, planOf(options))
  const before = await ground.state(undefined)
  const running = start({
    args: ['run', plan],
    env: { SCALE_TEST_REPORTS: workplace.reports },
    node: [...nodeOptions, '--trace-gc'],
    cwd: root,
  })
  const pid = running.child.pid ?? 0
  const ending = new AbortController()
  const readings: Reading[] = []
  const faults = new Map<string, number>()
  const loaded = async () => {
    const hasBegun = ({ type, stepId }: JournalRecord) => type === 'step-started' && stepId === 'probe/rollout-1'
    while (
      !ending.signal.aborted &&
      !runsIn(workplace.reports).some((run) => journalOf(join(workplace.reports, run)).some(hasBegun))
    )
      await systemClock.sleep(1000, ending.signal).catch(() => {})
  }
  const reading = every(readEveryMs, ending.signal, async () => {
    const one = readOrchestrator(pid)
    if (one !== undefined) readings.push(one)
  })
  const disturbing = loaded().then(() => {
    if (ending.signal.aborted) return
    say(`loaded after ${formatDuration(systemClock.nowMs() - startMs)}; a fault a minute from now on`)
    const random = createRandom(options.seed, 'soak-hour')
    return every(faultEveryMs, ending.signal, async () => {
      const fault = await disturb(random, { pid, runId: runsIn(workplace.reports)[0] ?? '' })
      faults.set(fault, (faults.get(fault) ?? 0) + 1)
      const last = readings.at(-1)
      say(`${formatDuration(systemClock.nowMs() - startMs)}: ${fault}${last === undefined ? '' : `; ${inWords(last)}`}`)
    })
  })
  const startMs = systemClock.nowMs()
  const status = await running.status()
  const tookMs = systemClock.nowMs() - startMs
  ending.abort()
  await Promise.all([reading, disturbing])

  const problems: string[] = []
  // A fault may leave a figure uncertain; nothing in the plan can be missed.
  if (status !== 0 && status !== 4)
    problems.push(`it ended with ${status}:\n${running.said().replace(traced, '').slice(-2000)}`)
  const [runId = ''] = runsIn(workplace.reports)
  const folder = join(workplace.reports, runId)
  problems.push(...unfinishedIn(folder))
  if (!(await isLeftByGuard(runId, systemClock, patienceMs))) problems.push('its reaper is still there')
  problems.push(...changesBetween(before, await ground.state(folder)).map((change) => `left: ${change}`))
  say(table(readings, heapsIn(running.said()), options.minutes))
  const growth = growthOf(readings)
  say(`memory of the second half: x ${growth.toFixed(2)} of the first half (at most ${mostGrowth})`)
  if (!(growth <= mostGrowth)) problems.push('memory is not flat')
  say(`faults: ${[...faults].map(([name, times]) => `${name} ${times}`).join(', ')}`)
  say(`ended with ${status} after ${formatDuration(tookMs)}`)
  problems.forEach(say)
  if (problems.length > 0) say(`its folder is kept: ${folder}`)
  return problems.length === 0
}

const patienceMs = 20_000

/** What the result lacks of what the plan says. */
function unfinishedIn(folder: string): string[] {
  try {
    const result = resultSchema.parse(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')))
    const [arm] = result.arms
    if (result.partial || arm === undefined) return ['the result is partial']
    const plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as { steps: unknown[] }
    const lacks = arm.steps.length === plan.steps.length ? [] : [`${arm.steps.length} of ${plan.steps.length} steps`]
    return [...lacks, ...arm.residue, ...(arm.outcome === 'complete' ? [] : [`the arm is ${arm.outcome}`])]
  } catch (error) {
    return [`no result: ${error instanceof Error ? error.message : String(error)}`]
  }
}

/** Does something again and again, each time so long after the time before began, until it is over. */
async function every(periodMs: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (let dueMs = systemClock.nowMs(); !signal.aborted; dueMs += periodMs) {
    await systemClock.sleep(Math.max(0, dueMs - systemClock.nowMs()), signal).catch(() => {})
    if (!signal.aborted) await work()
  }
}

/** Disturbs one process, or the connections, and lets go again; returns what it was. */
async function disturb(random: Random, { pid, runId }: { pid: number; runId: string }): Promise<string> {
  const kinds = [
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'hollow-node',
    'orchestrator',
    'connections',
  ]
  const kind = kinds[random.integer(0, kinds.length - 1)] ?? ''
  const stopMs = kind === 'orchestrator' ? 2000 : random.integer(1000, 5000)
  if (kind === 'connections') return dropConnections(pid)
  const programs = findMarked(runId).filter(({ program }) => program.endsWith(`/${kind}`))
  const chosen = kind === 'orchestrator' ? pid : programs[random.integer(0, Math.max(0, programs.length - 1))]?.pid
  if (chosen === undefined) return `no ${kind} to stop`
  try {
    process.kill(chosen, 'SIGSTOP')
    await systemClock.sleep(stopMs)
  } catch {
    return `${kind} had ended`
  } finally {
    quietly(() => process.kill(chosen, 'SIGCONT'))
  }
  return `${kind} stopped`
}

/** The kernel closes all connections of the orchestrator, where it can. */
async function dropConnections(pid: number): Promise<string> {
  const usual = ['--tcp', '--numeric', '--no-header']
  const open = await printedBy('ss', [...usual, '--processes', 'state', 'established'])
  const ports = open
    .split('\n')
    .filter((line) => line.includes(`pid=${pid},`))
    .flatMap((line) => /:(\d+)\s/.exec(line)?.[1] ?? [])
  const dropped = await printedBy('ss', [...usual, '--kill', ports.map((port) => `sport = :${port}`).join(' or ')])
  return dropped === '' ? 'connections cannot be dropped here' : 'connections dropped'
}

/** What a program prints; nothing where it is missing or fails. */
async function printedBy(program: string, args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args)).stdout
  } catch {
    return ''
  }
}

function readOrchestrator(pid: number): Reading | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const bytes = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
    const descriptors = readdirSync(`/proc/${pid}/fd`)
    return {
      atMs: systemClock.nowMs(),
      anonymousBytes: bytes('RssAnon'),
      residentBytes: bytes('VmRSS'),
      sockets: descriptors.filter((name) => linkOf(`/proc/${pid}/fd/${name}`).startsWith('socket:')).length,
      descriptors: descriptors.length,
    }
  } catch {
    return undefined
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function inWords({ residentBytes, sockets, descriptors }: Reading): string {
  return `${megabytes(residentBytes)} MB, ${sockets} sockets, ${descriptors} descriptors`
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0)

/** What V8 says of each collection of all garbage (--trace-gc). */
const traced = /^\[\d+:0x[0-9a-f]+\] .*\n/gm

/** What the heap held when all garbage was gone, over time. */
function heapsIn(said: string): { atMs: number; megabytes: number }[] {
  return [...said.matchAll(/^\[\d+:0x[0-9a-f]+\] +(\d+) ms: Mark-Compact .*? -> ([\d.]+) /gm)].map(
    ([, atMs, megabytes]) => ({
      atMs: Number(atMs),
      megabytes: Number(megabytes),
    }),
  )
}

/** A line for every sixth of the time: what was in use then. */
function table(readings: readonly Reading[], heaps: ReturnType<typeof heapsIn>, minutes: number): string {
  const [first] = readings
  const periods = 6
  const rows = Array.from({ length: periods + 1 }, (_, index) => {
    const reading = readings[Math.round((index / periods) * (readings.length - 1))]
    if (first === undefined || reading === undefined) return ''
    const { residentBytes, sockets, descriptors } = reading
    const sinceMs = reading.atMs - first.atMs
    const heap = heaps.findLast(({ atMs }) => atMs <= sinceMs)?.megabytes.toFixed(0) ?? '-'
    const cells = [(sinceMs / 60_000).toFixed(0), megabytes(residentBytes), heap, sockets, descriptors]
    return cells.map((cell) => String(cell).padStart(14)).join('')
  })
  const heads = ['minute', 'RSS (MB)', 'heap (MB)', 'sockets', 'descriptors'].map((head) => head.padStart(14)).join('')
  return [`${minutes} minutes of load, ${readings.length} readings:`, heads, ...rows].join('\n')
}

/** Medians: a garbage collection makes single readings what they are. The first quarter is left out: there the cluster is filled. */
function growthOf(readings: readonly Reading[]): number {
  const steady = readings.slice(Math.floor(readings.length / 4))
  const half = Math.floor(steady.length / 2)
  const typical = (some: readonly Reading[]) => medianOf(some.map(({ anonymousBytes }) => anonymousBytes)) ?? Number.NaN
  return typical(steady.slice(half)) / typical(steady.slice(0, half))
}
