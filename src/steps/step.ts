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

/** One step of an arm: what it sets up, and how that is undone. */
export interface Step<T> extends StepOutline {
  /** Beyond this the step fails as inconclusive. */
  readonly timeoutMs: number
  setUp(context: StepContext): Promise<T>
  /** One line about the outcome for whoever watches. */
  summary?(result: T): string
  /** Registered before `setUp` runs and called even if that failed half-way; its budget is its own. */
  readonly tearDown?: { budgetMs: number; run(context: StepContext): Promise<void> }
}
