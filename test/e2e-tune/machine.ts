import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { createCgroup, hierarchies, removeCgroup } from '../e2e-remote/cgroups.ts'
import { kernelSettingFile, kernelSettings } from '../e2e-remote/node.ts'
import { binaries } from '../e2e-remote/requirements.ts'
import { execute } from '../e2e-remote/shell.ts'

/** A file with a mode of its own; others are read by everybody. */
export interface FileWithMode {
  content: string | Uint8Array
  mode: number
}

/** Files of a machine by their paths below a folder of it. */
export type Files = Readonly<Record<string, string | Uint8Array | FileWithMode>>

/** What a machine is made of. */
export interface MachineOptions {
  name: string
  /** An empty folder for it. */
  folder: string
  address: string
  /** Public keys that root and the user `tuner` let in. */
  authorizedKey: string
  /** Units beside sshd's, all of which are started. */
  units: Readonly<Record<string, string>>
  /** Files below /etc. */
  etc: Files
  /** Files below /var. */
  var?: Files
  /** Whether there is a kubelet: its cgroups are then laid out as out here, and kernel settings are already as a kubelet wants them. */
  runsPods?: boolean
  /** What sudoers says of the user `tuner`; a password would be asked for without. */
  sudoers?: string
}

/** A host with a real systemd, sshd and components, in namespaces. */
export interface Machine {
  readonly name: string
  readonly address: string
  readonly hostKey: string
  /** Files of its /etc and /var, from outside. */
  file(path: string): string
  /** Runs a script as root, beside sshd; returns what it printed. */
  inside(script: string): Promise<string>
  boot(): Promise<void>
  /** Ends every process of it at once, as pulling the plug does. */
  stop(): Promise<void>
}

/** The network that the machines and the orchestrator are on. */
export interface Lan {
  /** A command that runs in it. */
  enter(command: readonly string[]): string[]
  readonly pid: number
  stop(): Promise<void>
}

const prefix = 24
/** However the test ends, no machine outlives it. */
const dyingWithUs = ['--pdeathsig', 'KILL', '--']

/** The same after each boot, as of real machines: its neighbours remember the last one for a while. */
function hardwareAddressOf(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'))
  return ['02', '00', ...bytes].join(':')
}

/** Starts a network with nothing but a bridge, whose address is `address`. */
export async function startLan(address: string): Promise<Lan> {
  const script = [
    'ip link set lo up',
    'ip link add lan type bridge',
    `ip addr add ${address}/${prefix} dev lan`,
    'ip link set lan up',
    'echo ready',
    'exec sleep infinity',
  ].join('\n')
  const child = spawn('setpriv', [...dyingWithUs, 'unshare', '--net', 'sh', '-euc', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const pid = child.pid ?? 0
  return {
    pid,
    enter: (command) => ['nsenter', '--target', String(pid), '--net', '--', ...command],
    stop: () => ended(child),
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

const copied = ['nsswitch.conf', 'ld.so.cache', 'ld.so.conf', 'login.defs']
const sshd = `[Service]
ExecStart=/usr/sbin/sshd -D -e
RuntimeDirectory=sshd
KillMode=process
StandardError=file:/var/log/sshd.log
`
const passwd = `root:x:0:0:root:/root:/bin/bash
sshd:x:102:65534::/run/sshd:/usr/sbin/nologin
tuner:x:1000:1000::/var/home/tuner:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`

/** Lays a machine out on disk; nothing runs yet. */
export async function createMachine(lan: Lan, options: MachineOptions): Promise<Machine> {
  const { name, folder, address, units, runsPods = false } = options
  const at = (...path: string[]) => join(folder, ...path)
  for (const path of [
    'root',
    'etc/ssh',
    'etc/pam.d',
    'etc/systemd/system',
    'var/lib',
    'var/log',
    'var/home/tuner/.ssh',
    'units',
  ])
    mkdirSync(at(path), { recursive: true })
  for (const file of copied) if (existsSync(join('/etc', file))) copyFileSync(join('/etc', file), at('etc', file))
  const write = (path: string, content: string | Uint8Array, mode = 0o644) => {
    mkdirSync(dirname(at(path)), { recursive: true })
    writeFileSync(at(path), content, { mode })
  }
  write('etc/passwd', passwd)
  write('etc/group', 'root:x:0:\ntuner:x:1000:\nnogroup:x:65534:\n')
  // A password nobody knows: `*` alone would lock the account.
  write('etc/shadow', 'root:*:19000::::::\ntuner:*:19000::::::\n', 0o600)
  write('etc/hosts', '127.0.0.1 localhost\n')
  write('etc/machine-id', `${'0'.repeat(31)}1\n`)
  write('etc/sudoers', options.sudoers ?? 'root ALL=(ALL) ALL\ntuner ALL=(ALL) ALL\n', 0o440)
  // Without a password there is no way in, as with an account that only has keys.
  write('etc/pam.d/sudo', 'auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n')
  write('etc/authorized_keys', options.authorizedKey)
  write(
    'etc/ssh/sshd_config',
    [
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'AuthorizedKeysFile /etc/authorized_keys',
      'HostKey /etc/ssh/host_key',
      'PidFile none',
      'StrictModes no',
      '',
    ].join('\n'),
  )
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('etc/ssh/host_key')])
  await execute('chown', ['-R', '1000:1000', at('var/home/tuner')])
  symlinkSync('/run', at('var/run'))
  for (const [below, files] of Object.entries({ etc: options.etc, var: options.var ?? {} })) {
    for (const [path, file] of Object.entries(files)) {
      if (typeof file === 'string' || file instanceof Uint8Array) write(join(below, path), file)
      else write(join(below, path), file.content, file.mode)
    }
  }
  const started = { 'ssh.service': sshd, ...units }
  for (const [unit, text] of Object.entries(started)) write(join('etc/systemd/system', unit), text)
  // What transient units ask for; each does nothing.
  for (const target of ['sysinit', 'basic', 'shutdown', 'sockets', 'timers', 'multi-user'])
    write(`units/${target}.target`, '[Unit]\nDefaultDependencies=no\n')
  write('units/machine.target', `[Unit]\nWants=multi-user.target ${Object.keys(started).join(' ')}\n`)
  write('conntrack-max', '65536\n')
  write('boot-id', '')
  if (runsPods)
    for (const [path, value] of Object.entries(kernelSettings))
      write(join('sysctl', kernelSettingFile(path)), `${value}\n`)

  const unified = hierarchies().find(({ version }) => version === 2)
  if (unified === undefined) throw new Error('systemd needs cgroup v2')
  const among = runsPods ? hierarchies() : [unified]
  const cgroup = `/scale-test-tune-${process.pid}-${name}`
  const lanAddress = address.replace(/\d+$/, '1')
  const link = `st${name}`.slice(0, 15)
  let child: ChildProcess | undefined
  let pid = 0
  const inside = (script: string) => execute('nsenter', ['--target', String(pid), '--all', '--', 'sh', '-euc', script])

  return {
    name,
    address,
    hostKey: readFileSync(at('etc/ssh/host_key.pub'), 'utf8').split(' ').slice(0, 2).join(' '),
    file: (path) => join(folder, path),
    inside,
    async boot() {
      const log = openSync(at('console.log'), 'a')
      createCgroup(cgroup, among, 'processes')
      const cgroups = among.map(({ mountPoint }) => join(mountPoint, cgroup))
      const boot = ['sh', join(import.meta.dirname, 'boot.sh'), folder, binaries, ...cgroups]
      child = spawn('setpriv', [...dyingWithUs, ...boot], { stdio: ['ignore', log, log] })
      closeSync(log)
      pid = await firstProcess(child, at('console.log'))
      const ip = (words: string) =>
        execute('nsenter', ['--target', String(lan.pid), '--net', 'ip', ...words.split(' ')])
      await ip(`link add ${link} type veth peer name eth0 netns ${pid}`)
      await ip(`link set ${link} master lan up`)
      await inside(
        `ip link set lo up; ip link set eth0 address ${hardwareAddressOf(address)}; ip addr add ${address}/${prefix} dev eth0; ip link set eth0 up; ip route add default via ${lanAddress}`,
      )
    },
    async stop() {
      if (child !== undefined) await ended(child)
      child = undefined
      for (let tries = 0; tries < 100; tries++) {
        if (removeCgroup(cgroup, among).length === 0) return
        await systemClock.sleep(50)
      }
      throw new Error(`control groups of ${name} are left`)
    },
  }
}

/** The systemd inside, as it is called out here, once it takes commands. */
async function firstProcess(child: ChildProcess, log: string): Promise<number> {
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) break
    const [first] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')
    const isUp =
      first !== undefined &&
      first !== '' &&
      readFileSync(`/proc/${first}/comm`, 'utf8').trim() === 'systemd' &&
      existsSync(join('/proc', String(first), 'root', 'run', 'systemd', 'private'))
    if (isUp) return Number(first)
    await systemClock.sleep(50)
  }
  throw new Error(`the machine did not boot:\n${readFileSync(log, 'utf8')}`)
}

/** Files of a machine whose etcd is a unit of systemd. */
export function unitFiles(): { units: Record<string, string>; etc: Record<string, string> } {
  return {
    units: {
      'etcd.service': `[Unit]
Description=etcd
StartLimitIntervalSec=0
[Service]
Type=notify
# As a distribution has it: on several lines.
ExecStart=/opt/components/etcd --name=one \\
  --data-dir=/var/lib/etcd \\
  --snapshot-count 10000
Restart=always
RestartSec=1
StandardOutput=file:/var/log/etcd.log
StandardError=file:/var/log/etcd.log
`,
    },
    etc: {},
  }
}

/**
 * Files of a machine whose etcd is a static pod. What starts it is not a kubelet but a stand-in, which runs the command of every manifest in the
 * folder whose name has no dot in front, and again when one changes, as a kubelet does (pkg/kubelet/config/file_linux.go).
 */
export function staticPodFiles(startsAfterS = 0): { units: Record<string, string>; etc: Record<string, string> } {
  return {
    units: {
      'static-pods.service': `[Service]
ExecStart=/bin/sh /etc/static-pods.sh ${startsAfterS}
Restart=always
`,
    },
    etc: {
      'static-pods.sh': readFileSync(join(import.meta.dirname, 'static-pods.sh'), 'utf8'),
      'kubernetes/manifests/etcd.yaml': `apiVersion: v1
kind: Pod
metadata:
  name: etcd
  namespace: kube-system
spec:
  hostNetwork: true
  containers:
  - name: etcd
    image: registry.k8s.io/etcd:3.6
    command:
    - etcd
    - --name=two # of the second host
    - --data-dir=/var/lib/etcd
    - --snapshot-count=10000
`,
    },
  }
}
