import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { makeTemporaryFolder, remove, writeFileWhole } from '../base/files.ts'
import { openJournal } from '../run/journal.ts'
import type { HostAccess } from '../targets/remote/host-access.ts'
import { tunedHost } from '../tune/change/host.ts'
import type { ReachedHost } from '../tune/change/plan.ts'
import type { Host } from '../tune/hosts/section.ts'
import type { Remote } from '../tune/ssh.ts'
import { connectSsh } from '../tune/ssh.ts'
import type { Surroundings } from './surroundings.ts'

/** Hosts over ssh; what becomes of them goes to `tuning/` in the run's folder. */
export function hostAccess(runFolder: string, { env }: Pick<Surroundings, 'env'>): HostAccess {
  return {
    reach({ hosts = [], sshConfig }) {
      const connected = connectHosts(hosts, sshConfig, env)
      return {
        hosts: connected.remotes.map(({ host, remote }): ReachedHost => ({ host, on: tunedHost(remote) })),
        [Symbol.asyncDispose]: connected.close,
      }
    },
    openRecords(armId) {
      const folder = join(runFolder, 'tuning')
      const journal = openJournal(join(folder, `${armId}.ndjson`), Date.now)
      return {
        record(record) {
          journal.append(record)
          journal.sync()
        },
        keepDiff: (diff) => writeFileWhole(join(folder, `${armId}.diff`), diff),
        close: journal.close,
      }
    },
  }
}

/** Connections to hosts, each made when it is first used. */
export function connectHosts<Described extends Pick<Host, 'ssh' | 'sudo'>>(
  hosts: readonly Described[],
  config: string | undefined,
  env: Surroundings['env'],
): { remotes: { host: Described; remote: Remote }[]; close(): Promise<void> } {
  const folder = makeTemporaryFolder(join(tmpdir(), 'scale-test-ssh-'))
  // Not the interruption's: what was begun on a host is finished or undone, step by step. A second Ctrl-C leaves at once.
  const { signal } = new AbortController()
  const remotes = hosts.map((host) => {
    const { ssh, sudo } = host
    return { host, remote: connectSsh({ to: ssh, sudo, config, folder, env, clock: systemClock, signal }) }
  })
  return {
    remotes,
    async close() {
      for (const { remote } of remotes) await remote.close()
      remove(folder)
    },
  }
}
