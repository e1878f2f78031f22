import { createHash } from 'node:crypto'
import { Failure } from '../base/errors.ts'
import type { HostAccess } from '../targets/remote/host-access.ts'
import type { Change, TunedHost } from '../tune/change/host.ts'
import type { TuneRecord } from '../tune/change/journal.ts'
import type { Host } from '../tune/hosts/section.ts'

/** Of runs that tune no hosts. */
export const noHosts: HostAccess = {
  reach: () => {
    throw new Error('this run tunes no hosts')
  },
  openRecords: () => {
    throw new Error('this run records nothing of hosts')
  },
}

/** A host in memory whose controller manager is a unit of systemd. */
export interface HostForTests {
  host: Host
  on: TunedHost
  /** The arguments that its controller manager runs with. */
  args(): readonly string[]
  /** Whether a timer would restore it. */
  isArmed(): boolean
  /** How often its timer was renewed. */
  renewals(): number
  /** Its processes start with what files have now; restoring starts none again. */
  reboot(): void
  /** From now on nobody reaches it. */
  loseContact(): void
}

const path = '/etc/systemd/system/kube-controller-manager.service.d/90-scale-test.conf'
const unit = '[Service]\nExecStart=/usr/bin/kube-controller-manager --kube-api-qps=20\n'

/** Makes such a host, called `name`. */
export function hostForTests(name: string): HostForTests {
  const files = new Map([['/proc/sys/net/netfilter/nf_conntrack_max', base64('65536\n')]])
  const changes: Change[] = []
  let isArmed = false
  let renewals = 0
  let isLost = false
  let sinceBoot: readonly string[] | undefined
  const reached = async <T>(work: () => T): Promise<T> => {
    if (isLost) throw new Failure('infrastructure', `${name} cannot be reached`)
    return work()
  }
  const args = () => {
    if (sinceBoot !== undefined) return sinceBoot
    const text = Buffer.from(files.get(path) ?? base64(unit), 'base64').toString('utf8')
    return (/^ExecStart=(.+)$/m.exec(text)?.[1] ?? '').split(' ')
  }
  const on: TunedHost = {
    name,
    look: (paths) =>
      reached(() =>
        paths.map((one) => {
          const content = files.get(one) ?? null
          return { path: one, content, sum: sumOf(content) }
        }),
      ),
    bootId: () => reached(() => 'boot-1'),
    page: () => reached(() => '{}'),
    reaches: () => reached(() => true),
    unitText: () => reached(() => unit),
    obstacles: () => reached(() => []),
    arm: () =>
      reached(() => {
        isArmed = true
      }),
    renew: () => reached(() => void renewals++),
    disarm: () =>
      reached(() => {
        isArmed = false
      }),
    change: (_run, _number, change) =>
      reached(() => {
        changes.unshift(change)
        files.set(change.path, change.content)
      }),
    restart: () => reached(() => {}),
    holds: () => reached(() => changes.length > 0),
    restore: () =>
      reached(() => {
        isArmed = false
        return changes.splice(0).flatMap(({ path: what, old }) => {
          if (old.content === null) files.delete(what)
          else files.set(what, old.content)
          const rebooted = sinceBoot === undefined ? [] : [{ outcome: 'rebooted' as const, what }]
          return [{ outcome: 'restored' as const, what }, ...rebooted]
        })
      }),
    live: () =>
      reached(() => ({
        processes: [{ pid: 1, nice: 0, ioPriority: '', args: args() }],
        unit: 'active',
        health: undefined,
      })),
    close: async () => {},
  }
  const host: Host = {
    ssh: name,
    sudo: false,
    components: { 'kube-controller-manager': { unit: 'kube-controller-manager.service' } },
  }
  const loseContact = () => {
    isLost = true
  }
  const reboot = () => {
    sinceBoot = args()
  }
  return { host, on, args, isArmed: () => isArmed, renewals: () => renewals, reboot, loseContact }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function sumOf(content: string | null): string {
  return content === null ? 'absent' : createHash('sha256').update(content).digest('hex')
}

/** Reaches these hosts, whatever the target; `records` are those of all arms, in order. */
export function accessTo(hosts: readonly HostForTests[]): HostAccess & { records: TuneRecord[]; diffs: string[] } {
  const [records, diffs]: [TuneRecord[], string[]] = [[], []]
  return {
    records,
    diffs,
    reach: () => ({ hosts, [Symbol.asyncDispose]: async () => {} }),
    openRecords: () => ({
      record: (record) => void records.push(record),
      keepDiff: (diff) => void diffs.push(diff),
      close: () => {},
    }),
  }
}
