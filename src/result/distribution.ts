import { z } from 'zod'

/** Nearest-rank percentiles over `count` observations; `missing` ones never came and count as infinitely late. */
export const distribution = z.object({
  count: z.number(),
  missing: z.number(),
  p50: z.number().nullable(),
  p90: z.number().nullable(),
  p99: z.number().nullable(),
  max: z.number().nullable(),
  /** Of a histogram of which a percentile lies beyond its last bucket: the bound of that, which it exceeds. */
  beyondMs: z.number().optional(),
})

export type Distribution = z.infer<typeof distribution>
