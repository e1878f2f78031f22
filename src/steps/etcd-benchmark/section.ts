import { z } from 'zod'
import { names } from '../../plan/names.ts'
import { timeLimitMs } from '../../plan/scalars.ts'
import type { SectionKind } from '../../plan/section.ts'
import type { SeriesEntry } from '../../plan/series.ts'

const defaults = { name: 'etcd-benchmark', members: 1, scale: 1, rowTimeout: '10m' } as const

const endpoint = z
  .string()
  .regex(/^https?:\/\/[^\s/@?#]+$/, 'expected a URL such as https://10.0.0.1:2379')
  .refine((text) => URL.canParse(text), 'expected a URL such as https://10.0.0.1:2379')

const givenEtcds = z.strictObject({
  urls: z.array(endpoint).min(1).describe('The client URL of every member.'),
  cacert: names.path.optional().describe('CA certificate that the members are verified with.'),
  cert: names.path.optional().describe('Client certificate.'),
  key: names.path.optional().describe('Its private key.'),
  mayWrite: z
    .boolean()
    .default(false)
    .describe('Must be true: the benchmark writes to these etcds, and deletes what it wrote.'),
})

const section = z.strictObject({
  name: names.probe.default(defaults.name).describe('Name of the step in results.'),
  members: z
    .union([z.literal(1), z.literal(3)])
    .default(defaults.members)
    .describe('On target local: members of the etcd that is started for the benchmark, 1 or 3.'),
  scale: z
    .number()
    .gt(0)
    .max(1)
    .default(defaults.scale)
    .describe('Share of the requests of the full matrix, which are 10000 for one client and 100000 for 1000.'),
  endpoints: givenEtcds
    .optional()
    .describe(
      'On target remote: the etcds to benchmark. They must be empty, and must not belong to a Kubernetes cluster.',
    ),
  rowTimeout: timeLimitMs.prefault(defaults.rowTimeout).describe('How long one run of the tool may take.'),
})

/** What is benchmarked, and how much of the matrix. */
export type PlannedBenchmark = z.infer<typeof section>
export type GivenEtcds = z.infer<typeof givenEtcds>

const notSimulated = 'a simulated cluster has no etcd that a benchmark could write to'

export const rateSeries: SeriesEntry = {
  name: 'etcd_benchmark_requests_per_second',
  labels: ['row'],
  unit: 'per second',
  form: 'value',
  what: "requests that etcd's own benchmark tool got answered, per second",
  from: "the tool's output, in an `etcdBenchmark` step",
  notSimulated,
}

export const latencySeries: SeriesEntry = {
  name: 'etcd_benchmark_latency_ms',
  labels: ['row'],
  unit: 'ms',
  form: 'distribution',
  what: "how long the requests of etcd's own benchmark tool took",
  from: "the tool's output, in an `etcdBenchmark` step",
  notSimulated,
}

/** `- etcdBenchmark: {}`, or `- etcdBenchmark: { members: 3, scale: 0.1 }` */
export const etcdBenchmarkSection: SectionKind<PlannedBenchmark> = {
  kind: 'etcdBenchmark',
  schema: section.describe("Runs etcd's own benchmark tool against etcds that hold nothing else."),
  nameOf: ({ name }) => name,
  stopsOf: () => [],
  series: [rateSeries, latencySeries],
  seriesOf: () => [rateSeries, latencySeries],
  check: (own) =>
    own.flatMap(({ section: { endpoints }, path }) =>
      endpoints === undefined || endpoints.mayWrite
        ? []
        : [
            {
              path: [...path, 'endpoints', 'mayWrite'],
              message: 'must be true: the benchmark writes keys to these etcds, and deletes them afterwards',
            },
          ],
    ),
}
