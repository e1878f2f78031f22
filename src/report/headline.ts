import { plural } from '../base/count.ts'
import { formatList } from '../base/names.ts'
import { isDifference } from '../result/difference.ts'
import type { ArmOutcome } from '../result/result.ts'
import type { ComparisonCell, FigureRow } from './comparison.ts'
import { timeRows } from './comparison.ts'
import { differenceLine, isTheSame, sizeText } from './difference.ts'
import { sampleText } from './sample.ts'
import type { StepReport } from './step-view.ts'

/** The sentence that people came for: what an arm made of a step, by how much, and why. */
export interface Headline {
  /** The step's name. */
  step: string
  /** The arm that it is about. */
  arm: string
  /** `tuned rolls out 200 pods 9.40× faster` */
  claim: string
  /** `81.0 s → 8.63 s; untuned is bound by the kubelet's client limit, 5/s instead of 50/s` */
  because: string
  effect: 'faster' | 'none-shown' | 'open'
}

/** Times this many times apart look different to every reader, whatever chance may account for. */
const farApart = 1.5

/** Beyond so many arms, only the fastest one of each step has a sentence. */
const mostArms = 4

/**
 * A sentence for each step and arm beside the first one, which is the baseline; of a single arm, what it took. What an arm made slower has
 * sentences of its own (`worsenedIn`).
 */
export function headlinesOf(steps: readonly StepReport[], armNames: readonly string[]): Headline[] {
  const [baseline, ...others] = armNames
  if (baseline === undefined) return []
  return steps.flatMap((step) => {
    const row = timeRows(step.figures).find(({ name }) => name === step.headline?.figure)
    if (row === undefined || step.headline === undefined) return []
    const subject = { step: step.name, does: step.headline.does, row, baseline }
    if (others.length === 0) return alone(subject)
    const found = others.flatMap((arm) => beside(subject, arm))
    return others.length < mostArms ? found : fastest(found, row)
  })
}

/** A headline as one sentence. */
export function headlineText({ claim, because }: Pick<Headline, 'claim' | 'because'>): string {
  return because === '' ? claim : `${claim}: ${because}`
}

/** What headlines rest on, in words. */
export interface Basis {
  /** `12 settings differ`; null for a single arm. */
  settings: string | null
  /** `4 runs of each arm` */
  runs: string
}

/** What differs from arm to arm, and how often each ran. */
export function basisOf(arms: readonly ArmOutcome[], armNames: readonly string[], differing: number): Basis {
  const counts = armNames.map((name) => arms.filter((arm) => arm.name === name).length)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  const several = least === most ? `${most} runs` : `${least} to ${most} runs`
  const runs = most === 1 && least === 1 ? 'one run' : several
  if (armNames.length === 1) return { settings: null, runs }
  const settings = differing === 1 ? 'one setting differs' : `${differing === 0 ? 'no' : differing} settings differ`
  return { settings, runs: `${runs} of each arm` }
}

/** A basis as one phrase: `12 settings differ; 4 runs of each arm`. */
export function basisText({ settings, runs }: Basis): string {
  return settings === null ? runs : `${settings}; ${runs}`
}

interface Subject {
  step: string
  does: string
  row: FigureRow
  baseline: string
}

function alone({ step, does, row, baseline }: Subject): Headline[] {
  const cell = cellOf(row, baseline)
  if (cell?.measured == null) return []
  const bound = row.bindingIn(baseline)
  const { figure } = sampleText(cell.measured, row.format, row.bound)
  const claim =
    cell.measured.median === null ? `${baseline}: ${row.inFull} was not reached` : `${baseline} ${does} in ${figure}`
  return [{ step, arm: baseline, claim, because: bound === undefined ? '' : `bound by ${bound.words}`, effect: 'open' }]
}

function beside({ step, does, row, baseline }: Subject, arm: string): Headline[] {
  const [before, after] = [cellOf(row, baseline), cellOf(row, arm)]
  const difference = after?.difference ?? null
  if (before === undefined || after === undefined || difference === null) return []
  // Said among what got worse.
  if (isDifference(difference, 'more')) return []
  const [from, to] = [before, after].map(({ measured }) => sampleText(measured, row.format, row.bound).figure)
  const said = { step, arm }
  if (isDifference(difference, 'less')) {
    const why = row.causeIn(arm, baseline)
    const cause =
      why === undefined ? '' : `; ${why.startsWith('bound by') ? `${baseline} is` : `in ${baseline}`} ${why}`
    return [
      {
        ...said,
        claim: `${arm} ${does} ${differenceLine(difference)}`,
        because: `${from} → ${to}${cause}`,
        effect: 'faster',
      },
    ]
  }
  if (difference.kind === 'not-comparable')
    return [
      {
        ...said,
        claim: `${arm} ${does} in ${to}, ${baseline} in ${from}`,
        because: `not compared, because ${difference.reason}`,
        effect: 'open',
      },
    ]
  if (difference.kind === 'one-run')
    return [
      {
        ...said,
        claim: `${arm} ${does} in about the same time as ${baseline}`,
        because: `${from} and ${to}`,
        effect: 'none-shown',
      },
    ]
  // Neither faster nor slower: `isDifference` has taken all that are.
  if (difference.kind !== 'none-shown') return []
  const { estimate, wouldHaveSeen: seen } = difference
  const bounds = [baseline, arm].map((name) => row.bindingIn(name)?.words)
  const bound = bounds[0] !== undefined && bounds[0] === bounds[1] ? `; both are bound by ${bounds[0]}` : ''
  if (estimate !== null && isTheSame(difference))
    return [
      {
        ...said,
        claim: `${arm} ${does} in the same time as ${baseline}`,
        because: `${from}${bound}`,
        effect: 'none-shown',
      },
    ]
  if (estimate !== null && Math.max(estimate.ratio, 1 / estimate.ratio) > farApart)
    return [
      {
        ...said,
        claim: `${arm} ${does} in ${to}, ${baseline} in ${from}`,
        because: `${plural(estimate.n, 'run')} of each are too few to rule out chance`,
        effect: 'none-shown',
      },
    ]
  const limit = seen === null ? '' : `; a difference of ${sizeText(seen)} or more would have been seen`
  return [
    {
      ...said,
      claim: `${arm} ${does} with no detectable difference from ${baseline}`,
      because: `${from} and ${to}${limit}${bound}`,
      effect: 'none-shown',
    },
  ]
}

function fastest(found: readonly Headline[], row: FigureRow): Headline[] {
  const medianOf = ({ arm }: Headline) => cellOf(row, arm)?.measured?.median ?? Number.POSITIVE_INFINITY
  const faster = found
    .filter(({ effect }) => effect === 'faster')
    .toSorted((one, other) => medianOf(one) - medianOf(other))
  const [first] = faster
  if (first === undefined) return found.slice(0, 1)
  const rest = faster.slice(1).map(({ arm }) => arm)
  return [
    { ...first, because: rest.length === 0 ? first.because : `${first.because}; also faster: ${formatList(rest)}` },
  ]
}

function cellOf({ cells }: FigureRow, name: string): ComparisonCell | undefined {
  return cells.find(({ arm }) => arm === name)
}
