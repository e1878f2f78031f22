import { formatCount, plural } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { medianOf } from '../../base/median.ts'
import { formatBytes } from '../../base/quantity.ts'
import type { Comparison, Figure, FigureRow, StepRun } from '../../report/comparison.ts'
import { compare } from '../../report/comparison.ts'
import { formatLatency, formatRate, none, orNone } from '../../report/format.ts'
import type { Block, Cell, Drawing, Table } from '../../report/section.ts'
import type { ReportContext, RunReport, StepReport, StepView } from '../../report/step-view.ts'
import { placeOf, runsOf } from '../../report/step-view.ts'
import type { ArmOutcome } from '../../result/result.ts'
import { outcomesOf } from '../../result/result.ts'
import { argumentsOf, describeRow, formatScale, keyBytes, labelOf, readKey, valueBytes } from './matrix.ts'
import type { EtcdBenchmark, RowOutcome } from './outcome.ts'
import { etcdBenchmarks, isDisturbed, lacksOf, readingOf } from './outcome.ts'
import { published } from './published.ts'

/** One arm's benchmark, as reports show it. */
interface Benched {
  name: string
  benchmark: EtcdBenchmark
}

/** How reports show benchmarks of etcd: each row's rate and times, what was published for it, and how its times spread. */
export const etcdBenchmarkView: StepView = {
  kind: 'etcdBenchmark',
  reportsOf(context) {
    const runs = runsOf(context, benchmarksOf)
    return [...Map.groupBy(runs, ({ outcome }) => outcome.name)].map(([name, own]) => reportOf(name, own, context))
  },
}

function benchmarksOf(arm: ArmOutcome): Benched[] {
  return outcomesOf(arm, etcdBenchmarks).map(({ name, outcome }) => ({ name, benchmark: outcome }))
}

const title = "etcd's own benchmark"

function reportOf(name: string, runs: StepRun<Benched>[], context: ReportContext): StepReport {
  const rows = rowsIn(runs)
  const shared = {
    ...{ ...context, name, runs },
    decisive: (all: readonly FigureRow[]) => all.find((row) => row.name === decisiveFigure) ?? all[0],
  }
  const { rows: compared, typical } = compare({ ...shared, figures: rows.flatMap(figuresOf) })
  const figures: Comparison = {
    kind: 'comparison',
    title,
    caption: `Median over the repetitions, ${context.evidence}`,
    head: 'Row',
    conditions: '',
    rows: compared,
  }
  const percentiles: Comparison = {
    ...figures,
    title: 'Percentiles',
    rows: compare({ ...shared, figures: rows.flatMap(percentilesOf) }).rows,
  }
  return {
    order: placeOf(context.arms, name),
    name,
    title,
    runs: runs.map(runReport),
    figures,
    sections: [
      {
        part: 'figures',
        title,
        blocks: [
          ...factsOf(runs.map(({ outcome }) => outcome.benchmark)),
          figures,
          ...publishedBlocks(runs, context),
          { kind: 'fold', title: 'Percentiles of the response times', blocks: [percentiles] },
          leftTable(typical),
          {
            kind: 'fold',
            title: 'How the response times of each row spread',
            blocks: rows.map((row) => spread(row, typical)),
          },
        ],
      },
    ],
    headline: { figure: decisiveFigure, does: 'answers puts of 1000 clients' },
    reasons: [],
    floors: [],
    tests: { group: 'etcd-benchmark', name: `${name}: every request answered` },
  }
}

/** The time that the headline is of: what an apiserver does most resembles many clients that put keys of their own. */
const decisiveFigure = 'put-all-1000-distinct-keys mean'

/** The rows that any run has, in their order. */
function rowsIn(runs: readonly StepRun<Benched>[]): RowOutcome[] {
  return [
    ...new Map(runs.flatMap(({ outcome }) => outcome.benchmark.rows).map((row) => [row.id, row] as const)).values(),
  ]
}

function rowOf({ benchmark }: Benched, { id }: Pick<RowOutcome, 'id'>): RowOutcome | undefined {
  return benchmark.rows.find((row) => row.id === id)
}

/** How many requests a row got answered, and how long one took on average. */
function figuresOf(row: RowOutcome): Figure<Benched>[] {
  const rate: Figure<Benched> = {
    name: `${row.id} rate`,
    label: labelOf(row),
    inFull: describeRow(row),
    meaning: `${describeRow(row)}: requests answered per second`,
    unit: 'per second',
    format: formatRate,
    bound: '≥',
    importance: 'headline',
    read: (benched) => {
      const own = rowOf(benched, row)
      return own === undefined ? undefined : readingOf(own, own.requestsPerSecond)
    },
  }
  return [rate, timeOf(row, 'mean', 'headline', ({ averageMs }) => averageMs)]
}

function percentilesOf(row: RowOutcome): Figure<Benched>[] {
  return [
    timeOf(row, 'p50', 'table', ({ latencyMs }) => latencyMs.p50),
    timeOf(row, 'p90', 'table', ({ latencyMs }) => latencyMs.p90),
    timeOf(row, 'p99', 'table', ({ latencyMs }) => latencyMs.p99),
    timeOf(row, 'p99.9', 'table', ({ p999Ms }) => p999Ms),
  ]
}

/** A time of a row's responses. */
function timeOf(
  row: RowOutcome,
  what: string,
  importance: Figure<Benched>['importance'],
  take: (row: RowOutcome) => number | null,
): Figure<Benched> {
  return {
    name: `${row.id} ${what}`,
    label: `${labelOf(row)}, ${what}`,
    inFull: `${describeRow(row)}: ${what}`,
    meaning: `${describeRow(row)}: response time`,
    unit: 'ms',
    format: formatLatency,
    bound: '≤',
    importance,
    family: { name: what, others: (count) => ` (and ${plural(count, 'other row')})` },
    read: (benched) => {
      const own = rowOf(benched, row)
      if (own === undefined) return undefined
      const value = take(own)
      // Of few requests, the tool leaves out the highest percentiles.
      return value === null && own.lack === undefined ? undefined : readingOf(own, value)
    },
  }
}

/** What has to be known to read the figures. */
function factsOf(benchmarks: readonly EtcdBenchmark[]): Block[] {
  const [first] = benchmarks
  if (first === undefined) return []
  const { members, isGiven, scale, etcdVersion, besideKubernetes } = first
  const where = isGiven
    ? 'scale-test did not start these etcds: every figure includes the client’s machine and the network to them.'
    : 'The client runs on the same machine as every member, so the figures are of the whole machine: 1000 clients take all of its processor time. They compare arms, and do not say what etcd does on machines of its own.'
  const beside = besideKubernetes ? ' An idle control plane and hollow nodes ran beside them.' : ''
  const few =
    scale < fewRequests
      ? ' With so few requests for each of 1000 clients, their rows mostly measure how connections are set up.'
      : ''
  const share = scale === 1 ? 'all' : formatScale(scale)
  return [
    {
      kind: 'paragraph',
      text: `etcd ${etcdVersion}, ${plural(members, 'member')}; ${share} of the requests of the full matrix; keys of ${keyBytes} B, values of ${valueBytes} B. ${where}${beside}${few}`,
    },
    {
      kind: 'paragraph',
      text: `Puts run with two key spaces. 1 key is what the published commands do: without --key-space-size, --sequential-keys writes the same key again and again. n keys is what they seem to mean: a new key for each put. Ranges read the key ${readKey}, which was put first, with a value of ${valueBytes} B: the tool reads it whether it is there or not.`,
    },
  ]
}

/** Below this share, each of 1000 clients sends less than ten requests. */
const fewRequests = 0.1

function publishedBlocks(runs: readonly StepRun<Benched>[], { armNames }: ReportContext): Block[] {
  const described = rowsIn(runs).flatMap((row) => {
    const found = published.rows.find(({ id }) => id === row.id)
    return found === undefined ? [] : [{ row, found }]
  })
  if (described.length === 0) return []
  const median = (arm: string, row: RowOutcome, take: (row: RowOutcome) => number | null) => {
    const own = runs.flatMap((run) => (run.arm === arm ? (rowOf(run.outcome, row) ?? []) : []))
    const values = own.flatMap((one) => take(one) ?? [])
    return medianOf(values)
  }
  const table: Table = {
    kind: 'table',
    caption: `Beside what etcd’s project published (${published.source}), with all requests: ${published.machine}`,
    columns: [
      { title: 'Row' },
      { title: 'published rate', of: 'figures' },
      { title: 'published mean', of: 'figures' },
      ...armNames.flatMap((arm) => [
        { title: { text: `${arm} rate`, arm }, of: 'figures' as const },
        { title: { text: `${arm} mean`, arm }, of: 'figures' as const },
      ]),
    ],
    groups: [
      {
        rows: described.map(({ row, found }): Cell[] => [
          describeRow(row),
          formatRate(found.requestsPerSecond),
          formatLatency(found.averageMs),
          ...armNames.flatMap((arm) => [
            orNone(
              median(arm, row, (own) => own.requestsPerSecond),
              formatRate,
            ),
            orNone(
              median(arm, row, (own) => own.averageMs),
              formatLatency,
            ),
          ]),
        ]),
      },
    ],
    brief: true,
  }
  return [table]
}

/** What each row ran and what it left behind, by the run that is typical of each arm. */
function leftTable(typical: readonly StepRun<Benched>[]): Block {
  const rows = rowsIn(typical)
  return {
    kind: 'fold',
    title: 'What each row ran, and left in etcd',
    blocks: [
      {
        kind: 'table',
        caption:
          'Arguments of etcd’s tool; the keys in etcd after the row, and the size of its database file, which keeps every version until it is compacted',
        isSpanning: true,
        columns: [
          { title: 'Row' },
          { title: 'Arm' },
          { title: 'Arguments', of: 'text' },
          { title: 'members', of: 'figures' },
          { title: 'answered', of: 'figures' },
          { title: 'keys', of: 'figures' },
          { title: 'database', of: 'figures' },
          { title: 'machine', of: 'figures' },
        ],
        groups: [
          {
            rows: rows.flatMap((row) =>
              typical.flatMap(({ arm, label, outcome }): Cell[][] => {
                const own = rowOf(outcome, row)
                if (own === undefined) return []
                const { latencyMs, urls, total, keysAfter, databaseBytes, machineBusy } = own
                const answered = `${formatCount(latencyMs.count)} of ${formatCount(total)}`
                return [
                  [
                    describeRow(row),
                    { text: label, arm },
                    { text: argumentsOf(row).join(' '), isCode: true },
                    formatCount(urls.length),
                    latencyMs.missing === 0 ? answered : { text: answered, tone: 'bad' },
                    keysAfter === null ? none : formatCount(keysAfter),
                    databaseBytes === null ? none : formatBytes(databaseBytes),
                    machineBusy === null ? none : `${Math.round(100 * machineBusy)} % busy`,
                  ],
                ]
              }),
            ),
          },
        ],
      },
    ],
  }
}

/** The tool's histogram, added up: how many requests had been answered after so long. */
function spread(row: RowOutcome, typical: readonly StepRun<Benched>[]): Drawing {
  const lines = typical.flatMap(({ arm, label, outcome }) => {
    const own = rowOf(outcome, row)
    if (own === undefined || own.lack !== undefined || own.histogram.length === 0) return []
    let sum = 0
    const curve = own.histogram.map(({ upToMs, count }): [number, number] => {
      sum += count
      return [upToMs, (100 * sum) / own.total]
    })
    return [{ arm, label, own, curve: [[0, 0] as [number, number], ...curve] }]
  })
  const said = lines.map(
    ({ label, own }) =>
      `${label} half within ${orNone(own.latencyMs.p50, formatLatency)}, all within ${orNone(own.latencyMs.max, formatLatency)}`,
  )
  return {
    kind: 'drawing',
    title: describeRow(row),
    legend: lines.map(({ arm, label }) => ({ text: label, arm })),
    description: said.length === 0 ? 'no result' : said.join('; '),
    height: 200,
    xName: 'response time, seconds',
    yName: '% answered',
    lines: lines.map(({ arm, curve }) => ({ arm, curve, form: 'slopes' })),
  }
}

function runReport({ arm, label, repetition, outcome: { name, benchmark } }: StepRun<Benched>): RunReport {
  const { durationMs, rows } = benchmark
  const lacks = lacksOf(benchmark)
  const disturbed = rows.filter(isDisturbed)
  return {
    arm,
    label,
    repetition,
    name,
    phase: `etcd-benchmark/${name}`,
    // Rows of many clients are meant to take the whole machine.
    conditions: { ...benchmark, machineBusy: busiestOf(disturbed) },
    doubts: lacks.map((text) => ({ severity: 'bad', title: 'Benchmark rows without a result', text })),
    test: {
      durationMs,
      output: `${plural(rows.length, 'row')} in ${formatDuration(durationMs)}${disturbed.length === 0 ? '' : `, ${disturbed.length} of them machine-bound`}`,
      ...(lacks.length > 0 && { error: lacks.join('; ') }),
    },
  }
}

function busiestOf(rows: readonly RowOutcome[]): number | null {
  const shares = rows.flatMap(({ machineBusy }) => machineBusy ?? [])
  return shares.length === 0 ? null : Math.max(...shares)
}
