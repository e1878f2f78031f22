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
  /** Threads that run or wait for a processor, at this moment; null where the kernel does not tell. */
  runQueue: number | null
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

  const usedBy = (component: string) =>
    sumOf([...(processorMs.get(component)?.values() ?? [])].map(({ first, last }) => last - first))

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
      const peak = peaks.get(component) ?? { processes: processes.length, memoryBytes }
      peaks.set(component, {
        processes: Math.max(peak.processes, processes.length),
        memoryBytes: Math.max(peak.memoryBytes, memoryBytes),
      })
    }
    totals.push(new Map([...processorMs.keys()].map((component) => [component, usedBy(component)])))
  }

  const at = (index: number) => readings[index] as MachineReading
  const coresUsed = (component: string, from: number, to: number) => {
    const spanMs = at(to).atMs - at(from).atMs
    // A component counts from when it is first seen: before that it has used nothing.
    const usedUntil = (index: number) => totals[index]?.get(component) ?? 0
    return spanMs <= 0 ? 0 : (usedUntil(to) - usedUntil(from)) / spanMs
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
      const [first] = readings
      if (first === undefined)
        return { phases: [], curves: { busy: [], runQueue: [], memoryUsedBytes: [], diskBusy: [] }, components: [] }
      const startMs = first.atMs
      const spans = spansOf(sampled.length).map(
        ([from, to]) => [sampled[from] as number, sampled[to] as number] as const,
      )
      /** What is not known of a span leaves a gap. */
      const curveOf = (value: (from: number, to: number) => number | null): Curve =>
        spans.flatMap(([from, to]): Curve => {
          const found = value(from, to)
          return found === null ? [] : [[at(to).atMs - startMs, found]]
        })
      const since = (from: number, to: number) => readings.slice(from + 1, to + 1)
      return {
        phases: phases.map(({ step, title, first: from, last: to = readings.length - 1 }): MachinePhase => {
          const within = readings.slice(from, to + 1)
          const busy = busyBetween(at(from), at(to))
          return {
            step,
            title,
            startMs: at(from).atMs - startMs,
            endMs: at(to).atMs - startMs,
            busy,
            machineBound: busy > machineBoundAbove && at(to).atMs - at(from).atMs >= shortestMs,
            runQueue: meanOf(within.map(({ runQueue }) => runQueue)),
            memoryUsedMaxBytes: Math.max(...within.map(({ memoryUsedBytes }) => memoryUsedBytes)),
            diskBusy: diskBusyBetween(at(from), at(to)),
            cores: Object.fromEntries(
              [...peaks.keys()].map((component) => [component, coresUsed(component, from, to)]),
            ),
          }
        }),
        curves: {
          busy: curveOf((from, to) => busyBetween(at(from), at(to))),
          runQueue: curveOf((from, to) => meanOf(since(from, to).map((one) => one.runQueue))),
          memoryUsedBytes: curveOf((from, to) => Math.max(...since(from, to).map((one) => one.memoryUsedBytes))),
          diskBusy: curveOf((from, to) => diskBusyBetween(at(from), at(to))),
        },
        components: [...peaks].map(([component, { processes, memoryBytes }]) => ({
          component,
          processes,
          processorMs: usedBy(component),
          memoryPeakBytes: memoryBytes,
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

/** No time has passed, as far as the kernel counts, where both readings fall into one of its ticks: then nothing was in use. */
function busyBetween(from: MachineReading, to: MachineReading): number {
  const totalMs = to.totalMs - from.totalMs
  return totalMs <= 0 ? 0 : (to.busyMs - from.busyMs) / totalMs
}

/** Of the disk that was busy longest. */
function diskBusyBetween(from: MachineReading, to: MachineReading): number | null {
  const spanMs = to.atMs - from.atMs
  // A disk that came in between has no beginning.
  const busyMs = [...to.disksBusyMs].flatMap(([disk, total]) => {
    const before = from.disksBusyMs.get(disk)
    return before === undefined ? [] : [total - before]
  })
  return busyMs.length === 0 || spanMs <= 0 ? null : Math.min(1, Math.max(...busyMs) / spanMs)
}

/** Of what is known. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : sumOf(known) / known.length
}
