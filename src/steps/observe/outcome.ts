import { z } from 'zod'
import type { OutcomeKind } from '../../result/outcome-kind.ts'
import { conditions } from '../../result/parts.ts'
import { stallsOf } from '../stalls.ts'
import { observeSection } from './section.ts'

/** That a cluster was watched; the figures are the step's series. */
const observation = z.object({
  /** As long as the plan says, and what reading at both ends took. */
  durationMs: z.number(),
  ...conditions,
})

export type Observation = z.infer<typeof observation>

/** What results know of observations. */
export const observations: OutcomeKind<Observation> = {
  section: observeSection,
  outcome: {
    schema: observation,
    readingOf: () => undefined,
    figuresOf: () => [],
    doubtsAbout: (steps, index) => steps.slice(index, index + 1).flatMap(({ outcome }) => stallsOf(outcome)),
    nodesOf: () => [],
  },
}
