import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
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
    return { claim: `${varied} changes no time by more than chance, or by more than ${share}.`, because: '' }
  const known = changing.flatMap((one) => foundIn(one) ?? [])
  const [largest] = known.toSorted((one, other) => other.factor - one.factor)
  if (largest === undefined || known.length < changing.length) return undefined
  const isAxis = values.every(({ magnitude }) => magnitude !== undefined)
  const place = isAxis ? Math.max(...known.map(({ best }) => best)) : largest.best
  const value = values[place]
  if (value === undefined) return undefined
  const enough =
    isAxis && place === values.length - 1
      ? `${varied} still matters at ${value.label}, the last value tried`
      : isAxis
        ? `${varied}=${value.label} is enough: no other value is faster by more than chance, or by more than ${share}`
        : `${varied}=${value.label} is the best value tried`
  const because = `${largest.said(values.map(({ label }) => label))}.${costOf(varied, value.magnitude, arms)}`
  return { claim: `${enough}.`, because: `${because.slice(0, 1).toUpperCase()}${because.slice(1)}` }
}

interface Found {
  /** Place of the first value that is as good as any. */
  best: number
  /** How many times as long the slowest value took. */
  factor: number
  /** Both, in words. */
  said: (labels: readonly string[]) => string
}

function foundIn({ group, effect }: { group: TriedGroup; effect: TriedEffect }): Found | undefined {
  const medians = effect.cells.map(({ sample }) => sample?.median ?? null)
  const best = effect.cells.findIndex((cell) => cell.best)
  const slowestMs = Math.max(...medians.map((ms) => ms ?? 0))
  const slowest = medians.indexOf(slowestMs)
  const bestMs = medians[best]
  if (best === -1 || bestMs === null || bestMs === undefined || bestMs === 0) return undefined
  const said = (labels: readonly string[]) =>
    `${group.name} ${effect.label}: ${formatDuration(slowestMs)} at ${labels[slowest]}, ${formatDuration(bestMs)} at ${labels[best]}`
  return { best, factor: slowestMs / bestMs, said }
}

function costOf(varied: string, perSecond: number | undefined, arms: Result['arms']): string {
  const nodes = arms[0]?.fleet.nodes
  if (varied !== kubeletRate || perSecond === undefined || nodes === undefined || perSecond <= 0) return ''
  return ` At that limit, ${plural(nodes, 'kubelet')} can send ${formatCount(nodes * perSecond)} requests/s.`
}
