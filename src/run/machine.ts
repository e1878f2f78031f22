import type { Clock } from '../base/clock.ts'
import type { MachineReading, ReadMachine } from '../measure/machine-record.ts'
import { createMachineRecord } from '../measure/machine-record.ts'
import type { MachineOutcome } from '../result/result.ts'
import type { Cluster } from '../targets/target.ts'
import type { OutlineArm, RunEventSink } from './events.ts'

/** Follows the machine through an arm. */
export interface ArmMachine {
  /** Takes the arm's events, to know which step it is in, and passes them on. */
  emit: RunEventSink
  /** Whose processes are to be told apart, from now on. */
  watch(cluster: Cluster): void
  /** Null when nothing of the cluster ran on this machine. */
  stop(): Promise<MachineOutcome | null>
}

const everyMs = 1000

/** Starts reading the machine once a second, and whenever a step of the arm begins or ends. */
export function recordMachine(
  { steps }: OutlineArm,
  { clock, emit, readMachine }: { clock: Clock; emit: RunEventSink; readMachine: ReadMachine | null },
): ArmMachine {
  if (readMachine === null) return { emit, watch: () => {}, stop: async () => null }
  const record = createMachineRecord()
  const ending = new AbortController()
  let cluster: Cluster | undefined
  let isHere = false
  /** A reading that fails leaves a gap: nothing that only looks on may end a run, or keep it from being torn down. */
  const reading = (take: (reading: MachineReading) => void) => {
    try {
      const processes = cluster?.processes() ?? []
      isHere ||= processes.length > 0
      take(readMachine(processes))
    } catch {}
  }
  const sampling = (async () => {
    for (;;) {
      await clock.sleep(everyMs, ending.signal)
      reading(record.sample)
    }
  })().catch((error: unknown) => {
    if (!ending.signal.aborted) throw error
  })
  return {
    emit(event) {
      if (event.type === 'step-started') {
        const title = steps.find(({ stepId }) => stepId === event.stepId)?.title ?? event.stepId
        reading((first) => record.begin(event.stepId, title, first))
      }
      if (event.type === 'step-finished' || event.type === 'step-failed') reading(record.end)
      emit(event)
    },
    watch(opened) {
      cluster = opened
    },
    async stop() {
      ending.abort()
      await sampling
      return isHere ? record.summary() : null
    },
  }
}
