import { stringify } from 'yaml'
import { plural } from '../base/count.ts'
import { exitCodes, Failure } from '../base/errors.ts'
import type { Checklist } from '../result/checklist.ts'
import { failingIn } from '../result/checklist.ts'
import { dryRun } from '../targets/remote/index.ts'
import { lineOf } from '../targets/remote/objects.ts'
import type { CheckOutcome } from '../targets/remote/preflight/check.ts'
import { titleOf } from '../targets/remote/reach.ts'
import { checklistNotes } from './checklist-text.ts'
import { loadPlanFor } from './plans.ts'
import type { Surroundings } from './surroundings.ts'
import { targetNamed } from './target-names.ts'
import { remoteOptions } from './targets.ts'
import type { Styles } from './terminal.ts'
import { refuseForOtherTargets, refuseUseless } from './useless-options.ts'

export interface DryRunOptions {
  set?: string[]
  kubernetes?: string
  target?: string
  clusters?: string
  confirm?: string[]
  allowInsecure?: string[]
  /** Print objects whole, as YAML documents. */
  manifests?: boolean
  json?: boolean
  namespaces?: boolean
}

/**
 * Checks the clusters of target remote as a run would, prints what it would create and creates nothing. Exit status 3 when a
 * check refuses.
 */
export async function dryRunCommand(
  planName: string,
  options: DryRunOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { terminal, styles, folders, interruption } = surroundings
  const plan = loadPlanFor(planName, folders, options)
  const target = targetNamed(options.target, plan)
  if (target !== 'remote') {
    throw new Failure('bad-input', `a dry run checks existing clusters; target ${target} has none`, {
      next: 'Add --target remote, or leave out --dry-run',
    })
  }
  refuseUseless({ '--json': options.json, '--namespaces': options.namespaces }, 'with --dry-run')
  refuseForOtherTargets(target, plan, options)
  const closing = new AbortController()
  try {
    const signal = AbortSignal.any([interruption.signal, closing.signal])
    const { checks, checklists, objects } = await dryRun(remoteOptions(plan, surroundings, options), signal)
    const counts = new Map<string, number>()
    for (const planned of objects()) {
      const title = titleOf(planned.cluster)
      counts.set(title, (counts.get(title) ?? 0) + 1)
      if (options.manifests === true) terminal.print(`---\n# ${title}\n${stringify(planned.object).trimEnd()}`)
      else terminal.print(lineOf(planned))
    }
    const comment = options.manifests === true ? '# ' : ''
    const lines = [
      ...[...counts].map(([title, count]) => `${title}: would create ${plural(count, 'object')}; created none`),
      '',
      ...renderChecks(checks, styles),
      ...renderNotes(checklists, styles),
    ]
    terminal.print(`${comment}${lines.join(`\n${comment}`)}`)
    const refused = checks.some(({ refusals }) => refusals.length > 0)
    return refused ? exitCodes['safety-refusal'] : exitCodes.pass
  } finally {
    closing.abort(new Failure('interrupted', 'the clusters have been looked at'))
  }
}

/** What the checklist of the architecture says in short: it refuses nothing. */
function renderNotes(checklists: readonly Checklist[], styles: Styles): string[] {
  if (checklists.length === 0) return []
  const whole = 'for the whole checklist: npm run scale-test -- doctor --clusters FILE'
  const hasFailed = checklists.some(({ lines }) => failingIn(lines).length > 0)
  return [
    `${hasFailed ? styles.yellow('note   ') : styles.green('ok     ')} Architecture`,
    ...[...checklistNotes(checklists), whole].map((note) => `        ${styles.dim(note)}`),
  ]
}

/** Every check with what it found, in lines. */
export function renderChecks(checks: readonly CheckOutcome[], styles: Styles): string[] {
  return checks.flatMap(({ title, refusals, notes }) => [
    `${refusals.length === 0 ? styles.green('ok     ') : styles.red('refused')} ${title}`,
    ...notes.map((note) => `        ${styles.dim(note)}`),
    ...refusals.flatMap(({ because, next }) => [`        ${because}`, `          ${styles.dim(next)}`]),
  ])
}
