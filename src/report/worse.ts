import { plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { sumOf } from '../base/sum.ts'
import { shortageOf } from '../result/fleet.ts'
import { readingOfNodesReady } from '../result/readings.ts'
import type { ApiLatency, ArmOutcome, Distribution, FillOutcome, StopName } from '../result/result.ts'
import { isMachineBound } from '../result/result.ts'
import type { Reading, Sample } from '../result/sample.ts'
import { alike, exactly, isLonger, ratioOf, sampleOf } from '../result/sample.ts'
import type { FillView } from './fill-view.ts'
import { formatLatency, formatLimit, formatRate, formatSpeedup } from './format.ts'
import { limiterName, stopLabel } from './labels.ts'
import { sampleText } from './sample.ts'
import type { ProbeRun, ProbeView } from './view.ts'

/** A time that an arm made longer than the baseline's, beyond doubt. */
export interface Worsened {
  /** The arm. */
  profile: string
  /** `pod startup, p99` */
  label: string
  /** `17 ms → 11 m 50 s, 41,207× slower` */
  change: string
  /** What is known of why; `cause not known` otherwise. */
  cause: string
}

interface Compared {
  profiles: readonly string[]
  arms: readonly ArmOutcome[]
  probes: readonly ProbeView[]
  fill: FillView | null
}

/** Every compared time that an arm made longer than the first arm's, by how much, and why if that is known; slowest first. */
export function worsenedIn(compared: Compared): Worsened[] {
  const [baseline, ...others] = compared.profiles
  if (baseline === undefined) return []
  return others.flatMap((profile) => {
    const found = [
      ...nodesReady(compared, baseline, profile),
      ...fillTimes(compared, baseline, profile),
      ...requests(compared, baseline, profile),
      ...networkProgramming(compared, baseline, profile),
      ...stops(compared, baseline, profile),
    ]
    return found
      .toSorted((one, other) => other.factor - one.factor)
      .map(({ factor: _, cause, ...rest }) => ({
        ...rest,
        profile,
        cause: cause ?? unexplained(compared, baseline, profile),
      }))
  })
}

/** What is said of one in a line. */
export function worsenedText({ profile, label, change, cause }: Worsened): string {
  return `${profile} ${label}: ${change}; ${cause}`
}

type Found = Pick<Worsened, 'label' | 'change'> & { factor: number; cause?: string | undefined }

function found(
  label: string,
  baseline: Sample | null,
  sample: Sample | null,
  { format = formatDuration, cause }: { format?: (ms: number) => string; cause?: string | undefined } = {},
): Found[] {
  if (!isLonger(sample, baseline)) return []
  const ratio = ratioOf(baseline, sample)
  const change = `${sampleText(baseline, format).figure} → ${sampleText(sample, format).figure}`
  const factor = (sample?.least ?? 0) / Math.max(1, baseline?.median ?? 1)
  return [{ label, change: ratio === null ? change : `${change}, ${formatSpeedup(ratio)}`, factor, cause }]
}

function stops({ probes }: Compared, baseline: string, profile: string): Found[] {
  return probes.flatMap(({ name, rows, typical }) =>
    rows.flatMap(({ stop, cells }) => {
      const at = (one: string) => cells.find((cell) => cell.profile === one)?.measured ?? null
      const run = typical.find((one) => one.profile === profile)
      const cause = limitOf(
        run,
        typical.find((one) => one.profile === baseline),
        stop,
      )
      return found(`${name} ${stopLabel(stop)}`, at(baseline), at(profile), { cause })
    }),
  )
}

/** `bound by the kubelet's client limit, 5/s instead of 50/s`; undefined where no limit binds the stop. */
function limitOf(run: ProbeRun | undefined, baseline: ProbeRun | undefined, stop: StopName): string | undefined {
  const boundBy = run?.probe.explanations.find((explanation) => explanation.stop === stop)?.boundBy
  if (typeof boundBy !== 'string') return undefined
  const qpsIn = (one: ProbeRun | undefined) =>
    one?.probe.limiters.find((limiter) => limiterName(limiter) === boundBy)?.qps ?? null
  const [qps, before] = [qpsIn(run), qpsIn(baseline)]
  const said = `bound by the ${boundBy.split('/')[0]}'s client limit`
  if (qps === null || before === null) return said
  return qps === before
    ? `${said}, which is the same in both`
    : `${said}, ${formatLimit(qps)}/s instead of ${formatLimit(before)}/s`
}

function nodesReady({ arms }: Compared, baseline: string, profile: string): Found[] {
  const sample = (name: string) =>
    sampleOf(arms.filter((arm) => arm.profile === name).flatMap((arm) => readingOfNodesReady(arm) ?? []))
  return found('nodes Ready', sample(baseline), sample(profile))
}

function fillTimes({ fill }: Compared, baseline: string, profile: string): Found[] {
  if (fill === null) return []
  const typical = (name: string) => fill.typical.find((run) => run.profile === name)?.fill
  const [before, after] = [typical(baseline), typical(profile)]
  const times = fill.rows.filter(({ bound }) => bound === '≤')
  return times.flatMap(({ label, cells, format }) => {
    const at = (one: string) => cells.find((cell) => cell.profile === one)?.measured ?? null
    const cause = before === undefined || after === undefined ? undefined : causeOf(label, before, after)
    return found(label, at(baseline), at(profile), { format, cause })
  })
}

/** Why a time of the fill grew, where one part of it accounts for half of that or more. */
function causeOf(label: string, before: FillOutcome, after: FillOutcome): string | undefined {
  if (label === 'filled') return slowestStage(before, after)
  const percentile = (['p50', 'p99'] as const).find((key) => label === `pod startup, ${key}`)
  return percentile === undefined ? undefined : slowestPhase(before, after, percentile)
}

function slowestStage(before: FillOutcome, after: FillOutcome): string | undefined {
  const grown = after.stages.map(({ name, durationMs }) => {
    const beforeMs = before.stages.find((stage) => stage.name === name)?.durationMs ?? 0
    return { name, durationMs, beforeMs, grownMs: durationMs - beforeMs }
  })
  const [most] = grown.toSorted((one, other) => other.grownMs - one.grownMs)
  if (most === undefined || most.grownMs < (after.durationMs - before.durationMs) / 2) return undefined
  return `creating ${most.name} took ${formatDuration(most.durationMs)} instead of ${formatDuration(most.beforeMs)}`
}

/** Between which points of a pod's life the time went. */
const phaseWords: Record<string, (fill: FillOutcome) => string> = {
  'created to bound': (fill) => `pods wait longer to be scheduled${ratesOf(fill)}`,
  'bound to started': () => 'kubelets take longer to start pods',
  'started to Ready': () => 'kubelets take longer to report pods Ready',
}

function slowestPhase(before: FillOutcome, after: FillOutcome, percentile: 'p50' | 'p99'): string | undefined {
  const at = ({ podPhasesMs }: FillOutcome, phase: string) => podPhasesMs[phase]?.[percentile] ?? null
  const grownMs = (phase: string) => {
    const [beforeMs, afterMs] = [at(before, phase), at(after, phase)]
    return beforeMs === null || afterMs === null ? 0 : afterMs - beforeMs
  }
  const [most] = Object.keys(phaseWords).toSorted((one, other) => grownMs(other) - grownMs(one))
  if (most === undefined || grownMs(most) < grownMs('created to Ready') / 2) return undefined
  return phaseWords[most]?.(after)
}

/** `: created at 433/s, bound at 47.9/s`, where the scheduler is what is slower. */
function ratesOf({ curves, schedulingPerSecond: { mean } }: FillOutcome): string {
  const created = curves['created'] ?? []
  const from = created.find(([, count]) => count > 0)
  const to = created.find(([, count]) => count === created.at(-1)?.[1])
  if (from === undefined || to === undefined || to[0] <= from[0] || mean === null) return ''
  const perSecond = (1000 * (to[1] - from[1])) / (to[0] - from[0])
  if (perSecond <= (1 + alike) * mean) return ''
  return `: created at ${formatRate(perSecond)}, bound at ${formatRate(mean)}`
}

/** A p99 of fewer requests is their slowest one. */
const fewestRequests = 100
/** Percentiles of a histogram are interpolated within buckets of which the next one reaches twice as far: less may be no difference. */
const bucketFactor = 2

/** The kind of API request that grew most on either side of the wire. */
function requests({ arms }: Compared, baseline: string, profile: string): Found[] {
  return (['client', 'apiserver'] as const).flatMap((source) => {
    const before = latenciesOf(arms, baseline, source)
    const after = latenciesOf(arms, profile, source)
    const grown = [...after].flatMap(([request, sample]) =>
      found(request, before.get(request) ?? null, sample, { format: formatLatency }),
    )
    const sure = source === 'client' ? grown : grown.filter(({ factor }) => factor >= bucketFactor)
    const [most] = sure.toSorted((one, other) => other.factor - one.factor)
    if (most === undefined) return []
    const others = sure.length === 1 ? '' : ` (and ${plural(sure.length - 1, 'other kind')} of request)`
    const side = source === 'client' ? 'seen by the client' : 'in the apiserver'
    return [{ ...most, label: `API latency, p99 of ${most.label} ${side}`, change: `${most.change}${others}` }]
  })
}

function latenciesOf(
  arms: readonly ArmOutcome[],
  profile: string,
  source: ApiLatency['source'],
): Map<string, Sample | null> {
  const all = arms.flatMap((arm) =>
    arm.profile !== profile || arm.fill === null
      ? []
      : arm.fill.apiLatency.map((latency) => ({ ...latency, fill: arm.fill })),
  )
  const counted = all.filter((one) => one.source === source && one.latencyMs.count >= fewestRequests)
  const kinds = Map.groupBy(counted, ({ verb, resource }) => `${verb} ${resource}`)
  return new Map(
    [...kinds].map(([kind, group]) => [
      kind,
      sampleOf(group.flatMap(({ latencyMs, fill }) => (fill === null ? [] : p99Of(latencyMs, fill)))),
    ]),
  )
}

function networkProgramming({ arms }: Compared, baseline: string, profile: string): Found[] {
  const sample = (name: string) =>
    sampleOf(
      arms.flatMap(({ profile: own, fill }) =>
        own !== name || fill?.networkProgramming === undefined ? [] : p99Of(fill.networkProgramming.latencyMs, fill),
      ),
    )
  return found('network programming, p99', sample(baseline), sample(profile), { format: formatLatency }).filter(
    ({ factor }) => factor >= bucketFactor,
  )
}

function p99Of({ p99 }: Distribution, fill: FillOutcome): Reading[] {
  if (p99 === null) return []
  return [isMachineBound(fill) ? { value: p99, least: 0, hindrance: 'machine-bound' } : exactly(p99)]
}

/** What is known of the arm as a whole, where nothing explains a time by itself. */
function unexplained({ arms }: Compared, baseline: string, profile: string): string {
  const of = (name: string) => arms.filter((arm) => arm.profile === name)
  if (of(profile).some(({ fleet }) => shortageOf(fleet) !== undefined)) return 'the machine is too small for this fleet'
  const lost = (name: string) => sumOf(of(name).map(({ fleet }) => fleet.flaps.nodes.length))
  const lostHere = lost(profile)
  if (lostHere > lost(baseline)) return `cause not known, but ${plural(lostHere, 'node')} lost Ready`
  // One run of each has no spread to hold the difference against.
  const isRepeated = [baseline, profile].every((name) => of(name).length > 1)
  return isRepeated ? 'cause not known' : 'cause not known (one run each)'
}
