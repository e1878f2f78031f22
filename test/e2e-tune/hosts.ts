import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { systemClock } from '../../src/base/clock.ts'
import { start } from '../cases/run.ts'
import { kernelSettings } from '../e2e-remote/node.ts'
import { execute } from '../e2e-remote/shell.ts'
import type { Lan, Machine, MachineOptions } from './machine.ts'
import { createMachine, startLan } from './machine.ts'
import { kubeletConfig } from './node.ts'

/** What a command ended with. */
export interface Ended {
  status: number | null
  said: string
}

/** May watch what a command says, and end it. */
export type During = (go: { until(text: string): Promise<void>; said(): string; kill(): void }) => Promise<void>

/** A machine, and whom ssh logs in as. */
export interface HostSpec extends Omit<MachineOptions, 'name' | 'folder' | 'authorizedKey'> {
  user: 'root' | 'tuner'
}

/** Machines, each of which ssh knows by its name, and the program beside them on their network. */
export interface Hosts<Name extends string> {
  readonly folder: string
  /** Where runs and the journals of tuning are. */
  readonly reports: string
  readonly machines: Readonly<Record<Name, Machine>>
  readonly sshConfig: string
  /** The ssh configuration with another file of known hosts. */
  sshConfigText(known: string): string
  boot(): Promise<void>
  /** Runs `scale-test ...` on the machines' network. */
  scaleTest(args: readonly string[], during?: During): Promise<Ended>
  /** Runs a program on the machines' network; returns what it printed. */
  execute(command: readonly string[]): Promise<string>
  /** Lets `tune discover` look at a machine; returns its part of `hosts`. */
  discover(name: Name, ...options: string[]): Promise<unknown[]>
  /** Waits until one of these URLs after the other answers on the machine itself. */
  untilWell(machine: Machine, urls: readonly string[]): Promise<void>
  /** The records of a tuning run's journal. */
  journal(run: string): { type: string }[]
  /** Everything that may differ on a machine once it has been restored. */
  snapshot(machine: Machine): Promise<string>
  stop(): Promise<void>
}

const lanAddress = '10.77.0.1'

/** Lays machines out, none of which runs yet, and starts their network. */
export async function createHosts<Name extends string>(
  specsIn: (folder: string) => Promise<Record<Name, HostSpec>>,
): Promise<Hosts<Name>> {
  const folder = mkdtempSync(join(tmpdir(), 'st-tune-'))
  const lan: Lan = await startLan(lanAddress)
  const made: Machine[] = []
  const stop = async () => {
    await Promise.all(made.map((machine) => machine.stop()))
    await lan.stop()
    rmSync(folder, { recursive: true })
  }
  try {
    const specs = await specsIn(folder)
    const names = Object.keys(specs) as Name[]
    const key = join(folder, 'key')
    await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const authorizedKey = readFileSync(`${key}.pub`, 'utf8')
    for (const name of names)
      made.push(await createMachine(lan, { ...specs[name], name, folder: join(folder, name), authorizedKey }))
    const machines = Object.fromEntries(made.map((machine) => [machine.name, machine])) as Record<Name, Machine>
    const sshConfigText = (known: string) => {
      const hosts = names.map((name) => `Host ${name}\n  HostName ${specs[name].address}\n  User ${specs[name].user}\n`)
      return `${hosts.join('')}Host *
  IdentityFile ${key}
  IdentitiesOnly yes
  UserKnownHostsFile ${known}
  GlobalKnownHostsFile /dev/null
`
    }
    const known = join(folder, 'known_hosts')
    writeFileSync(known, made.map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(''))
    const sshConfig = join(folder, 'ssh_config')
    writeFileSync(sshConfig, sshConfigText(known))
    const reports = join(folder, 'reports')
    mkdirSync(reports)

    const hosts: Hosts<Name> = {
      folder,
      reports,
      machines,
      sshConfig,
      sshConfigText,
      async boot() {
        await Promise.all(made.map((machine) => machine.boot()))
      },
      async scaleTest(args, during) {
        const started = start({
          args,
          // What it leaves in its temporary folder when it is killed goes with the scene.
          env: { SCALE_TEST_REPORTS: reports, TMPDIR: folder },
          through: lan.enter,
        })
        await during?.({ until: started.until, said: started.said, kill: () => started.child.kill('SIGKILL') })
        return { status: await started.status(), said: started.said() }
      },
      execute(command) {
        const [program = '', ...words] = lan.enter(command)
        return execute(program, words)
      },
      async discover(name, ...options) {
        const { status, said } = await hosts.scaleTest([
          'tune',
          'discover',
          name,
          ...options,
          '--ssh-config',
          sshConfig,
        ])
        if (status !== 0) throw new Error(said)
        return parse(said).hosts
      },
      async untilWell(machine, urls) {
        for (const url of urls)
          await until(`${machine.name} is well`, () => machine.inside(`curl -ksf -m 2 ${url} >/dev/null`))
      },
      journal: (run) =>
        readFileSync(join(reports, 'tuning', run, 'journal.ndjson'), 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line)),
      snapshot: (machine) => machine.inside(snapshotScript),
      stop,
    }
    return hosts
  } catch (error) {
    await stop()
    throw error
  }
}

/** A clusters file with one target. */
export function clustersText(target: object): string {
  return stringify({ remote: { targets: [target] } }, { lineWidth: 0 })
}

/** Tries until it works. */
export async function until(what: string, work: () => Promise<unknown>): Promise<void> {
  const limitMs = 240_000
  const endMs = systemClock.nowMs() + limitMs
  while (true) {
    try {
      await work()
      return
    } catch (error) {
      if (systemClock.nowMs() > endMs) throw new Error(`${what}: not within ${limitMs / 1000} s: ${error}`)
      await systemClock.sleep(250)
    }
  }
}

/** Processes in the order of their names: those that restarted have other ids. What else a kubelet keeps changes all the time. */
const snapshotScript = `
files="/etc $(ls -d ${kubeletConfig} 2>/dev/null || :)"
find $files -printf '%p %y %m %U:%G\\n' | sort
find $files -type f -exec sha256sum {} + | sort -k 2
cat /proc/sys/net/netfilter/nf_conntrack_max
grep -H . ${Object.keys(kernelSettings)
  .map((path) => `/proc/sys/${path}`)
  .join(' ')}
# The first pod of a node makes it.
ls -A /var/lib | grep -vx cni | sort
ls -A /var/lib/kubelet 2>/dev/null | grep scale-test || :
for pid in $(pgrep -x 'etcd|kube-apiserver|kube-controller|kube-scheduler|kubelet|containerd'); do
  echo "$(tr '\\0' ' ' </proc/$pid/cmdline) nice $(cut -d' ' -f19 /proc/$pid/stat) $(ionice -p $pid)"
done | sort
`
