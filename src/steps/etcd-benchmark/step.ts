import { formatCount, plural } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import { formatList } from '../../base/names.ts'
import { conditionsOf } from '../../measure/conditions.ts'
import type { Recording } from '../../record/recording.ts'
import type { BenchmarkedEtcds, ToolEnd } from '../../targets/etcd-benchmark.ts'
import type { Cluster } from '../../targets/target.ts'
import type { Step, StepContext, StepOutline } from '../step.ts'
import type { Gateway, MemberStates } from './gateway.ts'
import { gatewayOf } from './gateway.ts'
import type { BenchmarkRow } from './matrix.ts'
import { argumentsOf, formatScale, labelOf, matrixOf, mostKeysOf } from './matrix.ts'
import type { EtcdBenchmark, RowOutcome } from './outcome.ts'
import type { PlannedBenchmark } from './section.ts'
import type { ToolReport } from './tool-output.ts'
import { parseToolOutput } from './tool-output.ts'

/** The id and the title of a benchmark. */
export function benchmarkOutline({ name, members, scale, endpoints }: PlannedBenchmark): StepOutline {
  const of = plural(endpoints?.urls.length ?? members, 'member')
  const scaled = scale === 1 ? '' : `, ${formatScale(scale)} of its requests`
  return { id: `etcd-benchmark/${name}`, title: `etcd's benchmark, ${of}${scaled}` }
}

interface Surroundings {
  cluster: Pick<Cluster, 'clock' | 'benchmarkEtcds'>
  recording: Recording
}

/** What one row is measured with. */
interface Bench extends Surroundings {
  section: PlannedBenchmark
  etcds: BenchmarkedEtcds
  gateway: Gateway
  signal: AbortSignal
}

/** Longest that deleting what was written may take: a hundred thousand keys, 128 at a time. */
const clearMs = 300_000

/**
 * Opens etcds and runs etcd's own tool against them, row by row. A row that misses requests, or that a member or the leader was lost in,
 * is no result, and says so: the tool exits with 0 whatever failed. Throws `Failure('safety-refusal')` before anything is written to
 * somebody's etcds that hold keys.
 */
export function benchmarkEtcd(section: PlannedBenchmark, surroundings: Surroundings): Step<EtcdBenchmark> {
  const { cluster, recording } = surroundings
  const outline = benchmarkOutline(section)
  const rows = matrixOf(section.scale)
  let opening: Promise<BenchmarkedEtcds> | undefined
  let hasWritten = false
  const takeAway = async ({ signal }: StepContext) => {
    const etcds = await opening?.catch(() => undefined)
    if (etcds === undefined) return
    try {
      if (etcds.isGiven && hasWritten) await clearGiven(etcds, gatewayOf(etcds, cluster.clock), section, signal)
    } finally {
      await etcds[Symbol.asyncDispose]()
    }
  }
  return {
    ...outline,
    timeoutMs: rows.length * (section.rowTimeout + clearMs),
    async setUp({ signal, report }) {
      if (cluster.benchmarkEtcds === undefined)
        throw new Failure('infrastructure', 'there are no etcds here that a benchmark may write to')
      opening = cluster.benchmarkEtcds({ members: section.members, signal })
      const etcds = await opening
      const gateway = gatewayOf(etcds, cluster.clock)
      if (etcds.isGiven) await requireEmpty(etcds, gateway, signal)
      hasWritten = true
      const bench: Bench = { ...surroundings, section, etcds, gateway, signal }
      const { version, silent } = await gateway.states(signal)
      if (version === undefined) throw new Failure('infrastructure', `no etcd answers: ${formatList(silent)}`)
      const phase = await recording.begin(outline.id)
      try {
        const outcomes: RowOutcome[] = []
        for (const row of rows) {
          report({ done: outcomes.length, total: rows.length, unit: `rows; ${labelOf(row)}` })
          outcomes.push(await measureRow(row, bench))
        }
        const window = await phase.end()
        return {
          members: etcds.urls.length,
          isGiven: etcds.isGiven,
          scale: section.scale,
          etcdVersion: version,
          besideKubernetes: etcds.besideKubernetes,
          durationMs: window.endMs - window.startMs,
          rows: outcomes,
          ...conditionsOf(window),
        }
      } finally {
        await phase.stop()
      }
    },
    summary({ rows: done }) {
      const lacking = done.filter(({ lack }) => lack !== undefined).length
      return lacking === 0 ? plural(done.length, 'row') : `${lacking} of ${plural(done.length, 'row')} inconclusive`
    },
    tearDown: { budgetMs: clearMs + 120_000, run: takeAway },
    // They are beside the cluster, not of it.
    whenKept: {
      budgetMs: clearMs + 120_000,
      async run(context) {
        await takeAway(context)
        return []
      },
    },
  }
}

/** Somebody's etcds are written to only where they hold nothing: what is deleted afterwards can then be nobody else's. */
async function requireEmpty(etcds: BenchmarkedEtcds, gateway: Gateway, signal: AbortSignal): Promise<void> {
  const contents = await gateway.contents(signal).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new Failure('infrastructure', `none of the endpoints answers: ${messageOf(error)}`, {
      next: 'Check the URLs, the certificates, and that the etcds run',
    })
  })
  const { members, keys, ofKubernetes } = contents
  if (members !== etcds.urls.length)
    throw new Failure(
      'bad-input',
      `the etcd has ${plural(members, 'member')}, but ${plural(etcds.urls.length, 'endpoint')} ${etcds.urls.length === 1 ? 'is' : 'are'} given`,
      { next: 'Give the client URL of every member' },
    )
  if (keys === 0) return
  const whose =
    ofKubernetes === 0
      ? ''
      : `, ${formatCount(ofKubernetes)} of them in /registry/, so it belongs to a Kubernetes cluster`
  throw new Failure(
    'safety-refusal',
    `the etcd holds ${plural(keys, 'key')}${whose}: the benchmark writes only to empty etcds. Nothing was written`,
    { next: `Benchmark an etcd that holds nothing. To see its keys: ${etcds.etcdctl} get --prefix "" --keys-only` },
  )
}

async function clearGiven(
  etcds: BenchmarkedEtcds,
  gateway: Gateway,
  { scale }: PlannedBenchmark,
  signal: AbortSignal,
): Promise<void> {
  const keys = mostKeysOf(scale)
  try {
    await gateway.clear(keys, signal)
  } catch (error) {
    throw new Failure(
      'residue',
      `the keys that the benchmark wrote are still in the etcd: foo, and ${formatCount(keys)} of 8 bytes (${messageOf(error)})`,
      { next: `The etcd was empty before, so this removes them all: ${etcds.etcdctl} del "" --from-key` },
    )
  }
}

async function measureRow(row: BenchmarkRow, bench: Bench): Promise<RowOutcome> {
  const { section, etcds, gateway, recording, signal } = bench
  const unprepared = await prepare(row, bench)
  const before = await gateway.states(signal)
  const urls = row.to === 'all' ? [...etcds.urls] : before.leader === undefined ? [] : [before.leader]
  const phase = await recording.begin(`${benchmarkOutline(section).id}/${row.id}`)
  try {
    const isReady = unprepared === undefined && urls.length > 0
    const end = isReady ? await etcds.runTool(urls, argumentsOf(row), section.rowTimeout, signal) : undefined
    const window = await phase.end()
    const after = await gateway.states(signal)
    const keysAfter = await gateway.contents(signal).then(
      ({ keys }) => keys,
      () => null,
    )
    const said = end === undefined ? undefined : parseToolOutput(end.stdout)
    const lacks = [
      ...(unprepared ?? []),
      ...(urls.length === 0 ? ['no member is the leader'] : []),
      ...(end === undefined ? [] : lacksOfTool(row, end, said, section)),
      ...lacksOfMembers(before, after),
    ]
    const { machineBusy } = conditionsOf(window)
    return {
      ...row,
      urls,
      ...(lacks.length > 0 && { lack: formatList([...new Set(lacks)]) }),
      ...figuresOf(row, said, lacks.length > 0),
      keysAfter,
      databaseBytes: after.databaseBytes,
      machineBusy,
    }
  } finally {
    await phase.stop()
  }
}

/** Empties the etcds before a put, so that each begins alike, and puts the key before it is read; why that failed, if it did. */
async function prepare(row: BenchmarkRow, { gateway, section, signal }: Bench): Promise<string[] | undefined> {
  try {
    if (row.op === 'put') await gateway.clear(mostKeysOf(section.scale), signal)
    else await gateway.putReadKey(signal)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return [
      `${row.op === 'put' ? 'the etcds could not be emptied before it' : 'foo could not be put'}: ${messageOf(error)}`,
    ]
  }
}

function lacksOfTool(
  { total }: BenchmarkRow,
  { exitCode, stderr, isLate }: ToolEnd,
  said: ToolReport | undefined,
  { rowTimeout }: PlannedBenchmark,
): string[] {
  if (isLate) return [`not finished within ${formatDuration(rowTimeout)}`]
  if (exitCode !== 0) return [`the tool ended with status ${exitCode}: ${lastLine(stderr)}`]
  if (said === undefined) return ['the tool printed no report']
  const missing = total - (said.answered?.count ?? 0)
  const errors = said.errors.map(({ message, count }) => `${message} (${formatCount(count)})`)
  if (missing === 0 && errors.length === 0) return []
  return [`${formatCount(missing)} of ${plural(total, 'request')} failed: ${formatList(errors)}`]
}

function lastLine(text: string): string {
  return (
    text
      .trim()
      .split(/[\r\n]+/)
      .at(-1) ?? ''
  )
}

function lacksOfMembers(before: MemberStates, after: MemberStates): string[] {
  const isMoved = before.leader !== undefined && after.leader !== undefined && before.leader !== after.leader
  return [
    ...before.silent,
    ...after.silent,
    ...(isMoved ? [`the leader changed from ${before.leader} to ${after.leader}`] : []),
  ]
}

/** The tool's figures are of answered requests alone: where some are missing, they flatter, and count for nothing. */
function figuresOf(
  { total }: BenchmarkRow,
  said: ToolReport | undefined,
  isLacking: boolean,
): Pick<RowOutcome, 'requestsPerSecond' | 'averageMs' | 'latencyMs' | 'p999Ms' | 'histogram' | 'errors'> {
  const answered = said?.answered ?? null
  const known = isLacking ? null : answered
  const percentile = (percent: number) => known?.percentilesMs[percent] ?? null
  const count = answered?.count ?? 0
  return {
    requestsPerSecond: known?.requestsPerSecond ?? null,
    averageMs: known?.averageMs ?? null,
    latencyMs: {
      count,
      missing: total - count,
      p50: percentile(50),
      p90: percentile(90),
      p99: percentile(99),
      max: known?.slowestMs ?? null,
    },
    p999Ms: percentile(99.9),
    histogram: answered?.histogram ?? [],
    errors: said?.errors ?? [],
  }
}
