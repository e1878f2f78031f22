import { formatCount, plural } from '../../base/count.ts'
import { usualMaterial } from '../../plan/limits.ts'
import type { Result, Verdict } from '../../result/result.ts'
import { differenceLine } from '../difference.ts'
import { formatShare } from '../format.ts'
import type { StepView } from '../step-view.ts'
import type { Compared, Finding } from './findings.ts'
import { compareResults } from './findings.ts'
import type { ArmChoice, Side } from './sides.ts'
import { armPairs, armsAlone, unlikeness } from './sides.ts'
import type { WhatDiffers } from './what-differs.ts'
import { whatDiffers } from './what-differs.ts'

/** Saved results beside each other: what the page, the comment and the terminal say of them. */
export interface CrossRunView {
  title: string
  sides: readonly Side[]
  /** Versions, place, settings in force, plan: what may be behind a difference. */
  differs: WhatDiffers[]
  /** Why they are not of the same experiment, as the user wants to compare them all the same. */
  unlike: string[]
  /** fail: a headline figure is worse. inconclusive: nobody can say that none is. */
  verdict: Verdict
  reasons: string[]
  /** One for each result after the first. */
  compared: ComparedView[]
  evidence: Result['evidence']
}

/** What is said of one result against the baseline. */
export interface ComparedView extends Compared {
  worse: Finding[]
  better: Finding[]
  /** Figures beside the headlines that are worse, better or changed. */
  toLookAt: Finding[]
  /** Of the headline figures that show no difference, a sentence; empty where all do. */
  nothingShown: string
  /** Headline figures that cannot be compared, with the reason. */
  notCompared: string[]
  /** How many other figures were compared. */
  others: number
}

/** Compares results, the first one being the baseline. Throws `Failure('bad-input')` for arms that are not there. */
export function crossRunViewOf(
  sides: readonly Side[],
  { views, choice, material = usualMaterial }: { views: readonly StepView[]; choice: ArmChoice; material?: number },
): CrossRunView {
  const [baseline, ...others] = sides
  if (baseline === undefined) throw new Error('nothing to compare')
  const pairs = others.map((other) => armPairs(baseline, other, choice))
  const differs = whatDiffers(sides, pairs)
  const compared = others.map((other, index) => {
    const found = compareResults(baseline, other, {
      views,
      pairs: pairs[index] ?? [],
      differs,
      index: index + 1,
      material,
    })
    return comparedView(found, choice.arm === undefined && choice.pair === undefined ? armsAlone(baseline, other) : [])
  })
  const judged = judgement(compared)
  const evidence = sides.some(({ result }) => result.evidence === 'simulated') ? 'simulated' : 'measured'
  const words = { pass: 'no regression shown', fail: 'worse', inconclusive: 'inconclusive' }[judged.verdict]
  return {
    title: `${baseline.result.plan}: ${words} (${evidence})`,
    sides,
    differs,
    unlike: others.flatMap((other) => unlikeness(baseline, other)),
    ...judged,
    compared,
    evidence,
  }
}

/** What is said of one finding: `tuned rollout available: 6.48 s → 7.45 s, 1.15× slower (1.13 to 1.17)`. */
export function findingText({ arm, label, before, after, difference, of, cause }: Finding): string {
  return `${arm} ${label}: ${before} → ${after}, ${differenceLine(difference, of)}; ${cause}`
}

function comparedView(compared: Compared, armsAlone: readonly string[]): ComparedView {
  const { findings } = compared
  const headlines = findings.filter(({ isHeadline }) => isHeadline)
  const others = findings.filter(({ isHeadline }) => !isHeadline)
  return {
    ...compared,
    alone: [...armsAlone, ...compared.alone],
    worse: headlines.filter(({ effect }) => effect === 'worse'),
    better: headlines.filter(({ effect }) => effect === 'better'),
    toLookAt: others.filter(({ effect }) => effect === 'worse' || effect === 'better' || effect === 'changed'),
    nothingShown: nothingShown(headlines),
    notCompared: headlines.flatMap(({ arm, label, difference }) =>
      difference.kind === 'not-comparable' ? [`${arm} ${label}: ${difference.reason}`] : [],
    ),
    others: others.length,
  }
}

function nothingShown(headlines: readonly Finding[]): string {
  const alike = headlines.filter(({ effect }) => effect === 'none-shown')
  if (alike.length === 0) return ''
  const seen = alike.flatMap((one) =>
    one.difference.kind === 'none-shown' && one.difference.wouldHaveSeen !== null
      ? [{ ...one, share: one.difference.wouldHaveSeen }]
      : [],
  )
  const [least] = seen.toSorted((one, other) => other.share - one.share)
  const count = `No difference shown in ${formatCount(alike.length)} of ${plural(headlines.length, 'headline figure')}`
  if (least === undefined) return `${count}.`
  return `${count}. A difference of ${formatShare(Math.min(...seen.map(({ share }) => share)))} or more would have been seen; in ${least.arm} ${least.label}, only one of ${formatShare(least.share)} or more.`
}

/** One headline figure that is worse fails; nothing that can be said of any of them is no pass. */
function judgement(compared: readonly ComparedView[]): Pick<CrossRunView, 'verdict' | 'reasons'> {
  const worse = compared.flatMap((one) => one.worse)
  const sure = worse.filter(({ difference }) => difference.kind === 'shown')
  if (sure.length > 0) return { verdict: 'fail', reasons: [`${plural(sure.length, 'headline figure')} worse.`] }
  const doubts = compared.flatMap((one) => doubtsAbout(one))
  return doubts.length > 0
    ? { verdict: 'inconclusive', reasons: doubts }
    : { verdict: 'pass', reasons: compared.map(({ nothingShown }) => nothingShown).filter((text) => text !== '') }
}

function doubtsAbout({ side, findings, worse, notCompared }: ComparedView): string[] {
  const { letter, result } = side
  const headlines = findings.filter(({ isHeadline }) => isHeadline)
  return [
    ...(headlines.length === 0 ? [`${letter} and the baseline have no headline figure in common.`] : []),
    ...(headlines.some(({ difference }) => difference.kind === 'one-run')
      ? [
          `An arm ran only once, so chance cannot be ruled out${worse.length > 0 ? `; ${plural(worse.length, 'figure looks', 'figures look')} worse` : ''}. Repeat the run with --repeat 4 (make: REPEAT=4).`,
        ]
      : []),
    ...(result.partial ? [`${letter} is partial: ${result.ending ?? 'not all of its arms are complete'}.`] : []),
    ...notCompared.map((text) => `Not compared: ${text}.`),
  ]
}
