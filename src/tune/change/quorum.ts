import { basename } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { flagIn } from '../hosts/arguments.ts'
import { differencesIn, readLive } from '../hosts/differences.ts'
import type { Running } from '../hosts/section.ts'
import { nothingExpected } from '../hosts/wanted.ts'
import type { Live, TunedHost, Undone } from './host.ts'

/*
 * Members of etcd keep their quorum, two of three for example, only if they restart one after the other.
 */

/** A place to restore. */
export interface Restorable {
  on: TunedHost
  /** How it runs its member of etcd, if it has one. */
  etcd: Running | undefined
}

/**
 * Why a host that a run has changed is not to be restored: another member of etcd is ill, while its own is well. One that cannot be asked is
 * only if this host does not reach it either: etcd's own figures of its peers (etcd_network_active_peers) take long to show that.
 */
export async function whyLeft(
  { on }: Restorable,
  etcd: Running,
  peers: readonly Restorable[],
  run: string,
): Promise<string | undefined> {
  let own: Live
  try {
    if (!(await on.holds(run))) return undefined
    own = await readLive(on, { component: 'etcd', running: etcd })
    if (illnessIn(own, etcd).length > 0) return undefined
  } catch {
    // Restoring tells why it cannot be asked.
    return undefined
  }
  for (const other of peers) {
    if (other.on.name === on.name || other.etcd === undefined) continue
    const ill = await illnessOf(other.on, other.etcd).catch(() => undefined)
    if (ill === undefined) {
      const url = await unreachedFrom(on, own).catch(() => undefined)
      if (url !== undefined) return `${other.on.name} cannot be asked, and nobody answers at ${url}`
    } else if (ill.length > 0) return `on ${other.on.name}, ${ill.join('; ')}`
  }
  return undefined
}

/** A peer of the member on this host, as it was told of them, where nobody answers it: its URL. Undefined where there is none, or it was not told. */
async function unreachedFrom(on: TunedHost, { processes }: Live): Promise<string | undefined> {
  const setting = (flag: string) => (flagIn(processes[0]?.args ?? [], flag) ?? '').split(',')
  const own = setting('initial-advertise-peer-urls')
  for (const url of setting('initial-cluster').map((member) => member.slice(member.indexOf('=') + 1)))
    if (url !== '' && !own.includes(url) && !(await on.reaches(url))) return url
  return undefined
}

/** How its member is not well; empty when it is. Throws as `TunedHost` does. */
export async function illnessOf(on: TunedHost, etcd: Running): Promise<string[]> {
  return illnessIn(await readLive(on, { component: 'etcd', running: etcd }), etcd)
}

function illnessIn(live: Live, etcd: Running): string[] {
  return differencesIn(live, { component: 'etcd', running: etcd, changes: [], expected: nothingExpected })
}

/** Its processes; none where it cannot be asked. */
export async function pidsOf(on: TunedHost, etcd: Running): Promise<number[]> {
  try {
    return (await readLive(on, { component: 'etcd', running: etcd })).processes.map(({ pid }) => pid)
  } catch {
    // Restoring tells why it cannot be asked.
    return []
  }
}

/** Whether its member restarts with what was undone. A unit is restarted, unless the host was rebooted since; a kubelet restarts a pod when it sees the manifest. */
export function restarts(etcd: Running, undone: readonly Undone[]): boolean {
  const isIts = (what: string) =>
    'manifest' in etcd ? basename(what) === basename(etcd.manifest) : what.includes(`/${etcd.unit}.d/`)
  const outcomes = undone.filter(({ what }) => isIts(what)).map(({ outcome }) => outcome)
  return outcomes.includes('restored') && !outcomes.includes('rebooted')
}

/**
 * Waits until a member has restarted and stays well; returns why it is not, as a sentence, when its time is over. One that is well and has not
 * restarted by then had no reason to: its kubelet never saw the other manifest.
 */
export async function whyIll(
  on: TunedHost,
  etcd: Running,
  before: readonly number[],
  { healthMs, clock }: { healthMs: number; clock: Clock },
): Promise<string | undefined> {
  const untilMs = clock.nowMs() + healthMs
  for (let looks = 0; ; ) {
    const { ill, hasRestarted } = await readLive(on, { component: 'etcd', running: etcd }).then(
      (live) => ({ ill: illnessIn(live, etcd), hasRestarted: !live.processes.some(({ pid }) => before.includes(pid)) }),
      (error: unknown) => ({ ill: [messageOf(error)], hasRestarted: false }),
    )
    looks = ill.length === 0 && hasRestarted ? looks + 1 : 0
    if (looks === looksInARow) return undefined
    if (clock.nowMs() > untilMs)
      return ill.length === 0 ? undefined : `${on.name}: etcd is not well after it was restored: ${ill.join('; ')}`
    await clock.sleep(pollMs)
  }
}

export const pollMs = 500
/** A process that crashes soon after its start is seen at the second look. */
export const looksInARow = 3
