import { createHash } from 'node:crypto'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import { getHeapStatistics } from 'node:v8'
import { listFolder, readKernelFile } from '../base/files.ts'
import { devicesBusyMsIn, memoryIn, processIn, processorTicksIn, residentPagesIn, runQueueIn } from '../base/proc.ts'
import type { ComponentReading, MachineReading, ReadMachine } from '../measure/machine-record.ts'
import type { MachineUse } from '../measure/window.ts'

/** Starts watching the machine; the function it returns stops and tells. */
export type MachineMonitor = () => () => MachineUse

/** The share of processor time in use; null when none has passed: the kernel counts in hundredths of a second. */
function busyBetween(before: ProcessorTime, after: ProcessorTime): number | null {
  const totalMs = after.totalMs - before.totalMs
  return totalMs <= 0 ? null : (after.busyMs - before.busyMs) / totalMs
}

/** Watches the machine this process runs on. */
export const watchThisMachine: MachineMonitor = () => {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const before = processorTime()
  return () => {
    delay.disable()
    const after = processorTime()
    return { eventLoopDelayMaxMs: delay.max / 1e6, busy: before && after ? busyBetween(before, after) : null }
  }
}

/** For clusters that are elsewhere: what this machine does delays stamps, and is no part of what is measured. */
export const watchOrchestrator: MachineMonitor = () => {
  const stop = watchThisMachine()
  return () => ({ ...stop(), busy: null })
}

/** For clusters that the machine has nothing to do with. */
export const watchNoMachine: MachineMonitor = () => () => ({ eventLoopDelayMaxMs: null, busy: null })

/** A quick look at a machine: how fast it is, and how busy others keep it. */
export interface MachineLook {
  /** Processor time that a fixed piece of work took. */
  workMs: number
  /** Share of all processor time that others used meanwhile, 0 to 1; null where the machine does not tell. */
  busy: number | null
  /** Threads that run or wait, mean over the last minute, for each core. */
  loadPerCore: number
}

const pieces = 5
const turnsPerPiece = 4000

/**
 * Looks at the machine this process runs on, for about 150 ms of processor time. The work is what clients and servers of an API spend theirs
 * on: JSON there and back, and a digest. The quickest of several pieces counts; the others were disturbed.
 */
export function lookAtThisMachine(): MachineLook {
  const before = processorTime()
  const own = process.cpuUsage()
  const taken = Array.from({ length: pieces }, () => {
    const start = process.cpuUsage()
    let digest = ''
    for (let turn = 0; turn < turnsPerPiece; turn++) {
      const object = JSON.parse(JSON.stringify(worked)) as typeof worked
      object.metadata.uid = digest
      digest = createHash('sha256').update(JSON.stringify(object)).digest('hex')
    }
    return millisecondsOf(process.cpuUsage(start))
  })
  const after = processorTime()
  const [lastMinute = 0] = loadavg()
  const ownMs = millisecondsOf(process.cpuUsage(own))
  const others = before && after && { ...after, busyMs: after.busyMs - ownMs }
  const busy = before && others ? busyBetween(before, others) : null
  return {
    workMs: Math.min(...taken),
    busy: busy === null ? null : Math.min(1, Math.max(0, busy)),
    loadPerCore: lastMinute / cpus().length,
  }
}

/** As large as a small pod. */
const worked = {
  metadata: { name: 'web-0', namespace: 'large-01', uid: '', labels: { app: 'web', tier: 'front' } },
  spec: {
    nodeName: 'hollow-1',
    containers: [{ name: 'web', image: 'registry.k8s.io/pause:3.10', args: ['a', 'b', 'c'] }],
  },
  status: {
    phase: 'Running',
    conditions: ['Initialized', 'PodScheduled', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    })),
  },
}

function millisecondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000
}

/** What machine this is, for the report. */
export function describeThisMachine(): { cores: number; memoryBytes: number; system: string } {
  return { cores: cpus().length, memoryBytes: totalmem(), system: `${type()} ${release()}` }
}

/** The most that Node's heap may grow to, in bytes; beyond it, Node ends the process. */
export function heapLimitBytes(): number {
  return getHeapStatistics().heap_size_limit
}

/** The most memory this process has had so far, in bytes. */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}

type ProcessorTime = Pick<MachineReading, 'busyMs' | 'totalMs'>

/** Linux counts processor time in hundredths of a second, whatever the kernel's own tick (USER_HZ). */
const tickMs = 10

/**
 * Time of all processors together; undefined where the machine does not tell. On Linux from /proc/stat: interrupts and what the host took away
 * (steal) are not idle, which os.cpus() leaves out.
 */
function processorTime(): ProcessorTime | undefined {
  if (process.platform !== 'linux') {
    const times = cpus().map((one) => one.times)
    const totalMs = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0)
    return { busyMs: totalMs - times.reduce((sum, { idle }) => sum + idle, 0), totalMs }
  }
  const ticks = processorTicksIn(readKernelFile('/proc/stat'))
  return ticks && { busyMs: tickMs * ticks.busy, totalMs: tickMs * ticks.total }
}
const pageBytes = 4096

/**
 * Reads the kernel's counters (proc(5)): of the machine, of this process and of the given ones. Linux only. Throws where the kernel does not
 * tell of processors and memory.
 */
export const readThisMachine: ReadMachine = (processes) => {
  const [stat, memory] = [readKernelFile('/proc/stat'), readKernelFile('/proc/meminfo')]
  const time = processorTime()
  const [totalBytes, availableBytes] = [memoryIn(memory, 'MemTotal'), memoryIn(memory, 'MemAvailable')]
  if (time === undefined || totalBytes === undefined || availableBytes === undefined)
    throw new Error('/proc does not show processors and memory')
  const components = new Map<string, ComponentReading[]>()
  for (const { component, pid } of [{ component: 'orchestrator', pid: process.pid }, ...processes]) {
    const reading = readProcess(pid)
    if (reading === undefined) continue
    const known = components.get(component)
    if (known === undefined) components.set(component, [reading])
    else known.push(reading)
  }
  return {
    atMs: performance.now(),
    ...time,
    runQueue: runQueueIn(stat) ?? null,
    memoryUsedBytes: totalBytes - availableBytes,
    disksBusyMs: readDisks(),
    components,
  } satisfies MachineReading
}

function readProcess(pid: number): ComponentReading | undefined {
  try {
    const [used, pages] = [
      processIn(readKernelFile(`/proc/${pid}/stat`)),
      residentPagesIn(readKernelFile(`/proc/${pid}/statm`)),
    ]
    if (used === undefined || pages === undefined) return undefined
    return {
      pid,
      processorMs: tickMs * used.processorTicks,
      privateBytes: pageBytes * (pages.resident - pages.shared),
      sharedBytes: pageBytes * pages.shared,
    }
  } catch {
    // It has ended.
    return undefined
  }
}

/** Milliseconds in which each whole disk had something to do; none where the kernel does not tell. */
function readDisks(): Map<string, number> {
  try {
    const disks = new Set(listFolder('/sys/block').filter((name) => !/^(loop|ram|zram)/.test(name)))
    return new Map([...devicesBusyMsIn(readKernelFile('/proc/diskstats'))].filter(([name]) => disks.has(name)))
  } catch {
    return new Map()
  }
}
