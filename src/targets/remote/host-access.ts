import type { Clock } from '../../base/clock.ts'
import type { KubeApi } from '../../kube/api.ts'
import type { TuneRecord } from '../../tune/change/journal.ts'
import { tunedKubeProxy } from '../../tune/change/kube-proxy.ts'
import type { ReachedHost, ReachedPlaces } from '../../tune/change/plan.ts'
import type { PlannedTarget } from './reach.ts'

/** How hosts of targets are reached, and where what becomes of them is recorded. */
export interface HostAccess {
  /** Connects when something is first asked; connections end when it is disposed of. */
  reach(target: Pick<PlannedTarget, 'hosts' | 'sshConfig'>): AsyncDisposable & { hosts: readonly ReachedHost[] }
  openRecords(armId: string): HostRecords
}

/** What becomes of hosts, here on the disk. */
export interface HostRecords {
  /** Writes a record, and returns when it is on the disk. */
  record(record: TuneRecord): void
  /** Keeps what an arm changes, as a unified diff. */
  keepDiff(diff: string): void
  close(): void
}

/** Where settings of a target are changed: its hosts, and its kube-proxy, which its API reaches. */
export function placesOf(
  hosts: readonly ReachedHost[],
  { kubeProxy: section }: { kubeProxy?: PlannedTarget['kubeProxy'] },
  options: { api: KubeApi; clock: Clock; healthMs: number },
): ReachedPlaces {
  return { hosts, kubeProxy: section && { section, on: tunedKubeProxy({ ...options, section }) } }
}
