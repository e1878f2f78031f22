import { plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { sumOf } from '../base/sum.ts'
import type { Difference, RunReading } from '../result/difference.ts'
import { isDifference } from '../result/difference.ts'
import { readingOfNodesReady, shortageOf } from '../result/fleet.ts'
import type { ArmOutcome } from '../result/result.ts'
import type { Sample } from '../result/sample.ts'
import { sampleOf } from '../result/sample.ts'
import type { Family, FigureRow } from './comparison.ts'
import { timeRows, timesDiffer } from './comparison.ts'
import { differenceLine } from './difference.ts'
import { sampleText } from './sample.ts'
import type { StepReport } from './step-view.ts'

/** A time that an arm made longer than the baseline's, beyond doubt. */
export interface Worsened {
  /** The arm's name. */
  arm: string
  /** `pod startup, p99` */
  label: string
  /** `17 ms → 11 m 50 s, 41,207× slower` */
  change: string
  /** What is known of why; `cause not known` otherwise. */
  cause: string
}

interface Compared {
  arms: readonly ArmOutcome[]
  armNames: readonly string[]
  steps: readonly StepReport[]
  /** Differences of less than this share are of no interest. */
  material: number
}

/** Every compared time that an arm made longer than the first arm's, by how much, and why if that is known; slowest first. */
export function worsenedIn(compared: Compared): Worsened[] {
  const { armNames, steps } = compared
  const [baseline, ...others] = armNames
  if (baseline === undefined) return []
  const rows = steps.flatMap(({ figures }) => timeRows(figures))
  return others.flatMap((arm) => {
    const found = [...nodesReady(compared, baseline, arm), ...rows.flatMap((row) => grown(row, baseline, arm))]
    return mostOfFamilies(found)
      .toSorted((one, other) => other.factor - one.factor)
      .map(({ label, change, cause = unexplained(compared, baseline, arm) }) => ({ arm, label, change, cause }))
  })
}

/** What is said of one in a line. */
export function worsenedText({ arm, label, change, cause }: Worsened): string {
  return `${arm} ${label}: ${change}; ${cause}`
}

interface Found {
  label: string
  change: string
  factor: number
  family?: Family | undefined
  cause?: string | undefined
}

function grown(row: FigureRow, baseline: string, arm: string): Found[] {
  const { inFull, cells, format, family, leastFactor = 0 } = row
  const cellOf = (name: string) => cells.find((cell) => cell.arm === name)
  const [before, after] = [cellOf(baseline), cellOf(arm)]
  return found(inFull, before?.measured ?? null, after?.measured ?? null, after?.difference ?? null, format)
    .filter(({ factor }) => factor >= leastFactor)
    .map((one) => ({ ...one, family, cause: row.causeIn(baseline, arm) }))
}

function found(
  label: string,
  baseline: Sample | null,
  sample: Sample | null,
  difference: Difference | null,
  format = formatDuration,
): Found[] {
  if (difference === null || !isDifference(difference, 'more')) return []
  const change = `${sampleText(baseline, format).figure} → ${sampleText(sample, format).figure}`
  const medians = (sample?.median ?? Number.POSITIVE_INFINITY) / Math.max(1, baseline?.median ?? 1)
  const ratio = 'ratio' in difference ? difference.ratio : 'estimate' in difference ? difference.estimate?.ratio : null
  return [{ label, change: `${change}, ${differenceLine(difference)}`, factor: ratio ?? medians }]
}

/** Of each family only the one that grew most, with how many others there are. */
function mostOfFamilies(found: readonly Found[]): Found[] {
  return found.flatMap((one) => {
    const { family, change } = one
    if (family === undefined) return [one]
    const all = found.filter((other) => other.family?.name === family.name)
    const [most] = all.toSorted((first, second) => second.factor - first.factor)
    if (most !== one) return []
    return [all.length === 1 ? one : { ...one, change: `${change}${family.others(all.length - 1)}` }]
  })
}

function nodesReady({ arms, material }: Compared, baseline: string, arm: string): Found[] {
  const [before, after] = [runsOfNodesReady(arms, baseline), runsOfNodesReady(arms, arm)]
  const sample = (runs: readonly RunReading[]) => sampleOf(runs.map(({ reading }) => reading))
  return found('nodes Ready', sample(before), sample(after), timesDiffer(before, after, { material }))
}

/** When the nodes of an arm were Ready, repetition by repetition. */
export function runsOfNodesReady(arms: readonly ArmOutcome[], name: string): RunReading[] {
  return arms
    .filter((arm) => arm.name === name)
    .flatMap((arm) => {
      const reading = readingOfNodesReady(arm)
      return reading === undefined ? [] : [{ repetition: arm.repetition, reading }]
    })
}

/** What is known of the arm as a whole, where nothing explains a time by itself. */
function unexplained({ arms }: Compared, baseline: string, arm: string): string {
  const of = (name: string) => arms.filter((arm) => arm.name === name)
  if (of(arm).some(({ fleet }) => shortageOf(fleet) !== undefined)) return 'the machine is too small for this fleet'
  const lost = (name: string) => sumOf(of(name).map(({ fleet }) => fleet.flaps.nodes.length))
  const lostHere = lost(arm)
  if (lostHere > lost(baseline)) return `cause not known, but ${plural(lostHere, 'node')} stopped being Ready`
  // One run of each has no spread to hold the difference against.
  const isRepeated = [baseline, arm].every((name) => of(name).length > 1)
  return isRepeated ? 'cause not known' : 'cause not known (one run each)'
}
