import type { RecordingSources } from '../record/recording.ts'
import { watchNoMachine } from '../record/this-machine.ts'
import type { Result } from '../result/result.ts'

/** The machine that a run is carried out on, and today: everything of a result that is not of the plan and its clusters. */
export interface Host extends Pick<RecordingSources, 'watchMachine' | 'readMachine'> {
  /** Wall-clock time of the start, for the record only; null where time is virtual. */
  startedAt: string | null
  /** What machine it is; null where the clusters have nothing to do with it. */
  machine: Result['machine']
  /** The most memory that this program has had so far; null where the result is to be the same on every machine. */
  peakMemoryBytes: (() => number) | null
}

/** Of a run on virtual time: nothing of this machine, or of today, goes into its result. */
export const virtualHost: Host = {
  startedAt: null,
  watchMachine: watchNoMachine,
  readMachine: null,
  machine: null,
  peakMemoryBytes: null,
}
