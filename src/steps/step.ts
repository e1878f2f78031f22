import type { Report } from '../base/progress.ts'

export interface StepContext {
  /** Aborts when the step has to end: interrupted, out of time, or the cluster broke. */
  readonly signal: AbortSignal
  readonly report: Report
}

/** What a step is called before there is one. */
export interface StepOutline {
  readonly id: string
  readonly title: string
}

/** Work at the end of an arm, and how long it may take. */
export interface Undoing<T> {
  readonly budgetMs: number
  run(context: StepContext): Promise<T>
}

/** One step of an arm: what it sets up, and how that is undone. */
export interface Step<T> extends StepOutline {
  /** Beyond this the step fails as inconclusive. */
  readonly timeoutMs: number
  setUp(context: StepContext): Promise<T>
  /** One line about the outcome for whoever watches. */
  summary?(result: T): string
  /** Registered before `setUp` runs and called even if that failed half-way; its budget is its own. */
  readonly tearDown?: Undoing<void>
  /**
   * In place of `tearDown` where the arm failed and its cluster is left for somebody to look at: undoes what is not the cluster's; nothing when
   * absent. Resolves to how to look at it, a line each.
   */
  readonly whenKept?: Undoing<readonly string[]>
}
