import { readdirSync, readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import type { ComponentReading, MachineReading, ReadMachine } from './machine-record.ts'

/** What the orchestrator's own machine did while something was measured. */
export interface MachineUse {
  /** Longest time the orchestrator's event loop did not turn: by so much a stamp may be late. Null where time is virtual. */
  eventLoopDelayMaxMs: number | null
  /** Share of all processor time that was in use, 0 to 1; null where that says nothing about the cluster. */
  busy: number | null
}

/** Starts watching the machine; the function it returns stops and tells. */
export type MachineMonitor = () => () => MachineUse

/** Watches the machine this process runs on. */
export const watchThisMachine: MachineMonitor = () => {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const before = processorTime()
  return () => {
    delay.disable()
    const after = processorTime()
    const totalMs = after.totalMs - before.totalMs
    return {
      eventLoopDelayMaxMs: delay.max / 1e6,
      busy: totalMs === 0 ? 0 : (after.busyMs - before.busyMs) / totalMs,
    }
  }
}

/** For clusters that are elsewhere: what this machine does delays stamps, and is no part of what is measured. */
export const watchOrchestrator: MachineMonitor = () => {
  const stop = watchThisMachine()
  return () => ({ ...stop(), busy: null })
}

/** For clusters that the machine has nothing to do with. */
export const watchNoMachine: MachineMonitor = () => () => ({ eventLoopDelayMaxMs: null, busy: null })

/** What machine this is, for the report. */
export function describeThisMachine(): { cores: number; memoryBytes: number; system: string } {
  return { cores: cpus().length, memoryBytes: totalmem(), system: `${type()} ${release()}` }
}

/** The most memory this process has had so far, in bytes. */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}

/** Linux counts processor time in hundredths of a second, whatever the kernel's own tick (USER_HZ). */
const tickMs = 10

/**
 * Time of all processors together. On Linux from /proc/stat: waiting for a disk is idle, and interrupts and what the host
 * took away (steal) are not, all of which os.cpus() leaves out.
 */
function processorTime(): { busyMs: number; totalMs: number } {
  if (process.platform !== 'linux') {
    const times = cpus().map((one) => one.times)
    const totalMs = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0)
    return { busyMs: totalMs - times.reduce((sum, { idle }) => sum + idle, 0), totalMs }
  }
  // proc_stat(5): user nice system idle iowait irq softirq steal; guests are in user already.
  const ticks = (/^cpu +(.*)$/m.exec(read('/proc/stat'))?.[1] ?? '').split(' ').slice(0, 8).map(Number)
  const total = ticks.reduce((sum, one) => sum + one, 0)
  const [, , , idle = 0, waiting = 0] = ticks
  return { busyMs: tickMs * (total - idle - waiting), totalMs: tickMs * total }
}
const pageBytes = 4096

/** Reads the kernel's counters (proc(5)): of the machine, of this process and of the given ones. Linux only. */
export const readThisMachine: ReadMachine = (processes) => {
  const { stat, memory } = { stat: read('/proc/stat'), memory: read('/proc/meminfo') }
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(memory)?.[1] ?? 0)
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
    ...processorTime(),
    runQueue: Number(/^procs_running (\d+)/m.exec(stat)?.[1] ?? 0),
    memoryUsedBytes: 1024 * (kilobytes('MemTotal') - kilobytes('MemAvailable')),
    disksBusyMs: readDisks(),
    components,
  } satisfies MachineReading
}

function readProcess(pid: number): ComponentReading | undefined {
  try {
    const stat = read(`/proc/${pid}/stat`)
    // Counted behind the name, which may contain anything: fields 14 and 15 are user and system time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [, resident = 0, shared = 0] = read(`/proc/${pid}/statm`).split(' ').map(Number)
    return {
      pid,
      processorMs: tickMs * (Number(fields[11]) + Number(fields[12])),
      privateBytes: pageBytes * (resident - shared),
      sharedBytes: pageBytes * shared,
    }
  } catch {
    // It has ended.
    return undefined
  }
}

/** Milliseconds in which each whole disk had something to do; field 10 of its statistics (Documentation/admin-guide/iostats). */
function readDisks(): Map<string, number> {
  const lines = read('/proc/diskstats').split('\n')
  const disks = new Set(readdirSync('/sys/block').filter((name) => !/^(loop|ram|zram)/.test(name)))
  return new Map(
    lines.flatMap((line): [string, number][] => {
      const [, , name = '', ...counters] = line.trim().split(/\s+/)
      return disks.has(name) ? [[name, Number(counters[9])]] : []
    }),
  )
}

function read(file: string): string {
  return readFileSync(file, 'utf8')
}
