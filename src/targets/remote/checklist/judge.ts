import { plural } from '../../../base/count.ts'
import { formatNames } from '../../../base/names.ts'
import type { ChecklistLine } from '../../../result/checklist.ts'
import type { ClusterFacts, ControlPlaneComponent } from './facts.ts'
import type { Flags } from './flags.ts'
import type { Seen, Unseen } from './seen.ts'

/** A verdict, and what it rests on. */
export type Judgement = Pick<ChecklistLine, 'verdict' | 'reason' | 'next'>

/** One line of the checklist: what it looks at, and how it judges that. */
export interface Line {
  id: string
  title: string
  judge(facts: ClusterFacts): Judgement
}

/** Lines that belong together. */
export interface Topic {
  title: string
  lines: readonly Line[]
}

export function pass(reason: string): Judgement {
  return { verdict: 'pass', reason }
}

export function fail(reason: string, next: string): Judgement {
  return { verdict: 'fail', reason, next }
}

export function cannotSee({ because, next }: Unseen): Judgement {
  return { verdict: 'cannot see', reason: because, next }
}

/** Judges what a source says, where it says something. */
export function whereSeen<T>(source: Seen<T>, judge: (value: T) => Judgement): Judgement {
  return 'value' in source ? judge(source.value) : cannotSee(source)
}

/** Judges each process of a component by its flags: one that fails is enough to fail, and one that cannot be judged to not pass. */
export function eachProcess(
  { flags }: ClusterFacts,
  component: ControlPlaneComponent,
  judge: (flags: Flags) => Judgement,
): Judgement {
  return whereSeen(flags[component], (processes) => {
    const judged = processes.map((one) => ({ from: one.from, ...judge(one) }))
    const worst =
      judged.find(({ verdict }) => verdict === 'fail') ??
      judged.find(({ verdict }) => verdict === 'cannot see') ??
      judged[0]
    if (worst === undefined) throw new Error(`no flags of ${component}`)
    const { from, ...judgement } = worst
    const others = judged.length - 1
    const more = judgement.verdict === 'pass' && others > 0 ? ` and ${plural(others, 'other')}` : ''
    return { ...judgement, reason: `${judgement.reason} (${from}${more})` }
  })
}

/** What lets these components be read. */
export function nameInClusters(components: readonly ControlPlaneComponent[]): string {
  return `Add to the cluster in clusters.yaml: ${components.map((one) => `components.${one}`).join(', ')}`
}

/** A few names, since some clusters have hundreds. */
export function few(names: readonly string[]): string {
  return formatNames(names, 3)
}
