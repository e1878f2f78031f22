import { z } from 'zod'
import { mostProbed } from './limits.ts'
import { names } from './names.ts'
import { count, timeLimitMs } from './scalars.ts'

/** One scaling of the Deployment under test, and how long its stops are waited for. */
export const plannedProbe = z.strictObject({
  name: names.probe,
  from: count(mostProbed),
  to: count(mostProbed),
  timeout: timeLimitMs,
})

export type PlannedProbe = z.infer<typeof plannedProbe>
