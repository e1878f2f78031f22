import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiserverArguments } from '../../src/targets/local/arguments/apiserver.ts'
import { controllerManagerArguments } from '../../src/targets/local/arguments/controller-manager.ts'
import { etcdArguments } from '../../src/targets/local/arguments/etcd.ts'
import type { Flags } from '../../src/targets/local/arguments/flags.ts'
import { schedulerArguments } from '../../src/targets/local/arguments/scheduler.ts'
import { writeKubeconfig } from '../../src/targets/local/kubeconfig.ts'
import type { Authority, KeyPair } from '../../src/targets/local/pki.ts'
import { issuePki } from '../../src/targets/local/pki.ts'
import type { Files, MachineOptions } from './machine.ts'

/** How a control plane is reached, as a clusters file says it. */
export interface ControlPlaneTarget {
  /** The administrator's, out here. */
  kubeconfig: string
  context: string
  /** Where its components serve metrics and configuration to an administrator. */
  components: Readonly<Record<'etcd' | 'kube-controller-manager' | 'kube-scheduler', readonly string[]>>
}

/** Answers on the machine itself when the component is well. */
export const healthUrls = [
  'http://127.0.0.1:2381/health',
  'https://127.0.0.1:6443/readyz',
  'https://127.0.0.1:10257/healthz',
  'https://127.0.0.1:10259/healthz',
]

const context = 'target'
const adminFile = 'admin.conf'
const etcd = { name: 'etcd', clientPort: 2379, peerPort: 2380, dataDir: '/var/lib/etcd' }
/** What may be asked without credentials; metrics and configuration take rights. */
const openPaths = '/healthz,/readyz,/livez'

/**
 * Files of a machine whose control plane is four units of systemd, with built-in values wherever a profile may have others. `folder` holds
 * nothing but the authority's files: those that are then in it are those of the machine's /etc/kubernetes.
 */
export async function controlPlaneFiles(
  folder: string,
  address: string,
  authority: Authority,
): Promise<Pick<MachineOptions, 'units' | 'etc'>> {
  const urlOf = (port: number) => `https://${address}:${port}`
  const [pki, kubeletClient] = await Promise.all([
    issuePki(authority, [address]),
    // As kubeadm had it for long: no rights have to be granted.
    authority.client('kubelet-client', { commonName: 'kube-apiserver-kubelet-client', group: 'system:masters' }),
  ])
  const kubeconfigOf = (name: string, user: KeyPair) =>
    writeKubeconfig(join(folder, name), { server: urlOf(6443), ca: pki.ca.cert, name: context }, user)
  const served = (kubeconfig: string): Flags => ({
    'bind-address': '0.0.0.0',
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'client-ca-file': pki.ca.certFile,
    'authorization-always-allow-paths': openPaths,
  })
  const [ofControllers, ofScheduler] = await Promise.all([
    kubeconfigOf('controller-manager.conf', pki.controllerManager),
    kubeconfigOf('scheduler.conf', pki.scheduler),
    kubeconfigOf(adminFile, pki.admin),
  ])
  const clientUrls = `https://127.0.0.1:2379,${urlOf(2379)}`
  const programs = {
    etcd: etcdArguments(etcd, [etcd], pki, {
      'listen-client-urls': clientUrls,
      'advertise-client-urls': clientUrls,
      'listen-metrics-urls': 'http://127.0.0.1:2381',
    }),
    'kube-apiserver': apiserverArguments({
      port: 6443,
      etcds: [etcd],
      pki,
      knobs: {
        'bind-address': '0.0.0.0',
        'allow-privileged': 'true',
        'advertise-address': address,
        'endpoint-reconciler-type': 'lease',
        'kubelet-client-certificate': kubeletClient.certFile,
        'kubelet-client-key': kubeletClient.keyFile,
        'kubelet-preferred-address-types': 'InternalIP',
        // Without it, watches keep a server that stops for a minute.
        'shutdown-watch-termination-grace-period': '2s',
      },
    }),
    'kube-controller-manager': controllerManagerArguments({
      port: 10257,
      kubeconfig: ofControllers,
      pki,
      knobs: {
        ...served(ofControllers),
        'cluster-signing-cert-file': pki.ca.certFile,
        'cluster-signing-key-file': pki.ca.keyFile,
        // No rights have to be granted: each controller has those that every cluster gives it.
        'use-service-account-credentials': 'true',
      },
    }),
    'kube-scheduler': schedulerArguments({
      port: 10259,
      kubeconfig: ofScheduler,
      pki,
      knobs: served(ofScheduler),
    }),
  }
  const units = Object.entries(programs).map(([program, args]) => {
    const inside = args.map((arg) => arg.replaceAll(`${folder}/`, '/etc/kubernetes/'))
    return [`${program}.service`, unitOf(program, inside)] as const
  })
  return { units: Object.fromEntries(units), etc: filesOf(folder) }
}

/** How the control plane is reached whose files `controlPlaneFiles` has made. */
export function controlPlaneTarget(folder: string, address: string): ControlPlaneTarget {
  const at = (port: number) => [`https://${address}:${port}`]
  return {
    kubeconfig: join(folder, adminFile),
    context,
    components: { etcd: at(2379), 'kube-controller-manager': at(10257), 'kube-scheduler': at(10259) },
  }
}

function unitOf(program: string, args: readonly string[]): string {
  return `[Unit]
Description=${program}
# Those that start before what they need try again.
StartLimitIntervalSec=0
[Service]
${program === 'etcd' ? 'Type=notify\n' : ''}ExecStart=${[`/opt/components/${program}`, ...args].join(' \\\n  ')}
Restart=always
RestartSec=1
StandardOutput=append:/var/log/${program}.log
`
}

/** As a machine's /etc/kubernetes has them: certificates are public, keys and kubeconfigs are not. */
function filesOf(folder: string): Files {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  const files = names.map((name) => {
    const mode = /\.(crt|pub)$/.test(name) ? 0o644 : 0o600
    return [`kubernetes/${name}`, { content: readFileSync(join(folder, name)), mode }] as const
  })
  return Object.fromEntries(files)
}
