import { sumOf } from '../base/sum.ts'
import type { Curve, MachineOutcome, MachinePhase } from '../result/result.ts'
import { machineBoundAbove } from '../result/result.ts'

/** A process of the cluster on this machine. */
export interface ClusterProcess {
  /** `kube-apiserver`, `etcd`, `hollow-node`. */
  component: string
  pid: number
}

/** What the kernel has counted so far; what lies between two readings happened in between. */
export interface MachineReading {
  atMs: number
  /** Of all cores together. */
  busyMs: number
  totalMs: number
  /** Threads that run or wait for a processor, at this moment. */
  runQueue: number
  memoryUsedBytes: number
  /** By disk: how long it had something to do. */
  disksBusyMs: ReadonlyMap<string, number>
  components: ReadonlyMap<string, readonly ComponentReading[]>
}

export interface ComponentReading {
  pid: number
  processorMs: number
  /** Memory that is the process's own. */
  privateBytes: number
  /** Its program, which other processes of the same program share. */
  sharedBytes: number
}

/** Reads the machine's counters, and those of the given processes. */
export type ReadMachine = (processes: readonly ClusterProcess[]) => MachineReading

/**
 * Collects readings and knows which step of the arm each of them belongs to. A component counts from when it is first seen.
 */
export interface MachineRecord {
  /** A reading for the curves. */
  sample(reading: MachineReading): void
  /** A step begins. */
  begin(step: string, title: string, reading: MachineReading): void
  /** The step that began last is over. */
  end(reading: MachineReading): void
  summary(): MachineOutcome
}

/** An empty record. */
export function createMachineRecord(): MachineRecord {
  const readings: MachineReading[] = []
  /** Positions of the readings for the curves: those at the ends of steps may lie too close together. */
  const sampled: number[] = []
  const phases: { step: string; title: string; first: number; last: number | undefined }[] = []
  /** By process: its processor time when it was first seen and last, also of those that have ended. */
  const processorMs = new Map<string, Map<number, { first: number; last: number }>>()
  const peaks = new Map<string, { processes: number; memoryBytes: number }>()
  /** Total processor time of every component at every reading. */
  const totals: Map<string, number>[] = []

  const add = (reading: MachineReading) => {
    // Components are kept as totals: of 500 processes an hour long they would fill the memory.
    if (readings.push({ ...reading, components: new Map() }) === 1) sampled.push(0)
    for (const [component, processes] of reading.components) {
      const known = processorMs.get(component)
      const times = known ?? new Map<number, { first: number; last: number }>()
      // A component that is there when it is first looked at has a past; what joins it later has not.
      for (const { pid, processorMs: last } of processes)
        times.set(pid, { first: times.get(pid)?.first ?? (known === undefined ? last : 0), last })
      processorMs.set(component, times)
      const memoryBytes =
        processes.reduce((sum, one) => sum + one.privateBytes, 0) + Math.max(...processes.map((one) => one.sharedBytes))
      const peak = peaks.get(component)
      peaks.set(component, {
        processes: Math.max(peak?.processes ?? 0, processes.length),
        memoryBytes: Math.max(peak?.memoryBytes ?? 0, memoryBytes),
      })
    }
    const usedBy = (times: Map<number, { first: number; last: number }>) =>
      sumOf(times.values().map(({ first, last }) => last - first))
    totals.push(new Map([...processorMs].map(([component, times]) => [component, usedBy(times)])))
  }

  const coresUsed = (component: string, from: number, to: number) => {
    const spanMs = elapsedMs(readings[from], readings[to])
    const used = (totals[to]?.get(component) ?? 0) - (totals[from]?.get(component) ?? 0)
    return spanMs <= 0 ? 0 : used / spanMs
  }

  return {
    sample(reading) {
      add(reading)
      if (readings.length > 1) sampled.push(readings.length - 1)
    },
    begin(step, title, reading) {
      add(reading)
      phases.push({ step, title, first: readings.length - 1, last: undefined })
    },
    end(reading) {
      add(reading)
      const phase = phases.at(-1)
      if (phase !== undefined) phase.last ??= readings.length - 1
    },
    summary() {
      const startMs = readings[0]?.atMs ?? 0
      const components = [...processorMs.keys()]
      const spans = spansOf(sampled.length).map(([from, to]) => [sampled[from] ?? 0, sampled[to] ?? 0] as const)
      const curveOf = (value: (from: number, to: number) => number): Curve =>
        spans.map(([from, to]) => [(readings[to]?.atMs ?? 0) - startMs, value(from, to)])
      const at = (index: number) => readings[index]
      return {
        phases: phases.map(({ step, title, first, last = readings.length - 1 }): MachinePhase => {
          const within = readings.slice(first, last + 1)
          const busy = busyBetween(at(first), at(last))
          return {
            step,
            title,
            startMs: (at(first)?.atMs ?? startMs) - startMs,
            endMs: (at(last)?.atMs ?? startMs) - startMs,
            busy,
            machineBound: busy > machineBoundAbove && elapsedMs(at(first), at(last)) >= shortestMs,
            runQueue: meanOf(within.map(({ runQueue }) => runQueue)),
            memoryUsedMaxBytes: Math.max(0, ...within.map(({ memoryUsedBytes }) => memoryUsedBytes)),
            diskBusy: diskBusyBetween(at(first), at(last)),
            cores: Object.fromEntries(components.map((component) => [component, coresUsed(component, first, last)])),
          }
        }),
        curves: {
          busy: curveOf((from, to) => busyBetween(at(from), at(to))),
          runQueue: curveOf((from, to) => meanOf(readings.slice(from + 1, to + 1).map((one) => one.runQueue)) ?? 0),
          memoryUsedBytes: curveOf((from, to) =>
            Math.max(...readings.slice(from + 1, to + 1).map((one) => one.memoryUsedBytes)),
          ),
          diskBusy: curveOf((from, to) => diskBusyBetween(at(from), at(to)) ?? 0),
        },
        components: components.map((component) => ({
          component,
          processes: peaks.get(component)?.processes ?? 0,
          processorMs: totals.at(-1)?.get(component) ?? 0,
          memoryPeakBytes: peaks.get(component)?.memoryBytes ?? 0,
          coresCurve: curveOf((from, to) => coresUsed(component, from, to)),
        })),
      }
    },
  }
}

/** A step shorter than this tells nothing about the machine: the kernel counts in hundredths of a second. */
const shortestMs = 1000

/** A curve has at most so many points: each is the mean over as many readings as that takes. */
const mostPoints = 240

/** Pairs of readings that lie about equally far apart and cover everything between the first and the last. */
function spansOf(readings: number): [number, number][] {
  const intervals = Math.max(0, readings - 1)
  const points = Math.min(mostPoints, intervals)
  const edge = (index: number) => Math.round((index * intervals) / points)
  return Array.from({ length: points }, (_, index): [number, number] => [edge(index), edge(index + 1)])
}

function busyBetween(from: MachineReading | undefined, to: MachineReading | undefined): number {
  const totalMs = (to?.totalMs ?? 0) - (from?.totalMs ?? 0)
  return totalMs <= 0 ? 0 : ((to?.busyMs ?? 0) - (from?.busyMs ?? 0)) / totalMs
}

function elapsedMs(from: MachineReading | undefined, to: MachineReading | undefined): number {
  return (to?.atMs ?? 0) - (from?.atMs ?? 0)
}

/** Of the disk that was busy longest. */
function diskBusyBetween(from: MachineReading | undefined, to: MachineReading | undefined): number | null {
  const spanMs = elapsedMs(from, to)
  const busyMs = [...(to?.disksBusyMs ?? [])].map(([disk, total]) => total - (from?.disksBusyMs.get(disk) ?? total))
  return busyMs.length === 0 || spanMs <= 0 ? null : Math.min(1, Math.max(...busyMs) / spanMs)
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : sumOf(values) / values.length
}
