import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { start } from '../cases/run.ts'
import { execute } from '../e2e-remote/shell.ts'
import type { Lan, Machine } from './machine.ts'
import { createMachine, startLan, staticPodFiles, unitFiles } from './machine.ts'

/** What a command ended with. */
export interface Ended {
  status: number | null
  said: string
}

export interface Scene {
  /** etcd under systemd; ssh logs in as root. */
  one: Machine
  /** etcd as a static pod; ssh logs in as a user with sudo, whose shell is noisy. */
  two: Machine
  clusters: string
  profile: string
  folder: string
  sshConfig: string
  /** Runs `scale-test tune ...` on the machines' network; `during` may watch what it says, and end it. */
  tune(
    args: readonly string[],
    during?: (go: { until(text: string): Promise<void>; said(): string; kill(): void }) => Promise<void>,
  ): Promise<Ended>
  /** The records of a run's journal. */
  journal(run: string): { type: string }[]
  /** Everything that may differ on a machine once it has been restored. */
  snapshot(machine: Machine): Promise<string>
  /** Waits until its etcd is well. */
  untilWell(machine: Machine): Promise<void>
  stop(): Promise<void>
}

const addresses = { lan: '10.77.0.1', one: '10.77.0.11', two: '10.77.0.12' }

const profileText = (name: string, set: string) => `name: ${name}\ndescription: of the test\nset:\n${set}`

/** Boots both machines. */
export async function setScene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'st-tune-'))
  const key = join(folder, 'key')
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  const authorizedKey = readFileSync(`${key}.pub`, 'utf8')
  const lan: Lan = await startLan(addresses.lan)
  const make = (name: 'one' | 'two', more: Pick<Parameters<typeof createMachine>[1], 'units' | 'etc' | 'sudoers'>) =>
    createMachine(lan, { name, folder: join(folder, name), address: addresses[name], authorizedKey, ...more })
  const one = await make('one', unitFiles())
  const two = await make('two', {
    ...staticPodFiles(),
    sudoers: 'root ALL=(ALL) ALL\ntuner ALL=(ALL) NOPASSWD: ALL\n',
  })
  writeFileSync(two.file('var/home/tuner/.bashrc'), 'echo "Welcome! Today: begin-0 end-0 0"\necho noise >&2\n')
  // It is right there already.
  writeFileSync(two.file('conntrack-max'), '2310720\n')
  const known = join(folder, 'known_hosts')
  writeFileSync(known, [one, two].map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(''))
  const sshConfig = join(folder, 'ssh_config')
  writeFileSync(sshConfig, sshConfigText(key, known))
  const clusters = join(folder, 'clusters.yaml')
  const profile = join(folder, 'tuned.yaml')
  const settings = [
    '  - { knob: etcd.heartbeatInterval, value: 250, because: of the test }\n',
    '  - { knob: etcd.electionTimeout, value: 1250, because: of the test }\n',
    '  - { knob: etcd.snapshotCount, value: 5000, because: of the test }\n',
    '  - { knob: host.nf_conntrack_max, value: 2310720, because: of the test }\n',
  ]
  writeFileSync(profile, profileText('tuned', settings.join('')))
  const reports = join(folder, 'reports')
  mkdirSync(reports)
  const scene: Scene = {
    one,
    two,
    clusters,
    profile,
    folder,
    sshConfig,
    async tune(args, during) {
      const started = start({
        args: ['tune', ...args],
        // What it leaves in its temporary folder when it is killed goes with the scene.
        env: { SCALE_TEST_REPORTS: reports, TMPDIR: folder },
        through: lan.enter,
      })
      await during?.({ until: started.until, said: started.said, kill: () => started.child.kill('SIGKILL') })
      return { status: await started.status(), said: started.said() }
    },
    journal: (run) =>
      readFileSync(join(reports, 'tuning', run, 'journal.ndjson'), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    snapshot: (machine) => machine.inside(snapshotScript),
    untilWell: (machine) =>
      until(`${machine.name} is well`, () => machine.inside('curl -ksf -m 2 http://127.0.0.1:2379/health >/dev/null')),
    async stop() {
      await Promise.all([one.stop(), two.stop()])
      await lan.stop()
      rmSync(folder, { recursive: true })
    },
  }
  try {
    await Promise.all([one.boot(), two.boot()])
    await Promise.all([scene.untilWell(one), scene.untilWell(two)])
    const { status, said } = await scene.tune(['discover', 'one', '--ssh-config', sshConfig])
    const other = await scene.tune(['discover', 'two', '--sudo', '--ssh-config', sshConfig])
    if (status !== 0 || other.status !== 0) throw new Error(said + other.said)
    writeFileSync(clusters, clustersText(`${said.trimEnd()}\n${other.said.replace('hosts:\n', '')}`, sshConfig))
    return scene
  } catch (error) {
    await scene.stop()
    throw error
  }
}

export function sshConfigText(key: string, known: string): string {
  const host = (name: 'one' | 'two', user: string) => `Host ${name}\n  HostName ${addresses[name]}\n  User ${user}\n`
  const common = `  IdentityFile ${key}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${known}\n  GlobalKnownHostsFile /dev/null\n`
  return `${host('one', 'root')}${host('two', 'tuner')}Host *\n${common}`
}

/** A clusters file around a `hosts` section. */
function clustersText(hosts: string, sshConfig: string): string {
  const section = hosts
    .trimEnd()
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n')
  return `remote:\n  targets:\n    - kubeconfig: none.yaml\n      context: target\n      sshConfig: ${sshConfig}\n${section}\n`
}

/** Tries until it works. */
export async function until(what: string, work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await work()
      return
    } catch (error) {
      if (tries === 160) throw new Error(`${what}: not within a minute: ${error}`)
      await systemClock.sleep(250)
    }
  }
}

const snapshotScript = `
find /etc -printf '%p %y %m %U:%G\\n' | sort
find /etc -type f -exec sha256sum {} + | sort -k 2
cat /proc/sys/net/netfilter/nf_conntrack_max
ls -A /var/lib | sort
for pid in $(pgrep -x etcd); do
  tr '\\0' ' ' </proc/$pid/cmdline
  cut -d' ' -f19 /proc/$pid/stat
done
`
