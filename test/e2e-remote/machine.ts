import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeKubeconfig } from '../../src/targets/local/kubeconfig.ts'
import type { Authority } from '../../src/targets/local/pki.ts'
import type { RunningProcess, Supervisor } from '../../src/targets/local/processes.ts'
import type { Host, Settings } from './layout.ts'
import { ports, urlOf } from './layout.ts'
import { connectHost } from './network.ts'
import { containerdConfiguration, kernelSettingFile, kernelSettings, kubeletConfiguration, podNetwork } from './node.ts'
import { execute } from './shell.ts'

/** What one machine of the host cluster is started with. */
export interface MachineOptions {
  host: Host
  others: readonly Host[]
  settings: Settings
  supervisor: Supervisor
  signal: AbortSignal
}

/** A machine whose containerd answers and has the images. */
export interface Machine {
  /** Lets its kubelet join the host cluster, which must answer. */
  join(authority: Authority): Promise<RunningProcess>
}

const readyTimeoutMs = 60_000

/**
 * Starts a machine: a mount namespace with a /run and /var of its own and a network namespace with a cable to the
 * others, and in them containerd, with every image imported. So every program has its usual paths and ports.
 */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { host, others, settings, supervisor, signal } = options
  const configuration = join(host.folder, 'etc')
  layOut(host, configuration, settings.pauseImage)

  const holder = await supervisor.start({
    name: host.name,
    program: 'unshare',
    args: ['--mount', '--net', 'sh', '-euc', setUp(host)],
    stdoutFile: join(host.folder, 'ready'),
    stage: 'storage',
  })
  const isSetUp = () => execute('grep', ['-q', 'ready', join(host.folder, 'ready')])
  await supervisor.waitUntilReady(holder, isSetUp, { timeoutMs: readyTimeoutMs, signal })
  await connectHost(host, holder.pid, others)

  const enter = (program: string, ...args: string[]) => [
    ...['--target', String(holder.pid), '--mount', '--net', program],
    ...args,
  ]
  const start = (name: string, program: string, ...args: string[]) =>
    supervisor.start({
      name: `${host.name}-${name}`,
      program: 'nsenter',
      args: enter(program, ...args),
      stage: 'nodes',
    })
  const ctr = (...args: string[]) => execute('nsenter', enter('ctr', '--namespace=k8s.io', ...args), signal)

  const containerd = await start('containerd', 'containerd', '--config', join(configuration, 'containerd.toml'))
  await supervisor.waitUntilReady(containerd, () => ctr('version'), { timeoutMs: readyTimeoutMs, signal })
  for (const image of settings.images) await ctr('images', 'import', image)

  return {
    async join(authority) {
      const kubelet = await writeKubeletFiles(host, configuration, authority, settings)
      return start(
        'kubelet',
        join(settings.binaries, 'kubelet'),
        `--config=${kubelet.configFile}`,
        `--bootstrap-kubeconfig=${kubelet.bootstrapKubeconfig}`,
        '--kubeconfig=/var/lib/kubelet/kubeconfig',
        `--hostname-override=${host.name}`,
        `--node-ip=${host.address}`,
        '--v=2',
      )
    },
  }
}

/** What the machine's first process does before it waits for its end. */
function setUp({ folder }: Host): string {
  const binds = Object.keys(kernelSettings).map(
    (path) => `mount --bind ${join(folder, 'sysctl', kernelSettingFile(path))} /proc/sys/${path}`,
  )
  return [
    `mount --bind ${join(folder, 'var')} /var`,
    'mount -t tmpfs -o mode=755 tmpfs /run',
    ...binds,
    // So that pods see what their kubelet mounts for them.
    'mount --make-rshared /',
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    'echo ready',
    'exec sleep infinity',
  ].join('\n')
}

/** Files and folders that must be there before anything is started. */
function layOut({ folder, podSubnet }: Host, configuration: string, pauseImage: string): void {
  for (const name of ['var/lib', 'var/log', 'var/tmp', 'sysctl', 'etc/cni'])
    mkdirSync(join(folder, name), { recursive: true })
  symlinkSync('/run', join(folder, 'var', 'run'))
  for (const [path, value] of Object.entries(kernelSettings))
    writeFileSync(join(folder, 'sysctl', kernelSettingFile(path)), `${value}\n`)
  writeFileSync(join(configuration, 'containerd.toml'), containerdConfiguration(join(configuration, 'cni'), pauseImage))
  writeFileSync(join(configuration, 'cni', 'pods.conflist'), JSON.stringify(podNetwork(podSubnet)))
}

/** A machine joins as one does with kubeadm: somebody who may only ask for a certificate asks for its kubelet's. */
async function writeKubeletFiles(
  { name, address, cgroup }: Host,
  configuration: string,
  authority: Authority,
  { maxPods }: Settings,
): Promise<{ configFile: string; bootstrapKubeconfig: string }> {
  const [serving, bootstrap] = await Promise.all([
    authority.server(name, `system:node:${name}`, { addresses: [address], hosts: [name] }),
    authority.client(`${name}-bootstrap`, { commonName: `e2e:bootstrap:${name}`, group: 'system:bootstrappers' }),
  ])
  const server = urlOf(ports.host.apiserver)
  const bootstrapKubeconfig = join(configuration, 'bootstrap.kubeconfig')
  await writeKubeconfig(bootstrapKubeconfig, { server, ca: authority.ca.cert }, bootstrap)
  const { certFile, keyFile } = serving
  const kubelet = kubeletConfiguration(
    { address, clientCaFile: authority.ca.certFile, certFile, keyFile },
    { rotateCertificates: true, cgroupRoot: cgroup, maxPods },
  )
  const configFile = join(configuration, 'kubelet.json')
  writeFileSync(configFile, JSON.stringify(kubelet, null, 2))
  return { configFile, bootstrapKubeconfig }
}
