import type { Disruptions, Conditions as MeasuringConditions } from '../result/parts.ts'
import type { ArmOutcome, ReferenceFigure, Result } from '../result/result.ts'
import type { Comparison, StepRun } from './comparison.ts'
import type { EvidenceWords } from './evidence.ts'
import { armLabel } from './labels.ts'
import type { Section } from './section.ts'

/**
 * How reports show one kind of step: a kind implements it in src/steps/KIND/view.ts, and `viewOf` is handed the list of all. What it
 * returns is in terms that every format can show.
 */
export interface StepView {
  kind: string
  /** One for each step of the kind that any arm ran. */
  reportsOf(context: ReportContext): StepReport[]
}

/** What a view has to go by. */
export interface ReportContext {
  /** In the order they ran. */
  arms: readonly ArmOutcome[]
  /** In order of first appearance; the first one is the baseline of every ratio. */
  armNames: readonly string[]
  evidence: Result['evidence']
  words: EvidenceWords
  /** Published figures. */
  references: readonly ReferenceFigure[]
  /** The notes of the published figures, which are numbered from 1. */
  notes: readonly string[]
  /** Differences of less than this share are of no interest. */
  material: number
}

/** One step over all arms. */
export interface StepReport {
  /** Its place among the steps. */
  order: number
  /** `rollout` */
  name: string
  /** `rollout 1 → 200`, `filling the cluster` */
  title: string
  /** It makes what the others start from: a what-if counts its times among the cluster's own. */
  isSetUp?: true
  /** By arm, then repetition. */
  runs: RunReport[]
  figures: Comparison
  /** `figures` stands in one of them. */
  sections: Section[]
  /** Its time that the headline is of, by its figure's name, and what an arm does in it: `rolls out 200 pods`. */
  headline?: { figure: string; does: string }
  /** Why figures are what they are, a phrase each, beginning with the run. */
  reasons: string[]
  /** Those of them that a screenful has room for. */
  briefReasons?: string[]
  /** Least times that limits alone make, one per arm in the order of `armNames`. */
  floors: Floor[]
  /** How its test cases are called. */
  tests: { group: string; name: string }
}

export interface Floor {
  /** `kubelet/KubeClient` */
  limiter: string
  /** Null where the limit was not read, or takes no time. */
  ms: (number | null)[]
}

/** One arm's go at a step. */
export interface RunReport extends Pick<StepRun<unknown>, 'arm' | 'label' | 'repetition'> {
  /** As lists call it: `fill`, `rollout`. */
  name: string
  /** The machine's phase that it was, by its id: `probe/rollout`. */
  phase: string
  conditions: Conditions
  /** What lessens trust in its figures, beside its conditions. */
  doubts: Doubt[]
  test: { durationMs: number; output: string; error?: string }
  /** What it took time for that is in no figure. */
  beside?: { what: string; ms: number }
}

/** What was so while a step was measured, of any kind. */
export type Conditions = Pick<MeasuringConditions, 'machineBusy' | 'eventLoopDelayMaxMs' | 'notRead'> &
  Partial<Pick<MeasuringConditions, 'clientRetries'>> & {
    watch?: Disruptions
    pods?: { unexpected: number; censored: number; censoredWithinMs: number }
  }

/** Something that a reader must know before trusting a figure. */
export interface Doubt {
  severity: 'bad' | 'warn'
  /** What kind of thing; reports group them by title. */
  title: string
  /** What of it there was in this run. */
  text: string
}

/** The place of a step among the others of its arm. */
export function placeOf(arms: readonly ArmOutcome[], name: string): number {
  const places = arms.map(({ steps }) => steps.findIndex((step) => step.name === name)).filter((place) => place !== -1)
  return places.length === 0 ? 0 : Math.min(...places)
}

/** Every run of steps of one kind: by arm, then repetition, in the order that the arm ran them. */
export function runsOf<Outcome>(
  { arms, armNames }: Pick<ReportContext, 'arms' | 'armNames'>,
  outcomesOf: (arm: ArmOutcome) => Outcome[],
): StepRun<Outcome>[] {
  return armNames.flatMap((name) =>
    arms
      .filter((arm) => arm.name === name)
      .flatMap((arm) =>
        outcomesOf(arm).map((outcome) => ({ arm: name, label: armLabel(arm), repetition: arm.repetition, outcome })),
      ),
  )
}
