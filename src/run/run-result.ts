import { forecastSteps } from '../fleet/step-forecast.ts'
import { beyondTested } from '../fleet/tested-limits.ts'
import { conditionsHash, planHash } from '../plan/parse.ts'
import type { Plan } from '../plan/plan.ts'
import type { ArmOutcome, EndingKind, Result } from '../result/result.ts'
import { commonVersions } from '../result/versions.ts'
import { stepKinds } from '../steps/registry.ts'
import type { RunContext } from './context.ts'
import { boundsIn } from './thresholds.ts'
import { judgeRun } from './verdict.ts'

/** Why a run ends early; one that was killed could not say of what kind that is. */
export interface Ending {
  message: string
  kind: EndingKind | undefined
}

/** What is known when a run ends, or after one of its arms. */
interface Done {
  /** Warm-ups among them. */
  arms: ArmOutcome[]
  durationMs: number
  /** What ended it early; undefined where it goes to its end, also if single arms do not. */
  ending: Ending | undefined
  /** Whether any arm did not go to its end. */
  hasFailed: boolean
}

/** The result of a run, judged by what there is of it. */
export function resultOfRun(
  { runId, plan, target, host, whatIf, earlier, baselines, checklists = [] }: RunContext,
  { arms: done, durationMs, ending, hasFailed }: Done,
): Result {
  const beyond = beyondTested(plan, forecastSteps(plan, stepKinds))
  const arms = done.filter(({ repetition }) => repetition > 0)
  const warmUps = done.filter(({ repetition }) => repetition === 0)
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
    // A simulation is the same whether it was stopped or not.
    ...(earlier !== undefined && target.evidence === 'measured' && { resumptions: earlier.resumptions }),
    versions: commonVersions(arms),
    machine: host.machine,
    orchestrator: host.peakMemoryBytes === null ? null : { peakMemoryBytes: host.peakMemoryBytes() },
    reference: referenceOf(plan),
    material: plan.material,
    ...(whatIf === undefined ? {} : { whatIf: whatIf.record }),
    ...(warmUps.length === 0 ? {} : { warmUps }),
    ...(beyond.length > 0 && { beyondTested: beyond }),
    ...(checklists.length > 0 && { checklists }),
    arms,
    ...judgeRun({ thresholds: boundsIn(plan), arms, ending: ending?.message, baselines }),
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
