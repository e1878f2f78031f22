import { createdOnce } from './created-once.ts'
import { endsInTime } from './ends-in-time.ts'
import { equalArms } from './equal-arms.ts'
import type { Evidence } from './evidence.ts'
import { noFailureWithoutCause } from './no-failure-without-cause.ts'
import { noPassWithoutData } from './no-pass-without-data.ts'
import { noSampleLost } from './no-sample-lost.ts'
import { noStopTooEarly } from './no-stop-too-early.ts'
import { nothingLeft } from './nothing-left.ts'

const invariants: Readonly<Record<string, (evidence: Evidence) => string[]>> = {
  'created once': createdOnce,
  'nothing left': nothingLeft,
  'no sample lost': noSampleLost,
  'no stop too early': noStopTooEarly,
  'no pass without data': noPassWithoutData,
  'equal arms': equalArms,
  'ends in time': endsInTime,
  'no failure without cause': noFailureWithoutCause,
}

/** What must hold of every run, whatever went wrong in its clusters; returns what does not, as sentences. */
export function violationsOf(evidence: Evidence): string[] {
  return Object.entries(invariants).flatMap(([name, check]) => check(evidence).map((told) => `${name}: ${told}`))
}
