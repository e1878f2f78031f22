import { sumOf } from '../../base/sum.ts'
import { observed } from '../histogram.ts'
import type { MetricSample } from '../metrics.ts'
import { seriesKeyOf } from '../metrics.ts'
import type { Pair } from '../pairs.ts'

/** A value that a rule compares with its limit. */
export interface Reading {
  labels: Readonly<Record<string, string>>
  value: number
  /** It was more than that: it lies beyond a histogram's last bucket. */
  isBeyond?: true
}

/** How a rule gets its values from two readings of one process. */
export interface Measure {
  /** In words: `99th percentile of etcd_disk_wal_fsync_duration_seconds`. */
  text: string
  /** As pages call the metrics that it needs. */
  names: readonly string[]
  /** Nothing where nothing was counted, which shows neither trouble nor its absence. */
  read(pair: Pair, seconds: number): Reading[]
}

/** Which samples of a metric count, and which labels make separate values. */
interface Selection {
  by?: readonly string[]
  only?: (labels: MetricSample['labels']) => boolean
  /** `only` in words. */
  of?: string
}

/** The 99th percentile of what a histogram in seconds observed in between, in milliseconds. */
export function p99(metric: string, selection: Selection = {}): Measure {
  const name = `${metric}_bucket`
  return {
    text: `99th percentile of ${described(metric, selection)}`,
    names: [name],
    read: ({ increases }) =>
      grouped(increases.get(name), selection).flatMap(({ labels, samples }): Reading[] => {
        const { count, p99: value, beyondMs } = observed(samples)
        if (count === 0) return []
        if (value !== null) return [{ labels, value }]
        return beyondMs === undefined ? [] : [{ labels, value: beyondMs, isBeyond: true }]
      }),
  }
}

/** The mean of what a summary or histogram in seconds observed in between, in milliseconds. */
export function mean(metric: string, selection: Selection = {}): Measure {
  const [sum, count] = [`${metric}_sum`, `${metric}_count`]
  return {
    text: `mean of ${described(metric, selection)}`,
    names: [sum, count],
    read({ increases }) {
      const counts = new Map(
        grouped(increases.get(count), selection).map(({ labels, samples }) => [seriesKeyOf(labels), totalOf(samples)]),
      )
      return grouped(increases.get(sum), selection).flatMap(({ labels, samples }): Reading[] => {
        const observations = counts.get(seriesKeyOf(labels)) ?? 0
        return observations === 0 ? [] : [{ labels, value: (1000 * totalOf(samples)) / observations }]
      })
    },
  }
}

/** By how much a counter grew in a second. */
export function perSecond(metric: string, selection: Selection = {}): Measure {
  return {
    text: `${described(metric, selection)} per second`,
    names: [metric],
    read: ({ increases }, seconds) =>
      seconds <= 0
        ? []
        : grouped(increases.get(metric), selection).map(({ labels, samples }) => ({
            labels,
            value: totalOf(samples) / seconds,
          })),
  }
}

/** By how much a counter grew from one reading to the next. */
export function increase(metric: string, selection: Selection = {}): Measure {
  const measure = perSecond(metric, selection)
  return { ...measure, text: `increase of ${described(metric, selection)}`, read: (pair) => measure.read(pair, 1) }
}

/** What a gauge was at both readings: the lower of the two, since it may have been anything in between. */
export function gauge(metric: string, selection: Selection = {}): Measure {
  return {
    text: described(metric, selection),
    names: [metric],
    read({ before, after }) {
      const earlier = totals(before, metric, selection)
      return [...totals(after, metric, selection)].flatMap(([key, { labels, value }]): Reading[] => {
        const first = earlier.get(key)
        return first === undefined ? [] : [{ labels, value: Math.min(first.value, value) }]
      })
    },
  }
}

/** What a gauge was at the later reading: for what stays as it is until somebody changes it. */
export function latest(metric: string, selection: Selection = {}): Measure {
  return {
    text: described(metric, selection),
    names: [metric],
    read: ({ after }) => [...totals(after, metric, selection).values()],
  }
}

/** One value over another; both must have the same labels. */
export function ratio(numerator: Measure, denominator: Measure): Measure {
  return {
    text: `${numerator.text} / ${denominator.text}`,
    names: [...numerator.names, ...denominator.names],
    read(pair, seconds) {
      const below = new Map(denominator.read(pair, seconds).map(({ labels, value }) => [seriesKeyOf(labels), value]))
      return numerator.read(pair, seconds).flatMap(({ labels, value }): Reading[] => {
        const divisor = below.get(seriesKeyOf(labels)) ?? 0
        return divisor === 0 ? [] : [{ labels, value: value / divisor }]
      })
    },
  }
}

function totals(samples: readonly MetricSample[], metric: string, selection: Selection): Map<string, Reading> {
  const own = samples.filter(({ name }) => name === metric)
  return new Map(
    grouped(own, selection).map(({ labels, samples: those }) => [
      seriesKeyOf(labels),
      { labels, value: totalOf(those) },
    ]),
  )
}

/** Samples that count, by the labels that tell them apart. */
function grouped(
  samples: readonly MetricSample[] = [],
  { by = [], only = () => true }: Selection,
): { labels: Record<string, string>; samples: MetricSample[] }[] {
  const labelsOf = ({ labels }: MetricSample) =>
    Object.fromEntries(by.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])))
  const those = samples.filter(({ labels }) => only(labels))
  return [...Map.groupBy(those, (sample) => seriesKeyOf(labelsOf(sample))).values()].map((group) => ({
    labels: labelsOf(group[0] as MetricSample),
    samples: group,
  }))
}

function totalOf(samples: readonly MetricSample[]): number {
  return sumOf(samples.map(({ value }) => value))
}

function described(metric: string, { by = [], of }: Selection): string {
  const which = of === undefined ? metric : `${metric}{${of}}`
  return by.length === 0 ? which : `${which} by ${by.join(', ')}`
}
