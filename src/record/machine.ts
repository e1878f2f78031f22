import type { Clock } from '../base/clock.ts'
import { plural } from '../base/count.ts'
import { messageOf } from '../base/errors.ts'
import type {
  ClusterProcess,
  MachinePoint,
  MachineReading,
  MachineSpan,
  ReadMachine,
} from '../measure/machine-record.ts'
import { createMachineRecord, figuresOf } from '../measure/machine-record.ts'
import type { Unread } from '../measure/window.ts'
import type { MachineOutcome } from '../result/result.ts'
import type { Told } from '../result/sample-line.ts'
import type { Tell } from './samples.ts'

/** Follows the machine through an arm. */
export interface MachineSource {
  /** A step begins: the machine's record is kept by step. */
  begin(step: string, title: string): void
  /** The step that began last is over. */
  end(): void
  /** Whose processes are to be told apart, from now on. */
  watch(processes: () => ClusterProcess[]): void
  /** What happens from now on; null where nothing of the cluster runs on this machine. */
  mark(): () => MachineSpan | Unread | null
  /** Null when nothing of the cluster ran on this machine. */
  stop(): Promise<MachineOutcome | null>
}

const everyMs = 1000

/**
 * Starts reading the machine once a second, and at the edges of steps and phases; not at all where nobody can read it. What it did in each second
 * is told.
 */
export function recordMachine(readMachine: ReadMachine | null, clock: Clock, tell: Tell): MachineSource {
  if (readMachine === null)
    return { begin: () => {}, end: () => {}, watch: () => {}, mark: () => () => null, stop: async () => null }
  const record = createMachineRecord()
  const ending = new AbortController()
  let processes: () => ClusterProcess[] = () => []
  let isHere = false
  let failures = 0
  let reason = ''
  /** A reading that fails leaves a gap: nothing that only looks on may end a run, or keep it from being torn down. */
  const reading = <T>(take: (reading: MachineReading) => T): T | undefined => {
    try {
      const running = processes()
      isHere ||= running.length > 0
      return take(readMachine(running))
    } catch (error) {
      failures++
      reason = messageOf(error)
      tell({ kind: 'gap', source: 'machine', because: reason })
      return undefined
    }
  }
  let before: MachinePoint | undefined
  const sample = (taken: MachineReading) => {
    const point = record.sample(taken)
    if (isHere && before !== undefined) tell(toldOf(before, point), point.atMs)
    before = point
  }
  const sampling = (async () => {
    for (;;) {
      await clock.sleep(everyMs, ending.signal)
      reading(sample)
    }
  })().catch((error: unknown) => {
    if (!ending.signal.aborted) throw error
  })
  const spanOf = (from: MachinePoint | undefined, failuresBefore: number): MachineSpan | Unread | null => {
    const to = reading(record.mark)
    if (!isHere) return null
    if (from === undefined || to === undefined) return { unread: reason }
    const missing = failures - failuresBefore
    const gaps = missing === 0 ? [] : [`${plural(missing, 'reading')} of the machine: ${reason}`]
    return { points: record.between(from, to), gaps }
  }
  return {
    begin(step, title) {
      reading((first) => record.begin(step, title, first))
    },
    end() {
      reading(record.end)
    },
    watch(running) {
      processes = running
    },
    mark() {
      const from = reading(record.mark)
      const failuresBefore = failures
      return () => spanOf(from, failuresBefore)
    },
    async stop() {
      ending.abort()
      await sampling
      return isHere ? record.summary() : null
    },
  }
}

function toldOf(before: MachinePoint, point: MachinePoint): Told {
  const { startMs, endMs, busy, runQueue, memoryUsedMaxBytes, diskBusy, coresOf } = figuresOf([before, point])
  return {
    kind: 'machine',
    spanMs: endMs - startMs,
    busyRatio: busy,
    runQueue,
    memoryUsedBytes: memoryUsedMaxBytes,
    diskBusyRatio: diskBusy,
    components: Object.fromEntries(
      [...point.components].map(([component, { memoryMaxBytes }]) => [
        component,
        { cores: coresOf(component), memoryBytes: memoryMaxBytes },
      ]),
    ),
  }
}
