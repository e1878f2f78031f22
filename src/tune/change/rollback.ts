import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { TunedHost, Undone } from './host.ts'
import type { TuneRecord } from './journal.ts'
import type { Restorable } from './quorum.ts'
import { pidsOf, restarts, whyIll, whyLeft } from './quorum.ts'
import { renewing, staggered } from './renewing.ts'

export interface RollbackOptions {
  run: string
  record(record: TuneRecord): void
  /** How long a member of etcd may take until it is well again. */
  healthMs: number
  /** How long timers give that may be on. */
  deadManMs: number
  clock: Clock
  /** All hosts with members of the same etcd, also those that are not restored. */
  peers: readonly Restorable[]
  onProgress(line: string): void
}

/** What came of restoring places. */
export interface RestoredPlaces {
  /** What is not as it was, as sentences. */
  left: string[]
  /** Where something was undone just now. */
  restored: ReadonlySet<TunedHost>
  /** What was set on hosts that were rebooted since: processes and kernels keep it. */
  rebooted: ReadonlyMap<TunedHost, readonly string[]>
  /** Where there was nothing of the run. */
  untouched: ReadonlySet<TunedHost>
}

/** What came of restoring a place: each change, or why it could not be asked. */
type Restored = readonly Undone[] | { unreachable: string }

/**
 * Undoes what a run changed in some places, one after the other; a second time, nothing. A member of etcd restarts only while no other one is
 * ill, or they would lose their quorum: hosts for which that does not come true are left as they are, without timers. Never throws.
 */
export async function restoreHosts(places: readonly Restorable[], options: RollbackOptions): Promise<RestoredPlaces> {
  const { run, deadManMs, clock, peers } = options
  const left: string[] = []
  const [restored, untouched] = [new Set<TunedHost>(), new Set<TunedHost>()]
  const rebooted = new Map<TunedHost, readonly string[]>()
  // No timer is to restore a host while another one is restored here.
  const armed = staggered(places, ({ etcd }) => etcd !== undefined, deadManMs)
  const held = renewing(armed, run, deadManMs, clock)
  const first = Promise.all(armed.map(({ on, deadManMs: ownMs }) => on.renew(run, ownMs / 1000).catch(() => {})))
  const waiting = new AbortController()
  await Promise.race([first, clock.sleep(deadManMs / 4, waiting.signal).catch(() => {})])
  waiting.abort()
  try {
    // Those that are put off come once more at the end, when the one that was ill may have been restored.
    const toCome = [...places]
    const putOff = new Set<Restorable>()
    for (let place = toCome.shift(); place !== undefined; place = toCome.shift()) {
      const { on, etcd } = place
      const ill = etcd === undefined ? undefined : await whyLeft(place, etcd, peers, run)
      if (ill !== undefined && !putOff.has(place)) {
        putOff.add(place)
        toCome.push(place)
        continue
      }
      if (ill !== undefined) {
        left.push(`${on.name}: left as it is, so that etcd keeps its quorum: ${ill}`)
        await on.disarm(run).catch((error: unknown) => void left.push(messageOf(error)))
        continue
      }
      const before = etcd === undefined ? [] : await pidsOf(on, etcd)
      const undone = await restoreHost(on, options)
      left.push(...leftIn(on.name, undone))
      if ('unreachable' in undone) continue
      if (undone.length === 0) untouched.add(on)
      if (undone.some(({ outcome }) => outcome === 'restored')) restored.add(on)
      const kept = undone.flatMap(({ outcome, what }) => (outcome === 'rebooted' ? [what] : []))
      if (kept.length > 0) rebooted.set(on, kept)
      if (etcd === undefined || !restarts(etcd, undone)) continue
      const after = await whyIll(on, etcd, before, options)
      if (after !== undefined) left.push(after)
    }
  } finally {
    await held.stop()
  }
  return { left, restored, rebooted, untouched }
}

/** Never throws: the next host is to be restored, too. */
async function restoreHost(on: TunedHost, { run, record, onProgress }: RollbackOptions): Promise<Restored> {
  try {
    const undone = await on.restore(run)
    record({ type: 'undone', host: on.name, outcomes: undone.map(({ outcome, what }) => `${outcome} ${what}`) })
    for (const { outcome, what } of undone) onProgress(`${on.name}: ${sentences[outcome](what)}`)
    if (undone.length === 0) onProgress(`${on.name}: nothing to restore`)
    return undone
  } catch (error) {
    return { unreachable: messageOf(error) }
  }
}

const sentences: Readonly<Record<Undone['outcome'], (what: string) => string>> = {
  restored: (what) => `${what} restored`,
  drift: (what) => `${what} was changed by somebody else since; left alone`,
  rebooted: (what) => `${what}: only the file was restored, because the host was rebooted since`,
  failed: (what) => (what.startsWith('restart of ') ? `${what} failed` : `${what} could not be restored`),
}

/** What is not as it was, as sentences. */
function leftIn(host: string, restored: Restored): string[] {
  if ('unreachable' in restored) return [restored.unreachable]
  return restored.flatMap(({ outcome, what }) =>
    outcome === 'failed' || outcome === 'drift' ? [`${host}: ${sentences[outcome](what)}`] : [],
  )
}
