import type { ForecastKind } from '../fleet/step-forecast.ts'
import type { KubeObject } from '../kube/resources.ts'
import type { ClientLimits } from '../measure/limiters.ts'
import type { Plan } from '../plan/plan.ts'
import type { PlannedStep, SectionKind } from '../plan/section.ts'
import type { Recording } from '../record/recording.ts'
import type { StepView } from '../report/step-view.ts'
import type { OutcomeKind } from '../result/outcome-kind.ts'
import type { ArmOutcome } from '../result/result.ts'
import type { Cluster } from '../targets/target.ts'
import type { ReadyFleet } from './fleet-up.ts'
import type { Step, StepOutline } from './step.ts'

/** An arm whose nodes are all Ready, as its steps see it. */
export interface ArmContext {
  runId: string
  plan: Plan
  cluster: Cluster
  fleet: ReadyFleet
  /** The client limits in force, as the components themselves said. */
  limits: ClientLimits
  recording: Recording
  /** What was found so far. */
  found: Readonly<ArmOutcome>
}

/** A kind of step that a plan can name. `Prepared` is what the first of them makes for all of them. */
export interface StepKind<Section, Outcome, Prepared = undefined> extends ForecastKind<Section>, OutcomeKind<Outcome> {
  readonly section: SectionKind<Section>
  readonly view: StepView
  /** Whether what is in the cluster is counted before the first step of this kind. */
  readonly countsFirst: boolean
  /** False where steps of this kind need no Kubernetes: a run that has no others starts none. */
  readonly needsKubernetes?: false
  /** Why a target cannot run such a step, to go on after where the plan has it; undefined where it can. */
  refusalOn?(target: string, section: Section): string | undefined
  /** The id and the title of a step, as the outline of a run has them. */
  outline(section: Section): StepOutline
  /** What the steps of this kind need once per arm, such as the Deployment that they scale. */
  readonly preparation?: {
    outline: StepOutline
    step(sections: readonly Section[], arm: ArmContext): Step<Prepared>
  }
  /** Every object that the steps of this kind create, in order; pods that controllers make of them left out. */
  objects(sections: readonly Section[], run: { plan: Plan; runId: string }): Iterable<KubeObject>
  /** Whether they write events of their own, which takes a right that other steps do not need. */
  createsEvents(sections: readonly Section[]): boolean
  step(planned: PlannedStep<Section>, arm: ArmContext, prepared: Prepared): Step<Outcome>
  /** Why an arm that found this has nothing to go on with; undefined where it has. */
  endsArm?(found: Outcome, step: PlannedStep<Section>): string | undefined
}

/** A kind whose types are forgotten: sections and outcomes are of its own making, and go back to nobody else. */
export type AnyStepKind = StepKind<unknown, unknown, unknown>

/** Forgets the types of a kind, which only TypeScript knows of, so that kinds of all sorts can be listed. */
export function anyKind<Section, Outcome, Prepared>(kind: StepKind<Section, Outcome, Prepared>): AnyStepKind {
  return kind as unknown as AnyStepKind
}
