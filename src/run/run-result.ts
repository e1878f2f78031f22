import { conditionsHash, planHash } from '../plan/parse.ts'
import type { Plan } from '../plan/plan.ts'
import type { ArmOutcome, EndingKind, Result } from '../result/result.ts'
import { commonVersions } from '../result/versions.ts'
import type { RunContext } from './context.ts'
import { boundsOf } from './thresholds.ts'
import { judgeRun } from './verdict.ts'

/** Why a run ends early; one that was killed could not say of what kind that is. */
export interface Ending {
  message: string
  kind: EndingKind | undefined
}

/** What is known when a run ends, or after one of its arms. */
interface Done {
  arms: ArmOutcome[]
  durationMs: number
  /** What ended it early; undefined where it goes to its end, also if single arms do not. */
  ending: Ending | undefined
  /** Whether any arm did not go to its end. */
  hasFailed: boolean
}

/** The result of a run, judged by what there is of it. */
export function resultOfRun(
  { runId, plan, target, host, whatIf }: RunContext,
  { arms, durationMs, ending, hasFailed }: Done,
): Result {
  return {
    schema: 2,
    run: runId,
    plan: plan.name,
    planHash: planHash(plan),
    conditionsHash: conditionsHash(plan),
    ...(plan.description === undefined ? {} : { description: plan.description }),
    evidence: target.evidence,
    target: target.name,
    partial: ending !== undefined || hasFailed,
    ...(ending === undefined ? {} : { ending: ending.message }),
    ...(ending?.kind === undefined ? {} : { endedBy: ending.kind }),
    startedAt: host.startedAt,
    durationMs,
    versions: commonVersions(arms),
    machine: host.machine,
    orchestrator: host.peakMemoryBytes === null ? null : { peakMemoryBytes: host.peakMemoryBytes() },
    reference: referenceOf(plan),
    ...(whatIf === undefined ? {} : { whatIf: whatIf.record }),
    arms,
    ...judgeRun({ thresholds: plan.thresholds.map(boundsOf), arms, ending: ending?.message }),
  }
}

function referenceOf({ reference }: Plan): Result['reference'] {
  if (reference === undefined) return null
  const figures = reference.figures.map(({ value, note, profile: arm, ...figure }) => ({
    ...figure,
    arm,
    valueMs: value,
    ...(note === undefined ? {} : { note }),
  }))
  return { source: reference.source, figures }
}
