import { basename } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { differencesIn, readLive } from '../hosts/differences.ts'
import type { Running } from '../hosts/section.ts'
import { nothingExpected } from '../hosts/wanted.ts'
import type { TunedHost, Undone } from './host.ts'
import type { TuneRecord } from './journal.ts'

export interface RollbackOptions {
  run: string
  record(record: TuneRecord): void
  /** How long a member of etcd may take until it is well again. */
  healthMs: number
  clock: Clock
  onProgress(line: string): void
}

/** A place to restore. */
export interface Restorable {
  on: TunedHost
  /** How it runs its member of etcd, if it has one. */
  etcd: Running | undefined
}

/** What came of restoring places. */
export interface RestoredPlaces {
  left: string[]
  /** Where something was undone just now. */
  restored: ReadonlySet<TunedHost>
  /** Where processes keep what they were started with: only files were restored. */
  rebooted: ReadonlySet<TunedHost>
  /** Where there was nothing of the run. */
  untouched: ReadonlySet<TunedHost>
}

/** What came of restoring a place: each change, or why it could not be asked. */
type Restored = readonly Undone[] | { unreachable: string }

/**
 * Undoes what a run changed in some places, one after the other; a second time, nothing. A member of etcd that restarts has to be well again
 * before another one restarts, or they would lose their quorum: where it is not, hosts with the others are left as they are. Never throws.
 * What is not as it was, is `left`, as sentences.
 */
export async function restoreHosts(places: readonly Restorable[], options: RollbackOptions): Promise<RestoredPlaces> {
  const left: string[] = []
  const [restored, rebooted, untouched] = [new Set<TunedHost>(), new Set<TunedHost>(), new Set<TunedHost>()]
  let ill: string | undefined
  for (const { on, etcd } of places) {
    if (ill !== undefined && etcd !== undefined) {
      left.push(`${on.name}: left as it is, because the members of etcd would lose their quorum: ${ill}`)
      continue
    }
    const before = etcd === undefined ? [] : await pidsOf(on, etcd)
    const undone = await restoreHost(on, options)
    left.push(...leftIn(on.name, undone))
    if ('unreachable' in undone) continue
    if (undone.length === 0) untouched.add(on)
    if (undone.some(({ outcome }) => outcome === 'restored')) restored.add(on)
    if (undone.some(({ outcome }) => outcome === 'rebooted')) rebooted.add(on)
    if (etcd === undefined || !restarts(etcd, undone)) continue
    ill = await whyIll(on, etcd, before, options)
    if (ill !== undefined) left.push(ill)
  }
  return { left, restored, rebooted, untouched }
}

async function pidsOf(on: TunedHost, etcd: Running): Promise<number[]> {
  try {
    return (await readLive(on, { component: 'etcd', running: etcd })).processes.map(({ pid }) => pid)
  } catch {
    // Restoring tells why it cannot be asked.
    return []
  }
}

/** A unit is restarted, unless the host was rebooted since; a kubelet restarts a pod when it sees the manifest. */
function restarts(etcd: Running, undone: readonly Undone[]): boolean {
  const isIts = (what: string) =>
    'manifest' in etcd ? basename(what) === basename(etcd.manifest) : what.includes(`/${etcd.unit}.d/`)
  const outcomes = undone.filter(({ what }) => isIts(what)).map(({ outcome }) => outcome)
  return outcomes.includes('restored') && !outcomes.includes('rebooted')
}

/** Waits until a member has restarted and is well; returns why it is not, as a sentence, when its time is over. */
async function whyIll(
  on: TunedHost,
  etcd: Running,
  before: readonly number[],
  { healthMs, clock }: RollbackOptions,
): Promise<string | undefined> {
  const one = { component: 'etcd', running: etcd, changes: [], expected: nothingExpected } as const
  const untilMs = clock.nowMs() + healthMs
  for (;;) {
    const why = await readLive(on, one).then(
      (live) => {
        if (live.processes.some(({ pid }) => before.includes(pid))) return ['it has not restarted']
        return differencesIn(live, { ...one, changes: [] })
      },
      (error: unknown) => [messageOf(error)],
    )
    if (why.length === 0) return undefined
    if (clock.nowMs() > untilMs) return `${on.name}: etcd is not well after it was restored: ${why.join('; ')}`
    await clock.sleep(pollMs)
  }
}

const pollMs = 500

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
