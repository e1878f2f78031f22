import { sumOf } from '../base/sum.ts'
import type { Curve } from '../result/parts.ts'
import { machineBoundAbove } from '../result/parts.ts'
import type { MachineOutcome, MachinePhase } from '../result/result.ts'

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

/** The machine at one moment, and what it was at most and on average since the moment before. */
export interface MachinePoint {
  readonly atMs: number
  readonly busyMs: number
  readonly totalMs: number
  /** Sum and number of the lengths that were read. */
  readonly runQueue: { readonly sum: number; readonly count: number }
  readonly memoryUsedMaxBytes: number
  readonly disksBusyMs: ReadonlyMap<string, number>
  /** By component: processor time since it was first seen, also of processes that have ended; the most memory that its processes had. */
  readonly components: ReadonlyMap<string, { readonly usedMs: number; readonly memoryMaxBytes: number }>
}

/** The machine between two moments: points in the order of time, the first and the last of them at the ends. */
export interface MachineSpan {
  readonly points: readonly MachinePoint[]
  /** Why readings are missing in between. */
  readonly gaps: readonly string[]
}

/**
 * Collects readings and knows which step of the arm each of them belongs to. A component counts from when it is first seen. A long arm's readings
 * are merged, two into one, so that the record never takes more than a few megabytes.
 */
export interface MachineRecord {
  /** A reading for the curves. */
  sample(reading: MachineReading): MachinePoint
  /** A step begins. */
  begin(step: string, title: string, reading: MachineReading): void
  /** The step that began last is over. */
  end(reading: MachineReading): void
  /** A moment from which, or until which, a span goes. */
  mark(reading: MachineReading): MachinePoint
  between(from: MachinePoint, to: MachinePoint): readonly MachinePoint[]
  summary(): MachineOutcome
}

interface Phase {
  step: string
  title: string
  first: MachinePoint
  last: MachinePoint | undefined
}

/** An empty record. */
export function createMachineRecord(): MachineRecord {
  let points: MachinePoint[] = []
  /** Those for the curves: points at the ends of steps may lie too close together. */
  const sampled = new Set<MachinePoint>()
  /** Those that stay as they are. */
  const edges = new Set<MachinePoint>()
  const phases: Phase[] = []
  /** By process: its processor time when it was first seen and last, also of those that have ended. */
  const processorMs = new Map<string, Map<number, { first: number; last: number }>>()
  const peaks = new Map<string, { processes: number; memoryBytes: number }>()

  const usedBy = (component: string) =>
    sumOf([...(processorMs.get(component)?.values() ?? [])].map(({ first, last }) => last - first))

  const note = (component: string, processes: readonly ComponentReading[]): number => {
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
    return memoryBytes
  }

  const add = (reading: MachineReading): MachinePoint => {
    const { atMs, busyMs, totalMs, runQueue, disksBusyMs } = reading
    const memory = new Map(
      [...reading.components].map(([component, processes]) => [component, note(component, processes)]),
    )
    const point: MachinePoint = {
      atMs,
      busyMs,
      totalMs,
      runQueue: runQueue === null ? { sum: 0, count: 0 } : { sum: runQueue, count: 1 },
      memoryUsedMaxBytes: reading.memoryUsedBytes,
      disksBusyMs,
      components: new Map(
        [...processorMs.keys()].map((component) => [
          component,
          // One whose processes have all ended has none.
          { usedMs: usedBy(component), memoryMaxBytes: memory.get(component) ?? 0 },
        ]),
      ),
    }
    if (points.push(point) === 1) {
      edges.add(point)
      sampled.add(point)
    }
    return point
  }
  const addEdge = (reading: MachineReading): MachinePoint => {
    const point = add(reading)
    edges.add(point)
    return point
  }

  /** Merges every two points next to each other, where none of them is an edge. */
  const thin = () => {
    const fewer: MachinePoint[] = []
    const merged = new Set<MachinePoint>()
    for (const point of points) {
      const before = fewer.at(-1)
      const isLone = before === undefined || merged.has(before) || [before, point].some((one) => edges.has(one))
      if (isLone) fewer.push(point)
      else {
        const both = merge(before, point)
        fewer[fewer.length - 1] = both
        merged.add(both)
        sampled.delete(before)
        sampled.delete(point)
        sampled.add(both)
      }
    }
    points = fewer
  }

  const between = (from: MachinePoint, to: MachinePoint) => points.slice(points.indexOf(from), points.indexOf(to) + 1)

  return {
    sample(reading) {
      const point = add(reading)
      sampled.add(point)
      if (sampled.size > mostSampled) thin()
      return point
    },
    begin(step, title, reading) {
      phases.push({ step, title, first: addEdge(reading), last: undefined })
    },
    end(reading) {
      const point = addEdge(reading)
      const phase = phases.at(-1)
      if (phase !== undefined) phase.last ??= point
    },
    mark: addEdge,
    between,
    summary() {
      const [first, latest] = [points[0], points.at(-1)]
      if (first === undefined || latest === undefined)
        return { phases: [], curves: { busy: [], runQueue: [], memoryUsedBytes: [], diskBusy: [] }, components: [] }
      const startMs = first.atMs
      const drawn = points.filter((point) => sampled.has(point))
      const spans = spansOf(drawn.length).map(([from, to]) =>
        figuresOf(between(drawn[from] as MachinePoint, drawn[to] as MachinePoint)),
      )
      /** What is not known of a span leaves a gap. */
      const curveOf = (value: (figures: MachineFigures) => number | null): Curve =>
        spans.flatMap((figures): Curve => {
          const found = value(figures)
          return found === null ? [] : [[figures.endMs - startMs, found]]
        })
      return {
        phases: phases.map(({ step, title, first: from, last: to = latest }): MachinePhase => {
          const span = between(from, to)
          const { startMs: fromMs, endMs, busy, diskBusy, coresOf } = figuresOf(span)
          return {
            step,
            title,
            startMs: fromMs - startMs,
            endMs: endMs - startMs,
            busy,
            machineBound: busy > machineBoundAbove && endMs - fromMs >= shortestMs,
            runQueue: runQueueOf(span),
            memoryUsedMaxBytes: memoryUsedMaxOf(span),
            diskBusy,
            cores: Object.fromEntries([...peaks.keys()].map((component) => [component, coresOf(component)])),
          }
        }),
        curves: {
          busy: curveOf(({ busy }) => busy),
          runQueue: curveOf(({ runQueue }) => runQueue),
          memoryUsedBytes: curveOf(({ memoryUsedMaxBytes }) => memoryUsedMaxBytes),
          diskBusy: curveOf(({ diskBusy }) => diskBusy),
        },
        components: [...peaks].map(([component, { processes, memoryBytes }]) => ({
          component,
          processes,
          processorMs: usedBy(component),
          memoryPeakBytes: memoryBytes,
          coresCurve: curveOf(({ coresOf }) => coresOf(component)),
        })),
      }
    },
  }
}

/** So many points are kept of those taken once a second: of the last hour or so each, of longer arms every second or fourth. */
const mostSampled = 4096

function merge(earlier: MachinePoint, later: MachinePoint): MachinePoint {
  const { sum, count } = later.runQueue
  return {
    ...later,
    runQueue: { sum: earlier.runQueue.sum + sum, count: earlier.runQueue.count + count },
    memoryUsedMaxBytes: Math.max(earlier.memoryUsedMaxBytes, later.memoryUsedMaxBytes),
    components: new Map(
      [...later.components].map(([component, { usedMs, memoryMaxBytes }]) => {
        const before = earlier.components.get(component)?.memoryMaxBytes
        return [
          component,
          { usedMs, memoryMaxBytes: Math.max(memoryMaxBytes, ...(before === undefined ? [] : [before])) },
        ]
      }),
    ),
  }
}

/** What the machine did in a span. */
export interface MachineFigures {
  startMs: number
  endMs: number
  /** Share of all processor time in use, 0 to 1. */
  busy: number
  /** Threads running or waiting for a processor, mean of what was read after the beginning; null where the kernel does not tell. */
  runQueue: number | null
  /** The most memory in use after the beginning. */
  memoryUsedMaxBytes: number
  /** Share of the time in which a disk had something to do, of the busiest disk; null where the kernel does not tell. */
  diskBusy: number | null
  /** Processor cores that a component used. */
  coresOf(component: string): number
}

/** What the machine did between the first and the last of these points, of which there is one at least. */
export function figuresOf(points: readonly MachinePoint[]): MachineFigures {
  const [from, to] = [points[0] as MachinePoint, points.at(-1) as MachinePoint]
  const spanMs = to.atMs - from.atMs
  const since = points.slice(1)
  return {
    startMs: from.atMs,
    endMs: to.atMs,
    busy: busyBetween(from, to),
    runQueue: runQueueOf(since),
    memoryUsedMaxBytes: memoryUsedMaxOf(since),
    diskBusy: diskBusyBetween(from, to),
    coresOf(component) {
      // A component counts from when it is first seen: before that it has used nothing.
      const usedUntil = ({ components }: MachinePoint) => components.get(component)?.usedMs ?? 0
      return spanMs <= 0 ? 0 : (usedUntil(to) - usedUntil(from)) / spanMs
    },
  }
}

function memoryUsedMaxOf(points: readonly MachinePoint[]): number {
  return Math.max(...points.map((point) => point.memoryUsedMaxBytes))
}

/** Mean of what is known. */
function runQueueOf(points: readonly MachinePoint[]): number | null {
  const count = sumOf(points.map(({ runQueue }) => runQueue.count))
  return count === 0 ? null : sumOf(points.map(({ runQueue }) => runQueue.sum)) / count
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
function busyBetween(from: MachinePoint, to: MachinePoint): number {
  const totalMs = to.totalMs - from.totalMs
  return totalMs <= 0 ? 0 : (to.busyMs - from.busyMs) / totalMs
}

/** Of the disk that was busy longest. */
function diskBusyBetween(from: MachinePoint, to: MachinePoint): number | null {
  const spanMs = to.atMs - from.atMs
  // A disk that came in between has no beginning.
  const busyMs = [...to.disksBusyMs].flatMap(([disk, total]) => {
    const before = from.disksBusyMs.get(disk)
    return before === undefined ? [] : [total - before]
  })
  return busyMs.length === 0 || spanMs <= 0 ? null : Math.min(1, Math.max(...busyMs) / spanMs)
}
