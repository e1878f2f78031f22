import type { TunedHost } from '../../tune/change/host.ts'
import type { TuneRecord } from '../../tune/change/journal.ts'
import type { Host } from '../../tune/hosts/section.ts'
import type { PlannedTarget } from './reach.ts'

/** A host that a run may change. */
export interface ReachedHost {
  host: Host
  on: TunedHost
}

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
