import { sumOf } from '../../base/sum.ts'
import type { Plan } from '../../plan/plan.ts'
import type { ArmOutcome, Result } from '../../result/result.ts'
import type { PodTimeline, SampleLine } from '../../result/sample-line.ts'
import type { FaultKind } from '../faults/index.ts'
import type { LeftObject, Witness } from './witness.ts'

/** What the run's samples tell of the pods of one measurement. */
export interface Taken {
  /** `fill`, or a probe's name. */
  measured: string
  /** When that was over. */
  atMs: number
  pods: readonly PodTimeline[]
}

/** What the run's samples tell of pods in one arm; what was not told to its end counts as never told. */
export function takenIn({ samples }: Pick<Evidence, 'samples'>, armId: string): Taken[] {
  const own = samples.filter((line) => line.armId === armId)
  const pods = own.filter((line) => line.kind === 'pod')
  return own
    .filter((line) => line.kind === 'pods')
    .map(({ probe: measured, atMs }) => ({
      measured,
      atMs,
      pods: pods.filter((pod) => pod.probe === measured && pod.atMs === atMs),
    }))
}

/** What is known of a run once it is over: what it says, and what its clusters saw. */
export interface Evidence {
  plan: Plan
  result: Result
  /** What ended the run early. */
  error?: unknown
  /** Everything that it told of what happened over time. */
  samples: readonly SampleLine[]
  witnesses: readonly Witness[]
  /** What went wrong in its clusters. */
  struck: ReadonlySet<FaultKind>
  /** Whether it had less time than it needs. */
  wasHurried: boolean
  /** What became of its last cluster once nothing went wrong any more. */
  recovery: Recovery
}

/** How a cluster and the program came round after the faults. */
export interface Recovery {
  /** How long the run went on after its last fault was over; null where faults do not end by themselves. */
  wentOnMs: number | null
  /** From the end of the faults until `cleanup` was through. */
  cleanedAfterMs: number
  /** What `cleanup` could not remove, and what was there all the same. */
  residue: readonly string[]
  left: readonly LeftObject[]
  /** The run that followed, and what it left. */
  again: Result
  leftAgain: readonly LeftObject[]
}

/** One arm's cluster, and what the run says of that arm. */
export interface Seen {
  witness: Witness
  arm: ArmOutcome
}

/** What an invariant looked at, how many of them, and what does not hold, as sentences. */
export interface Finding {
  /** Things that would have broken it had they been otherwise: none, and it holds of nothing. */
  checked: number
  violations: string[]
}

/** The findings of several looks together. */
export function together(findings: readonly Finding[]): Finding {
  return {
    checked: sumOf(findings.map(({ checked }) => checked)),
    violations: findings.flatMap(({ violations }) => violations),
  }
}

/** Every arm that had a cluster: `everyArmSeen` holds them to be all there are. */
export function armsSeen({ result, witnesses }: Pick<Evidence, 'result' | 'witnesses'>): Seen[] {
  return witnesses.flatMap((witness) => {
    const arm = result.arms.find(({ id }) => id === witness.armId)
    return arm === undefined ? [] : [{ witness, arm }]
  })
}

/**
 * How late a moment may be told and still count as exact: what a follower needs to open a stream, which it does behind a server
 * that is up to a hundred times too slow.
 */
export const latestMs = 5000
