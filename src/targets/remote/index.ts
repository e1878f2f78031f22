import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Checklist } from '../../result/checklist.ts'
import type { Places } from '../../tune/hosts/section.ts'
import type { PlannedWork, Target } from '../target.ts'
import { runArmProgram } from './arm-program.ts'
import { checklistsOf } from './checklist/index.ts'
import { closeBudgetMs, openBudgetMs, openRemoteCluster } from './cluster.ts'
import type { HostAccess } from './host-access.ts'
import { supportOf } from './knobs.ts'
import type { Holder } from './lease.ts'
import { hollowArms, plannedObjects, targetOf } from './objects.ts'
import type { CheckOutcome, PlannedObject } from './preflight/check.ts'
import { allChecks, examineClusters, requireNoRefusals } from './preflight/index.ts'
import type { Connect, Reach } from './reach.ts'
import { clustersOf, connectOverHttp, locate, plannedPlaces, reachClusters } from './reach.ts'

export interface RemoteTargetOptions {
  plan: Plan
  work: PlannedWork
  holder: Holder
  /** `reports/<run>`: logs/ has the output of the programs that change clusters' settings. */
  runFolder: string
  /** Contexts that were typed for clusters that look like production. */
  confirmed: readonly string[]
  /** Contexts that were typed for clusters whose server may be somebody else's. */
  allowInsecure: readonly string[]
  /** Whether a credential plugin can ask somebody. */
  stdinIsTerminal: boolean
  /** Takes what a credential plugin says, as it comes. */
  onPluginLine(line: string): void
  /** Of the hollow nodes' image, where the plan names none: `v1.37.2`, or `v1.36.3` for an arm of `1.36`. */
  kubernetesVersion: (kubernetes: string | undefined) => string
  /** Of the hosts whose settings the run changes. */
  hostAccess: HostAccess
  env: Readonly<Record<string, string | undefined>>
  home?: string
  clock: Clock
  now: () => Date
  connect?: Connect
  runProgram?: typeof runArmProgram
}

/** What a preflight found, and what the run would create. */
export interface DryRun {
  clusters: readonly Reach[]
  checks: CheckOutcome[]
  /** Of each target; none where a check refuses. */
  checklists: Checklist[]
  objects(): Iterable<PlannedObject>
}

/** Clusters of others, reached by kubeconfigs: looked at before anything is created, and left as they were. */
export function remoteTarget(options: RemoteTargetOptions): Target {
  const {
    plan,
    runFolder,
    clock,
    home = homedir(),
    connect = connectOverHttp(clock),
    runProgram = runArmProgram,
  } = options
  return {
    name: 'remote',
    evidence: 'measured',
    onThisMachine: false,
    openBudgetMs,
    closeBudgetMs: () => closeBudgetMs,
    tunes: plan.remote?.retune !== undefined || plan.remote?.tuneHosts !== undefined,
    supports: (knob, kubernetes) => supportOf(knob, plan.fleet, kubernetes, placesIn(plan)),

    async prepare({ signal, onProgress }) {
      onProgress('checking the clusters')
      const closing = new AbortController()
      try {
        const { checks, checklists } = await dryRun(options, AbortSignal.any([signal, closing.signal]))
        requireNoRefusals(checks)
        return checklists
      } finally {
        closing.abort(new Failure('interrupted', 'the clusters have been looked at'))
      }
    },

    async open({ arm: { id: armId, name: arm, kubernetes }, wasTuned, knobs, signal }) {
      const { target, path } = targetOf(plan, arm)
      const places = plannedPlaces(clustersOf(plan)).filter((place) => place.role === 'host' || place.path === path)
      const located = await locate(places, { ...options, home, signal })
      const on = located.find(({ role }) => role === 'target')
      if (on === undefined) throw new Error(`${path} is not one of the plan's clusters`)
      return openRemoteCluster({
        ...options,
        kubernetesVersion: options.kubernetesVersion(kubernetes),
        target,
        places: { target: on, host: located.find(({ role }) => role === 'host') },
        arm,
        armId,
        wasTuned,
        knobs,
        logFolder: join(resolve(runFolder), 'logs'),
        connect,
        runProgram,
        signal,
      })
    },
  }
}

/**
 * Reaches the clusters of the plan, checks them and works out what would be created; creates nothing. Connections last until
 * `signal` aborts. Throws `Failure` when a cluster cannot be asked.
 */
export async function dryRun(options: RemoteTargetOptions, signal: AbortSignal): Promise<DryRun> {
  const {
    plan,
    work,
    holder,
    kubernetesVersion,
    confirmed,
    clock,
    now,
    home = homedir(),
    connect = connectOverHttp(clock),
  } = options
  const clusters = await reachClusters(clustersOf(plan), { ...options, connect, home, signal })
  requireKnown({ '--confirm': confirmed, '--allow-insecure': options.allowInsecure }, clusters)
  const at = now()
  const planned = { plan, work, clusters, holder, kubernetesVersion }
  const objects = () => plannedObjects({ ...planned, now: at })
  const hollow = hollowArms(planned).map(({ order }) => order)
  const { hostAccess } = options
  const preflight = { plan, work, clusters, hollow, confirmed, now: at, objects, hostAccess, clock, signal }
  const checks = await examineClusters(preflight, allChecks)
  const isRefused = checks.some(({ refusals }) => refusals.length > 0)
  const targets = isRefused ? [] : clusters.filter(({ role }) => role === 'target')
  const checklists = await checklistsOf(targets, clustersOf(plan), {
    newestVersion: kubernetesVersion(undefined),
    clock,
    signal,
  })
  return { clusters, checks, checklists, objects }
}

/** Where a run changes settings, one for each target. */
function placesIn({ remote }: Plan): Places[] {
  if (remote?.tuneHosts === undefined) return []
  return remote.targets.map(({ hosts = [], kubeProxy }) => ({ hosts, kubeProxy }))
}

/** A context that was typed, with whatever option, and is not there is a mistake. Throws `Failure('bad-input')`. */
export function requireKnown(typed: Readonly<Record<string, readonly string[]>>, clusters: readonly Reach[]): void {
  for (const [option, contexts] of Object.entries(typed)) {
    const strange = contexts.filter((context) => clusters.every((cluster) => cluster.context !== context))
    if (strange.length === 0) continue
    throw new Failure('bad-input', `${option} ${strange.join(', ')}: none of the clusters has this context`, {
      next: `Their contexts are ${clusters.map(({ context }) => context).join(', ')}`,
    })
  }
}
