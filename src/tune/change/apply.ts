import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import { differencesOf } from '../hosts/differences.ts'
import type { WantedOf } from '../hosts/wanted.ts'
import type { ClusterView, NotShown } from './cluster-view.ts'
import type { Change, TunedHost } from './host.ts'
import { restoringOf } from './host.ts'
import type { TuneRecord } from './journal.ts'
import type { HostPlan } from './plan.ts'
import { changesEtcd, changesOf } from './plan.ts'
import type { Restorable } from './quorum.ts'
import { illnessOf, looksInARow, pollMs } from './quorum.ts'
import { renewing, staggered } from './renewing.ts'
import { restoreHosts } from './rollback.ts'

export interface ApplyOptions {
  /** Names the folder on the hosts. */
  run: string
  profile: string
  plans: readonly HostPlan[]
  /** Of the cluster that the hosts belong to. */
  cluster: ClusterView
  /** Writes a record, and returns when it is on the disk. */
  record(record: TuneRecord): void
  /** How long a component may take until it is well and shows its new settings. */
  healthMs: number
  /** A host that hears nothing for so long restores by itself; longer than any one step. */
  deadManMs: number
  /** Leaves the timers on when all is applied: from then on, the caller renews them. */
  staysArmed?: boolean
  clock: Clock
  signal: AbortSignal
  onProgress(line: string): void
}

/** As long as a script may take on a host (ssh.ts), and a little longer. */
const restartMs = 200_000

/**
 * Changes hosts, one at a time, and each component on it by itself: what changes is journalled here and there before a byte does; then the
 * component has to be well and show its new settings. If one is not, its host is restored, then all that were changed before. Throws the
 * first failure, and `Failure('residue')` when a host could not be restored.
 */
export async function applyPlans(options: ApplyOptions): Promise<void> {
  const { run, profile, plans, cluster, record, signal, onProgress } = options
  const changing = plans.filter((plan) => changesOf(plan).length > 0)
  // What it refuses, it refuses before anything is touched.
  for (const plan of changing) await viewsOf(plan, cluster)
  record({ type: 'tune-begun', profile, hosts: changing.map(({ on }) => on.name) })
  const armed = staggered(changing, changesEtcd, options.deadManMs)
  const begun: HostPlan[] = []
  // Those that are done wait for those after them, which may take long.
  const waiting = renewing([], run, options.deadManMs, options.clock)
  const until = AbortSignal.any([signal, waiting.lost])
  try {
    for (const plan of armed) {
      until.throwIfAborted()
      await requirePeers(plan, plans)
      const ofHost = { ...options, deadManMs: plan.deadManMs, signal: until }
      await applyHost(plan, ofHost, () => void begun.unshift(plan))
      until.throwIfAborted()
      record({ type: 'host-done', host: plan.on.name })
      waiting.add(plan)
    }
    await waiting.stop()
    for (const { on, deadManMs } of armed) {
      if (options.staysArmed === true) await on.renew(run, deadManMs / 1000)
      else await on.disarm(run)
    }
    record({ type: 'applied' })
  } catch (error) {
    // Not waited for yet: a host that hangs would let the timers of others run out.
    const stopped = waiting.stop()
    onProgress(`halted: ${messageOf(error)}`)
    const thrown = await undone(begun, options, error)
    await stopped
    throw thrown
  }
}

/** The members of etcd keep their quorum when one restarts only if all others are well. */
async function requirePeers(plan: HostPlan, plans: readonly HostPlan[]): Promise<void> {
  if (!changesEtcd(plan)) return
  for (const { on, etcd } of plans.map(restorableOf)) {
    if (on === plan.on || etcd === undefined) continue
    const ill = await illnessOf(on, etcd)
    if (ill.length > 0)
      throw new Failure(
        'safety-refusal',
        `${on.name}: etcd is not well (${ill.join(', ')}), so another member is not restarted`,
      )
  }
}

function restorableOf({ on, wanted }: HostPlan): Restorable {
  return { on, etcd: wanted.find(({ component }) => component === 'etcd')?.running }
}

/** Each component that changes on a host, with how its cluster shows that. */
async function viewsOf(
  { on, wanted }: HostPlan,
  cluster: ClusterView,
): Promise<{ one: WantedOf; notShown: NotShown }[]> {
  const views: { one: WantedOf; notShown: NotShown }[] = []
  for (const one of wanted.filter(({ changes }) => changes.length > 0))
    views.push({ one, notShown: await cluster.before(on, one) })
  return views
}

/** `begins` is called before anything of the host is touched, and not where it cannot even be asked. */
async function applyHost(plan: HostPlan, options: ApplyOptions, begins: () => void): Promise<void> {
  const { on } = plan
  const { run, record, deadManMs, onProgress } = options
  const bootId = await on.bootId()
  const views = await viewsOf(plan, options.cluster)
  let number = 0
  begins()
  for (const { one, notShown } of views) {
    options.signal.throwIfAborted()
    for (const change of one.changes) {
      record(intentOf(on.name, change, bootId))
      await (number === 0 ? on.arm : on.renew)(run, deadManMs / 1000)
      await on.change(run, ++number, change)
      record({ type: 'done', host: on.name, path: change.path })
      onProgress(`${on.name}: ${change.path} changed`)
    }
    for (const unit of new Set(one.changes.map(({ restart }) => restart))) {
      if (unit === '') continue
      // An API server that is told to stop may wait for its watches for a minute, and nothing renews the timer meanwhile.
      await on.renew(run, Math.max(deadManMs, restartMs) / 1000)
      await on.restart(unit, options.signal)
      await on.renew(run, deadManMs / 1000)
    }
    await untilWell(on, one, notShown, options)
    onProgress(`${on.name}: ${one.component} is well, with its new settings`)
  }
}

function intentOf(host: string, { path, old, content }: Change, bootId: string): TuneRecord {
  return { type: 'intent', host, path, old: old.content, oldSum: old.sum, new: content, bootId }
}

async function untilWell(
  on: TunedHost,
  one: WantedOf,
  notShown: NotShown,
  { run, deadManMs, healthMs, clock, signal }: ApplyOptions,
): Promise<void> {
  const untilMs = clock.nowMs() + healthMs
  let looks = 0
  while (looks < looksInARow) {
    const differences = await differencesOf(on, one)
    // A component that is ill may be the one that would answer.
    const missing = differences.length === 0 ? await notShown() : undefined
    if (missing !== undefined) differences.push(missing)
    looks = differences.length === 0 ? looks + 1 : 0
    const isOver = differences.includes('its unit is failed') || clock.nowMs() > untilMs
    if (differences.length > 0 && isOver)
      throw new Failure('infrastructure', `${on.name}: ${one.component} after the change: ${differences.join('; ')}`)
    if (looks < looksInARow) await clock.sleep(pollMs, signal)
    await on.renew(run, deadManMs / 1000)
  }
}

/** Restores what was begun, the last host first; returns what is to be thrown. */
async function undone(begun: readonly HostPlan[], options: ApplyOptions, error: unknown): Promise<unknown> {
  const peers = options.plans.map(restorableOf)
  const { left } = await restoreHosts(begun.map(restorableOf), { ...options, peers })
  if (left.length === 0) return error
  return new Failure('residue', [`${messageOf(error)}\nNot restored:`, ...left].join('\n  '), {
    cause: error,
    next: `Once that is mended: ${restoringOf(options.run)}. Only hosts that could not be reached restore themselves, by their timers`,
  })
}
