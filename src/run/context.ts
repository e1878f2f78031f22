import type { Clock } from '../base/clock.ts'
import type { Plan } from '../plan/plan.ts'
import type { ArmOutcome, Result, WhatIf } from '../result/result.ts'
import type { SampleLine } from '../result/sample-line.ts'
import type { Target } from '../targets/target.ts'
import type { RunEventSink } from './events.ts'
import type { Host } from './host.ts'
import type { Arm } from './schedule.ts'
import type { Baselines } from './thresholds.ts'

/** Arms that are the values of one setting. */
export interface Comparison {
  record: WhatIf
  /** Where the setting is a field of the plan: what each arm runs instead of the run's plan, by its name. */
  plans: ReadonlyMap<string, Plan>
}

/** What became of an arm. */
export interface ArmRun {
  outcome: ArmOutcome
  /** What ended it early. */
  error?: unknown
  /** How to look at its cluster, a command each, where that was kept. */
  kept?: readonly string[]
}

/** Carries out the arms of a run. They are asked for in their order; it may have begun with later ones by then. */
export interface ArmRunner {
  run(arm: Arm): Promise<ArmRun>
  /** Gives up what nobody asked for. */
  close(): Promise<void>
}

/** What earlier sessions of a run have left, which were killed or interrupted. */
export interface EarlierSessions {
  /** The arms that are complete: these are not measured again. */
  arms: readonly ArmOutcome[]
  /** What these took. */
  durationMs: number
  /** How often the run has gone on, this time included. */
  resumptions: NonNullable<Result['resumptions']>
}

/** What a run is given: everything that reaches outside comes in here. */
export interface RunContext {
  runId: string
  plan: Plan
  target: Target
  clock: Clock
  host: Host
  /** Ends measuring; what was begun is still torn down. */
  signal: AbortSignal
  emit: RunEventSink
  /** Takes what happened over time, as it happens. */
  onSample: (line: SampleLine) => void
  /** Takes the same as lines of text, from arms that another thread runs; `onSample` gets them when absent. */
  onSampleText?: ((lines: string) => void) | undefined
  /** Takes the result as it is after each arm: all there is if the run is killed after it. */
  onArm?: ((soFar: Result, newest: ArmOutcome) => void) | undefined
  /** Who carries out the arms; when absent, they run one after the other on `clock`. */
  arms?: ((planned: readonly Arm[], context: RunContext) => ArmRunner) | undefined
  /** Whether the cluster of an arm that fails is left for somebody to look at. The run ends there. */
  keep?: boolean | undefined
  /** Present when the plan's arms are the values of one setting. */
  whatIf?: Comparison | undefined
  /** Present when the run goes on after it was killed or interrupted. */
  earlier?: EarlierSessions | undefined
  /** What was seen of the clusters' architecture beforehand. */
  checklists?: Result['checklists']
  /** Kept results that thresholds compare with. */
  baselines?: Baselines | undefined
}
