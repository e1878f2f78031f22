import { createdOnce } from './created-once.ts'
import { endsAfterFaults } from './ends-after-faults.ts'
import { endsInTime } from './ends-in-time.ts'
import { equalArms } from './equal-arms.ts'
import { everyArmSeen } from './every-arm-seen.ts'
import type { Evidence, Finding } from './evidence.ts'
import { noFailureWithoutCause } from './no-failure-without-cause.ts'
import { noPassWithoutData } from './no-pass-without-data.ts'
import { noSampleLost } from './no-sample-lost.ts'
import { noStopTooEarly } from './no-stop-too-early.ts'
import { nothingLeft } from './nothing-left.ts'
import { recovers } from './recovers.ts'

/** What must hold of every run, and what each looks at, one and many. */
export const invariants = {
  'every arm seen': { check: everyArmSeen, noun: 'arm' },
  'created once': { check: createdOnce, noun: 'object' },
  'nothing left': { check: nothingLeft, noun: 'object' },
  'no sample lost': { check: noSampleLost, noun: 'sample' },
  'no stop too early': { check: noStopTooEarly, noun: 'stop' },
  'no pass without data': { check: noPassWithoutData, noun: 'passed run' },
  'equal arms': { check: equalArms, noun: 'pair' },
  'ends in time': { check: endsInTime, noun: 'run' },
  'ends after faults': { check: endsAfterFaults, noun: 'run' },
  recovers: { check: recovers, noun: 'cluster' },
  'no failure without cause': { check: noFailureWithoutCause, noun: 'outcome' },
} satisfies Record<string, { check: (evidence: Evidence) => Finding; noun: string }>

export type InvariantName = keyof typeof invariants
export const invariantNames = Object.keys(invariants) as InvariantName[]

/** What each invariant found in a run, whatever went wrong in its clusters. */
export function examine(evidence: Evidence): Record<InvariantName, Finding> {
  const found = invariantNames.map((name) => [name, invariants[name].check(evidence)] as const)
  return Object.fromEntries(found) as Record<InvariantName, Finding>
}

/** How many things each has looked at. */
export function checkedIn(findings: Readonly<Record<InvariantName, Finding>>): Record<InvariantName, number> {
  return Object.fromEntries(invariantNames.map((name) => [name, findings[name].checked])) as Record<
    InvariantName,
    number
  >
}

/** What does not hold, as sentences that begin with the invariant's name. */
export function violationsIn(findings: Readonly<Record<InvariantName, Finding>>): string[] {
  return invariantNames.flatMap((name) => findings[name].violations.map((told) => `${name}: ${told}`))
}
