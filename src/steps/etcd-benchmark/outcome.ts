import { z } from 'zod'
import { distribution } from '../../result/distribution.ts'
import type { OutcomeKind, OwnFigure } from '../../result/outcome-kind.ts'
import { conditions, isMachineBound } from '../../result/parts.ts'
import type { Reading } from '../../result/sample.ts'
import { exactly, upperBound } from '../../result/sample.ts'
import { consistencies, describeRow, keySpaces } from './matrix.ts'
import { etcdBenchmarkSection, latencySeries, rateSeries } from './section.ts'

const load = { id: z.string(), connections: z.number(), clients: z.number(), total: z.number() }

const row = z.intersection(
  z.discriminatedUnion('op', [
    z.object({ ...load, op: z.literal('put'), to: z.enum(['leader', 'all']), keys: z.enum(keySpaces) }),
    z.object({ ...load, op: z.literal('range'), to: z.literal('all'), consistency: z.enum(consistencies) }),
  ]),
  z.object({
    /** Client URLs that the tool was given. */
    urls: z.array(z.string()),
    /** Why this row is no result, a phrase; absent where it is one. */
    lack: z.string().optional(),
    /** Of the requests that were answered: null where there is no telling. */
    requestsPerSecond: z.number().nullable(),
    averageMs: z.number().nullable(),
    latencyMs: distribution,
    p999Ms: z.number().nullable(),
    /** Each bucket holds what took longer than the one before, and no longer than this. */
    histogram: z.array(z.object({ upToMs: z.number(), count: z.number() })),
    errors: z.array(z.object({ message: z.string(), count: z.number() })),
    /** Keys in the etcd after the row, and the size of its database file. */
    keysAfter: z.number().nullable(),
    databaseBytes: z.number().nullable(),
    /** While the row ran; null when none of it is on this machine. */
    machineBusy: z.number().nullable(),
  }),
)

/** What etcd's own tool measured, row by row. */
const benchmark = z.object({
  members: z.number(),
  /** Whether the etcds are somebody else's. */
  isGiven: z.boolean(),
  scale: z.number(),
  /** Of etcd, as the members say. */
  etcdVersion: z.string(),
  /** Whether Kubernetes ran beside it. */
  besideKubernetes: z.boolean(),
  durationMs: z.number(),
  rows: z.array(row),
  ...conditions,
})

export type RowOutcome = z.infer<typeof row>
export type EtcdBenchmark = z.infer<typeof benchmark>

/**
 * A figure of a row. A thousand clients take all the processor time there is, whatever the machine: what an arm makes of it is what is
 * compared. One client does not, so where none was left, others took it, and the figure is a bound.
 */
export function readingOf(row: RowOutcome, value: number | null): Reading {
  if (row.lack !== undefined || value === null) return exactly(null)
  return isDisturbed(row) ? upperBound(value) : exactly(value)
}

/** Whether the machine had no time left for a row that needs little. */
export function isDisturbed(row: RowOutcome): boolean {
  return row.clients === 1 && isMachineBound(row)
}

/** What results know of benchmarks. */
export const etcdBenchmarks: OutcomeKind<EtcdBenchmark> = {
  section: etcdBenchmarkSection,
  outcome: {
    schema: benchmark,
    assures: 'Every benchmark request was answered.',
    readingOf: () => undefined,
    figuresOf: (steps, index) => steps[index]?.outcome.rows.flatMap(figuresOf) ?? [],
    // The tool has a clock of its own: when the orchestrator stalls, nothing is timed late.
    doubtsAbout: (steps, index) => steps.slice(index, index + 1).flatMap(({ outcome }) => lacksOf(outcome)),
    nodesOf: () => [],
  },
}

/** The rows that are no results, a phrase each. */
export function lacksOf({ rows }: EtcdBenchmark): string[] {
  return rows.flatMap((row) => (row.lack === undefined ? [] : [`${describeRow(row)}: ${row.lack}`]))
}

function figuresOf(row: RowOutcome): OwnFigure[] {
  const labels = { row: row.id }
  const read = (value: number | null) => readingOf(row, value)
  return [
    { name: rateSeries.name, labels, figure: row.requestsPerSecond, readingOf: read },
    { name: latencySeries.name, labels, figure: row.latencyMs, readingOf: read },
  ]
}
