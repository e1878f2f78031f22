import type { Plan } from '../plan/plan.ts'
import { kindOf } from '../plan/section.ts'
import type { totalsOf } from '../workload/layout.ts'
import type { BallastResource, NamespaceLayout } from '../workload/workload.ts'
import type { Floor, StepLimits } from './duration.ts'

/** What one step of a plan comes to, worked out from the plan alone. Durations in milliseconds. */
export interface StepForecast {
  /** `rollout 1 -> 200` */
  title: string
  /** Null where it creates none to speak of. */
  objects: ObjectsForecast | null
  /** Pods that it puts on the node of the probes, at their most. */
  podsOnProbeNode: number
  /** Before it begins. */
  quietMs: number
  /** What the plan gives it; null where it takes as long as the plan says. */
  timeoutMs: number | null
  /** How long it takes under these limits, at least. */
  floor(limits: StepLimits): Floor
  /** What will not be as the plan may mean it, a sentence each. */
  warnings: readonly string[]
}

/** Objects that a step creates. */
export interface ObjectsForecast {
  totals: ReturnType<typeof totalsOf>
  /** Without pods, which the controller-manager creates. */
  toCreate: number
  /** What `totals.ballast` counts. */
  ballastKind: BallastResource
  /** Of one object. */
  bytes: { configmap: number; secret: number; ballast: number }
  classes: { name: string; namespaces: number; pods: { min: number; median: number; max: number } }[]
  namespaces: readonly NamespaceLayout[]
}

/** A kind of step, as a forecast sees it. `Section` is what a plan says of such a step. */
export interface ForecastKind<Section = unknown> {
  readonly section: { readonly kind: string }
  forecast(section: Section, plan: Plan): StepForecast
}

/** A step of the plan with its name and its forecast. */
export interface ForecastStep extends StepForecast {
  name: string
}

/** What each step of a plan comes to, in order. */
export function forecastSteps(plan: Plan, kinds: readonly ForecastKind[]): ForecastStep[] {
  return plan.steps.map((step) => ({ name: step.name, ...kindOf(step, kinds).forecast(step.section, plan) }))
}
