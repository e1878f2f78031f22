import { Failure } from '../../base/errors.ts'
import { didYouMean, formatChoice, formatList, formatNames } from '../../base/names.ts'
import type { PlanDifference, WrittenPlan } from '../../plan/likeness.ts'
import { planDifferences } from '../../plan/likeness.ts'
import type { Result } from '../../result/result.ts'

/** One of the results that are compared; the first one is the baseline of every ratio. */
export interface Side {
  /** What tables call it: `A`. */
  letter: string
  /** What it was asked for by: a run's name, a path, `baseline:NAME`. */
  name: string
  result: Result
  /** What its plan.json says; absent where there is none. */
  plan?: WrittenPlan
}

/** An arm of the baseline, and the arm of another result that is set against it. */
export interface ArmPair {
  before: string
  after: string
}

/** Which arms are set against which, as the user wants it. */
export interface ArmChoice {
  /** One arm, which both results have. */
  arm?: string
  /** Arms of different names. */
  pair?: ArmPair
}

/** The arms of two results that are compared: those of the same name unless the choice says otherwise. Throws `Failure('bad-input')`. */
export function armPairs(baseline: Side, other: Side, { arm, pair }: ArmChoice): ArmPair[] {
  const [before, after] = [armNamesOf(baseline.result), armNamesOf(other.result)]
  const required = (name: string, names: string[], { letter }: Side) => {
    if (names.includes(name)) return
    throw new Failure('bad-input', `${letter} has no arm ${name}${didYouMean(name, names)}`, {
      next: `Its arms: ${formatNames(names)}`,
    })
  }
  const asked = pair ?? (arm === undefined ? undefined : { before: arm, after: arm })
  if (asked !== undefined) {
    required(asked.before, before, baseline)
    required(asked.after, after, other)
    return [asked]
  }
  const shared = before.filter((name) => after.includes(name))
  if (shared.length > 0) return shared.map((name) => ({ before: name, after: name }))
  throw new Failure('bad-input', `${baseline.letter} and ${other.letter} have no arm of the same name`, {
    next: `Say which to compare: --arms ${before[0] ?? 'ARM'}=${after[0] ?? 'ARM'} (${baseline.letter} has ${formatList(before)}, ${other.letter} ${formatList(after)})`,
  })
}

/** The arms of a result, each once, in the order they first ran. */
function armNamesOf({ arms }: Pick<Result, 'arms'>): string[] {
  return [...new Set(arms.toSorted((one, other) => one.order - other.order).map(({ name }) => name))]
}

/** Why two results are of unlike experiments, a phrase each; none where they may be compared. */
export function unlikeness(baseline: Side, other: Side): string[] {
  const evidence =
    baseline.result.evidence === other.result.evidence
      ? []
      : [`${baseline.letter} is ${baseline.result.evidence}, ${other.letter} is ${other.result.evidence}`]
  return [...evidence, ...unlikePlans(baseline, other)]
}

function unlikePlans(baseline: Side, other: Side): string[] {
  const [before, after] = [baseline.result.conditionsHash, other.result.conditionsHash]
  if (before !== undefined && before === after) return []
  const differences = differencesOfPlans(baseline, other)
  if (differences === undefined)
    return baseline.result.planHash === other.result.planHash
      ? []
      : ['their plans differ, but there is no plan.json to show how']
  const unlike = differences.filter(({ isUnderTest }) => !isUnderTest)
  return unlike.map(
    ({ field, values: [earlier, later] }) =>
      `${field} is ${earlier ?? 'not set'} in ${baseline.letter}, ${later ?? 'not set'} in ${other.letter}`,
  )
}

/** What the plans of two results do differently; undefined where that is not known. */
export function differencesOfPlans(baseline: Side, other: Side): PlanDifference[] | undefined {
  if (baseline.plan === undefined || other.plan === undefined) return undefined
  return planDifferences(baseline.plan, other.plan)
}

/** Refuses to compare unlike experiments. Throws `Failure('bad-input')` that names what differs. */
export function refuseUnlike(sides: readonly Side[]): void {
  const [baseline, ...others] = sides
  if (baseline === undefined) return
  for (const other of others) {
    const reasons = unlikeness(baseline, other)
    if (reasons.length === 0) continue
    throw new Failure(
      'bad-input',
      `${baseline.name} and ${other.name} are not the same experiment: ${formatReasons(reasons)}`,
      { next: 'Compare them anyway with --unlike; the report will say so' },
    )
  }
}

const mostReasons = 8

function formatReasons(reasons: readonly string[]): string {
  const more = reasons.length - mostReasons
  return `${reasons.slice(0, mostReasons).join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}

/** The letters of as many sides. */
export function letterAt(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index)
}

/** Results compared at a time: a page of more columns is not read. */
export const mostSides = 8

/** The arms that only one of the results has, a phrase each. */
export function armsAlone(baseline: Side, other: Side): string[] {
  const [before, after] = [armNamesOf(baseline.result), armNamesOf(other.result)]
  const alone = (names: string[], others: string[], { letter }: Side) => {
    const own = names.filter((name) => !others.includes(name))
    return own.length === 0 ? [] : [`${formatChoice(own)} is only in ${letter}`]
  }
  return [...alone(before, after, baseline), ...alone(after, before, other)]
}
