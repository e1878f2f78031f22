import { z } from 'zod'
import { mostProbed } from './limits.ts'
import { names } from './names.ts'
import { count, timeLimitMs } from './scalars.ts'

/** One scaling of the Deployment under test, and how long its stops are waited for. */
export const plannedProbe = z.strictObject({
  name: names.probe.describe('Name of the step in results and thresholds.'),
  from: count(mostProbed).describe('Replicas at the start: where the previous probe ended.'),
  to: count(mostProbed).describe('Replicas to scale to.'),
  timeout: timeLimitMs.describe('How long to wait for its stops.'),
})

export type PlannedProbe = z.infer<typeof plannedProbe>
