import { plural } from '../base/count.ts'
import { countMore } from '../base/sum.ts'
import type { NotRead } from '../result/parts.ts'
import { describeNotRead } from '../result/parts.ts'
import { isHistogram } from './histogram.ts'
import type { ComponentMetrics, ComponentName, MetricSample } from './metrics.ts'
import { gaugeIn, indispensable, processStart, seriesKeyOf } from './metrics.ts'
import type { Pages } from './window.ts'

/** Two readings of one process. */
export interface Pair {
  instance: string
  /** For what is no counter. */
  before: readonly MetricSample[]
  after: readonly MetricSample[]
  /** By how much each series of a counter grew in between, by metric; a metric that is missing is no data, and not 0. */
  increases: ReadonlyMap<string, readonly MetricSample[]>
}

/** The processes of a component that were read before and after, and what was not read, and why. */
export interface Pairs {
  pairs: readonly Pair[]
  notRead: readonly NotRead[]
}

/**
 * Pairs two readings of a component: everything that is a difference goes through here. An instance counts as read before and after only
 * where the same process answered both times, which shows in when it started: a page that does not say has no differences, since nothing
 * tells a restart, or another instance behind the same address, from it. (A clock that is set in between changes that moment as well, and loses
 * the pair.) A counter of which a series went down, vanished or could not be
 * read is no data. A series that is there afterwards only began at 0 in between: counters with labels are made when they are first used.
 */
export function pairs({ before, after }: Pages, component: ComponentName): Pairs {
  const byInstance = (pages: readonly ComponentMetrics[]) =>
    new Map(pages.filter((page) => page.component === component).map((page) => [page.instance, page]))
  const [first, second] = [byInstance(before), byInstance(after)]
  const found: Pair[] = []
  const notRead: NotRead[] = []
  for (const instance of new Set([...first.keys(), ...second.keys()])) {
    const [start, end] = [first.get(instance), second.get(instance)]
    if (start === undefined || end === undefined) {
      notRead.push({ component, instance, because: start === undefined ? 'not there before' : 'not there afterwards' })
      continue
    }
    const because = whyNotOneProcess(start, end)
    if (because !== undefined) {
      notRead.push({ component, instance, because })
      continue
    }
    const { increases, lacks } = increasesBetween(start, end)
    found.push({ instance, before: start.samples, after: end.samples, increases })
    notRead.push(...lacks.map((lack) => ({ component, instance, ...lack })))
  }
  return { pairs: found, notRead }
}

/** Whether every process of a component that either reading asked was read both times, and there is one. */
export function isWhole({ pairs: read, notRead }: Pairs): boolean {
  return read.length > 0 && notRead.every(({ part }) => part !== undefined)
}

/** By how much a counter grew in all processes of a component together; undefined unless all of them were read both times. */
export function increasesOf(read: Pairs, metric: string): readonly MetricSample[] | undefined {
  if (!isWhole(read)) return undefined
  const grown = read.pairs.map(({ increases }) => increases.get(metric))
  return grown.every((samples) => samples !== undefined) ? grown.flat() : undefined
}

/** Why a counter has no increase, in words. */
export function whyNoIncrease({ notRead }: Pairs, metric: string): string {
  const lacks = notRead.filter(({ part }) => part === undefined || part === metric)
  return lacks.length === 0 ? 'not on the page' : lacks.map(describeNotRead).join('; ')
}

/** What of these components was not read before, after, or both, and why. */
export function notReadBetween(pages: Pages): NotRead[] {
  const components = new Set([...pages.before, ...pages.after].map(({ component }) => component))
  return [...components].flatMap((component) => pairs(pages, component).notRead)
}

/** Why two readings are not both there and of one process; undefined when they are. */
function whyNotOneProcess(start: ComponentMetrics, end: ComponentMetrics): string | undefined {
  if (start.unread !== undefined) return start.unread === end.unread ? start.unread : `before: ${start.unread}`
  if (end.unread !== undefined) return `afterwards: ${end.unread}`
  const [started, startedAgain] = [startOf(start), startOf(end)]
  if (started === undefined || startedAgain === undefined)
    return `its page does not say when the process started (${processStart}), so a restart would not be noticed`
  return started === startedAgain ? undefined : severalProcesses
}

const severalProcesses =
  'answered from two processes: it restarted, or several instances share this address and each has to be named'

/** When the process of a page started, in seconds since 1970. */
export function startOf({ samples }: Pick<ComponentMetrics, 'samples'>): number | undefined {
  const value = gaugeIn(samples, processStart)
  return value !== undefined && Number.isFinite(value) ? value : undefined
}

/** What of a page was not read, and why. */
type Lack = Pick<NotRead, 'part' | 'because'>

function increasesBetween(
  start: ComponentMetrics,
  end: ComponentMetrics,
): { increases: Map<string, readonly MetricSample[]>; lacks: Lack[] } {
  const increases = new Map<string, readonly MetricSample[]>()
  const lacks = lacksOf(start, end)
  const unreadable = new Set(lacks.map(({ part }) => part))
  const [earlier, later] = [countersOf(start.samples), countersOf(end.samples)]
  for (const metric of new Set([...earlier.keys(), ...later.keys()])) {
    if (unreadable.has(metric)) continue
    const grown = growthOf(earlier.get(metric) ?? none, later.get(metric) ?? none)
    if (typeof grown === 'string') lacks.push({ part: metric, because: grown })
    else if (metric.endsWith('_bucket') && !isHistogram(grown))
      lacks.push({ part: metric, because: 'is not a histogram' })
    else increases.set(metric, grown)
  }
  return { increases, lacks }
}

/** Lines that could not be read, and metrics that a page of this component always has. */
function lacksOf(start: ComponentMetrics, end: ComponentMetrics): Lack[] {
  const lines = new Map<string, number>()
  for (const [metric, count] of [...(start.unreadableLines ?? []), ...(end.unreadableLines ?? [])])
    countMore(lines, metric, count)
  const missing = (indispensable[end.component] ?? []).filter((metric) =>
    [start, end].some(({ samples }) => samples.every(({ name }) => name !== metric)),
  )
  return [
    ...[...lines].map(([metric, count]) => ({
      part: metric === '' ? `${plural(count, 'line')} of its page` : metric,
      because: `not in the Prometheus text format${metric === '' ? '' : `, in ${plural(count, 'line')}`}`,
    })),
    ...missing.filter((metric) => !lines.has(metric)).map((metric) => ({ part: metric, because: 'not on its page' })),
  ]
}

/** All series of a counter on a page. */
interface Counter {
  series: ReadonlyMap<string, MetricSample>
  /** Whether one of them is there more than once. */
  isAmbiguous: boolean
}

const none: Counter = { series: new Map(), isAmbiguous: false }
/** A page that is read again and again is the earlier one of a pair after it was the later one. */
const counters = new WeakMap<readonly MetricSample[], ReadonlyMap<string, Counter>>()

/** Counters are recognized by their names, by Prometheus' conventions: the difference of a gauge means nothing. */
function countersOf(samples: readonly MetricSample[]): ReadonlyMap<string, Counter> {
  const known = counters.get(samples)
  if (known !== undefined) return known
  const byMetric = Map.groupBy(
    samples.filter(({ name }) => /_(?:total|count|sum|bucket)$/.test(name)),
    ({ name }) => name,
  )
  const found = new Map(
    [...byMetric].map(([metric, own]) => {
      const series = new Map(own.map((sample) => [seriesKeyOf(sample.labels), sample]))
      return [metric, { series, isAmbiguous: series.size < own.length }]
    }),
  )
  counters.set(samples, found)
  return found
}

/** By how much each series grew; why that cannot be told, where it cannot. */
function growthOf(earlier: Counter, later: Counter): readonly MetricSample[] | string {
  if (earlier.isAmbiguous || later.isAmbiguous) return 'has a series more than once'
  if (earlier.series.keys().some((series) => !later.series.has(series))) return 'lost a series'
  const grown = [...later.series].map(([series, sample]) => {
    const before = earlier.series.get(series)
    // Not there before: made in between, at 0.
    return { ...sample, value: before === undefined ? sample.value : sample.value - before.value }
  })
  const values = [...earlier.series.values(), ...grown].map(({ value }) => value)
  if (values.some((value) => !Number.isFinite(value))) return 'is not a number'
  return values.some((value) => value < 0) ? 'went down' : grown
}
