import type { z } from 'zod'
import type { Distribution } from './distribution.ts'
import type { Reading } from './sample.ts'

/** What results know of one kind of step. `Outcome` is what such a step finds. */
export interface OutcomeKind<Outcome = unknown> {
  readonly section: { readonly kind: string }
  readonly outcome: {
    readonly schema: z.ZodType<Outcome>
    /** What is so when nothing speaks against it, a sentence: `No pod was lost.` */
    readonly assures?: string
    /** A time of the step at `index` among an arm's steps of this kind; undefined where it has none of that name. */
    readingOf(steps: readonly FoundStep<Outcome>[], index: number, stop: string): Reading | undefined
    /** Its own figures as series, beside those that any stretch of time has; the catalogue has them with its section. */
    figuresOf(steps: readonly FoundStep<Outcome>[], index: number): OwnFigure[]
    /** Why its figures are not to be trusted, a phrase each; of an arm that stopped early, what ended it is known already. */
    doubtsAbout(steps: readonly FoundStep<Outcome>[], index: number, arm: { isComplete: boolean }): string[]
    /** Nodes that have to stay Ready for the figures to mean anything. */
    nodesOf(outcome: Outcome): readonly string[]
  }
}

/** A figure, or a distribution, that a step has of its own. */
export interface OwnFigure {
  name: string
  labels: Readonly<Record<string, string>>
  figure: number | null | Distribution
  /** Of the figure, or of a percentile of the distribution: what is known of it. */
  readingOf(value: number | null): Reading
}

/** A step with what it found. */
export interface FoundStep<Outcome> {
  name: string
  /** Where the plan has it: `probes.sequence[0]`. */
  at: string
  outcome: Outcome
}
