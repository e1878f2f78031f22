import { z } from 'zod'
import { names } from '../../plan/names.ts'
import { timeLimitMs } from '../../plan/scalars.ts'
import type { SectionKind } from '../../plan/section.ts'

/** How long the cluster is watched, milliseconds, and what results call that. */
export interface PlannedObservation {
  name: string
  for: number
}

const name = 'observe'

/** `- observe: 5m`, or `- observe: { name: busy-hour, for: 1h }` */
export const observeSection: SectionKind<PlannedObservation> = {
  kind: 'observe',
  schema: z
    .union([
      timeLimitMs.transform((ms) => ({ name, for: ms })),
      z.strictObject({
        name: names.probe.default(name).describe('Name of the step in results.'),
        for: timeLimitMs.describe('How long the cluster is watched.'),
      }),
    ])
    .describe('Measures the cluster for the given time and creates nothing in it.'),
  nameOf: (section) => section.name,
  stopsOf: () => [],
  series: [],
  seriesOf: () => [],
  check: () => [],
}
