import process from 'node:process'
import { systemClock } from '../base/clock.ts'
import { exitCodes, Failure, messageOf } from '../base/errors.ts'
import { kindOf } from '../base/files.ts'
import { readModulePins } from '../components/components.ts'
import type { PlannedClusters } from '../plan/plan.ts'
import { failingIn } from '../result/checklist.ts'
import { examineMachine } from '../targets/local/examine.ts'
import { checklistsOf } from '../targets/remote/checklist/index.ts'
import { requireKnown } from '../targets/remote/index.ts'
import type { Reach } from '../targets/remote/reach.ts'
import { serverVersionOf, titleOf } from '../targets/remote/reach.ts'
import { renderChecklist } from './checklist-text.ts'
import { defaultClusters, loadClusters } from './plans.ts'
import { withStatusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'
import { withClusters } from './with-clusters.ts'
import { wrap } from './wrap.ts'

/** As wide as a mark and the spaces around it. */
const indent = ' '.repeat(10)

export interface DoctorOptions {
  clusters?: string
  allowInsecure?: string[]
}

/**
 * Says what this machine has and lacks for each target or, with `clusters`, how those clusters are built. Fails when target local cannot run here,
 * or a line of a checklist fails; one that cannot be seen fails nothing.
 */
export function doctorCommand(
  { clusters, allowInsecure = [] }: DoctorOptions,
  surroundings: Surroundings,
): Promise<number> {
  if (clusters !== undefined) return examineArchitecture(loadClusters(clusters), allowInsecure, surroundings)
  if (allowInsecure.length > 0)
    throw new Failure('bad-input', '--allow-insecure is for clusters', { next: 'Name them: --clusters FILE' })
  return examineThisMachine(surroundings)
}

/** Prints the checklist of each cluster. Throws `Failure('infrastructure')` when one does not answer. */
async function examineArchitecture(
  planned: PlannedClusters,
  allowInsecure: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { terminal, styles, folders } = surroundings
  const checklists = await withClusters(planned, { allowInsecure }, surroundings, (clusters, signal) => {
    requireKnown({ '--allow-insecure': allowInsecure }, clusters)
    const newestVersion = readModulePins({ sourceFolder: folders.components }).kubernetes
    return withStatusLine(terminal, (onProgress) => {
      onProgress('reading the clusters')
      return checklistsOf(clusters, planned, { newestVersion, clock: systemClock, signal })
    })
  })
  terminal.print(checklists.map((one) => renderChecklist(one, styles).join('\n')).join('\n\n'))
  const hasFailed = checklists.some(({ lines }) => failingIn(lines).length > 0)
  return hasFailed ? exitCodes.thresholdMissed : exitCodes.pass
}

/** Says what this machine has and lacks for each target; fails when a target cannot run here at all. */
async function examineThisMachine(surroundings: Surroundings): Promise<number> {
  const { terminal, styles, folders, env } = surroundings
  const marks = { has: styles.green('ok     '), limits: styles.yellow('note   '), lacks: styles.red('missing') }
  const print = ({ state, what, next }: { state: keyof typeof marks; what: string; next?: string | undefined }) => {
    const [first = '', ...others] = wrap(what, indent)
    terminal.print([`  ${marks[state]} ${first.slice(indent.length)}`, ...others].join('\n'))
    if (next !== undefined) terminal.print(wrap(next, indent).map(styles.dim).join('\n'))
  }
  terminal.print(styles.bold('target sim: a simulation, needs only Node'))
  terminal.print(`  ${marks.has} Node ${process.version}, installed by the project`)
  terminal.print(wrap('try first: make scale-test PLAN=single-node', indent).join('\n'))
  const findings = await examineMachine(folders.components, folders.reports, env)
  terminal.print(styles.bold('\ntarget local: real components on this machine'))
  for (const finding of findings) print(finding)
  terminal.print(styles.bold('\ntarget remote: existing clusters'))
  for (const finding of await examineClustersFile(surroundings)) print(finding)
  const isAble = findings.every(({ state }) => state !== 'lacks')
  terminal.print(
    isAble ? '\nthen: make scale-test PLAN=single-node TARGET=local' : '\ntarget local cannot run here yet',
  )
  return isAble ? exitCodes.pass : exitCodes.infrastructure
}

/** What there is to say of clusters.yaml in the working directory: whether its clusters answer; nothing is checked beyond that. */
async function examineClustersFile(surroundings: Surroundings) {
  if (kindOf(defaultClusters) === undefined) {
    const next = 'Write one, or name another file with --clusters: see README, Real clusters'
    return [{ state: 'limits' as const, what: `no ${defaultClusters} here, so target remote has no clusters`, next }]
  }
  const ask = async (cluster: Reach) => {
    try {
      return {
        state: 'has' as const,
        what: `${titleOf(cluster)}: ${await serverVersionOf(cluster.api)}`,
        next: undefined,
      }
    } catch (error) {
      return { state: 'lacks' as const, what: `${titleOf(cluster)}: ${messageOf(error)}`, next: undefined }
    }
  }
  try {
    return await withClusters(loadClusters(defaultClusters), {}, surroundings, (clusters) =>
      Promise.all(clusters.map(ask)),
    )
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [{ state: 'lacks' as const, what: error.message, next: error.next }]
  }
}
