import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { capitalized } from '../base/words.ts'
import type { Result } from '../result/result.ts'
import type { Sample } from '../result/sample.ts'
import { formatShare } from './format.ts'

/** What the values of one setting gave, as far as the headline speaks of it. */
interface Tried {
  varied: string
  values: readonly { label: string; magnitude: number | undefined }[]
  groups: readonly TriedGroup[]
  runs: number
}

interface TriedGroup {
  name: string
  effects: readonly TriedEffect[]
}

interface TriedEffect {
  label: string
  isFlat: boolean
  cells: readonly { sample: Sample | null; best: boolean }[]
}

/** Which value is enough, and what that rests on. */
export interface WhatIfHeadline {
  claim: string
  because: string
}

/** The knob whose cost is a matter of arithmetic: every kubelet may send so many requests a second. */
const kubeletRate = 'kubelet.kubeAPIQPS'

/**
 * The sentence that people try values for: which one is enough, for what, and what it costs the apiserver. Undefined where each value ran
 * once: what is chance is not known then.
 */
export function whatIfHeadline(
  { varied, values, groups, runs }: Tried,
  { material, arms }: Pick<Result, 'material' | 'arms'>,
): WhatIfHeadline | undefined {
  if (runs < 2) return undefined
  const share = formatShare(material)
  const changing = groups.flatMap((group) =>
    group.effects.filter(({ isFlat }) => !isFlat).map((effect) => ({ group, effect })),
  )
  if (changing.length === 0)
    return { claim: `${varied} makes no difference to any time beyond chance, or beyond ${share}.`, because: '' }
  const labels = values.map(({ label }) => label)
  const known = changing.flatMap((one) => foundIn(one) ?? [])
  if (known.length < changing.length) return undefined
  const isAxis = values.every(({ magnitude }) => magnitude !== undefined)
  // Where the first value is as good as any, more of the setting only makes it worse.
  const largestFirst = known.toSorted((one, other) => other.factor - one.factor)
  const better = largestFirst.filter(({ best }) => best > 0)
  const [gain] = better
  const loss = largestFirst.find(({ best }) => best === 0)
  const losses = loss === undefined ? [] : [`But ${loss.said(labels)}`]
  if (gain === undefined) {
    const because = loss === undefined ? '' : `${capitalized(loss.said(labels))}.`
    return { claim: `None of the other values tried for ${varied} is faster than ${labels[0]}.`, because }
  }
  const place = isAxis ? Math.max(...better.map(({ best }) => best)) : gain.best
  const value = values[place]
  if (value === undefined) return undefined
  const cost = costOf(varied, value.magnitude, arms)
  const claim = !isAxis
    ? `${varied}=${value.label} is the best value tried.`
    : place === values.length - 1
      ? `${varied} still helps at ${value.label}, the last value tried.`
      : `${varied}=${value.label} is enough: no other value is shown to be faster by more than ${share}.`
  return { claim, because: `${[capitalized(gain.said(labels)), ...losses].join('. ')}.${cost}` }
}

interface Found {
  /** Place of the first value that is as good as any. */
  best: number
  /** How many times as long the slowest value took; infinite where one never got there. */
  factor: number
  /** Both, in words. */
  said: (labels: readonly string[]) => string
}

function foundIn({ group, effect }: { group: TriedGroup; effect: TriedEffect }): Found | undefined {
  const times = effect.cells.map(({ sample }) => (sample === null ? null : (sample.median ?? Number.POSITIVE_INFINITY)))
  const best = effect.cells.findIndex((cell) => cell.best)
  const slowestMs = Math.max(...times.map((ms) => ms ?? 0))
  const bestMs = times[best]
  if (bestMs === null || bestMs === undefined || bestMs === 0 || !Number.isFinite(bestMs)) return undefined
  const slowest = Number.isFinite(slowestMs) ? formatDuration(slowestMs) : 'not reached'
  const said = (labels: readonly string[]) =>
    `${group.name} ${effect.label}: ${slowest} at ${labels[times.indexOf(slowestMs)]}, ${formatDuration(bestMs)} at ${labels[best]}`
  return { best, factor: slowestMs / bestMs, said }
}

function costOf(varied: string, perSecond: number | undefined, arms: Result['arms']): string {
  const nodes = arms[0]?.fleet.nodes
  if (varied !== kubeletRate || perSecond === undefined || nodes === undefined || perSecond <= 0) return ''
  return ` At that limit, ${plural(nodes, 'kubelet')} can send ${formatCount(nodes * perSecond)} requests/s.`
}
