import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiserverArguments } from '../../src/targets/local/arguments/apiserver.ts'
import { controllerManagerArguments } from '../../src/targets/local/arguments/controller-manager.ts'
import { etcdArguments } from '../../src/targets/local/arguments/etcd.ts'
import type { Flags } from '../../src/targets/local/arguments/flags.ts'
import { hollowNodeArguments, nodeNames } from '../../src/targets/local/arguments/hollow-node.ts'
import { schedulerArguments } from '../../src/targets/local/arguments/scheduler.ts'
import { writeKubeconfig } from '../../src/targets/local/kubeconfig.ts'
import type { KeyPair } from '../../src/targets/local/pki.ts'
import { createAuthority, issuePki } from '../../src/targets/local/pki.ts'
import { kubeletFile } from '../../src/tuning/render.ts'
import type { EtcFile, MachineOptions } from './machine.ts'

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
/** A run looks for Ready nodes, even one that only observes. */
const pack = { first: 0, count: 1 }
export const [nodeName = ''] = nodeNames(pack)
const etcd = { name: 'etcd', clientPort: 2379, peerPort: 2380, dataDir: '/var/lib/etcd' }
/** What may be asked without credentials; metrics and configuration take rights. */
const openPaths = '/healthz,/readyz,/livez'

/**
 * Files of a machine whose control plane is four units of systemd, with built-in values wherever a profile may have others, and one hollow node
 * another. `folder` is an empty one out here: its files are those of the machine's /etc/kubernetes.
 */
export async function controlPlaneFiles(
  folder: string,
  address: string,
): Promise<Pick<MachineOptions, 'units' | 'etc'>> {
  const urlOf = (port: number) => `https://${address}:${port}`
  const authority = await createAuthority(join(folder, 'pki'), new Date())
  const [pki, kubeletClient] = await Promise.all([
    issuePki(authority, [address]),
    // As kubeadm had it for long: no rights have to be granted.
    authority.client('kubelet-client', { commonName: 'kube-apiserver-kubelet-client', group: 'system:masters' }),
  ])
  const kubeconfigOf = (name: string, user?: KeyPair) =>
    writeKubeconfig(join(folder, name), { server: urlOf(6443), ca: pki.ca.cert, name: context }, user)
  const served = (kubeconfig: string): Flags => ({
    'bind-address': '0.0.0.0',
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'client-ca-file': pki.ca.certFile,
    'authorization-always-allow-paths': openPaths,
  })
  const [ofControllers, ofScheduler, ofNobody] = await Promise.all([
    kubeconfigOf('controller-manager.conf', pki.controllerManager),
    kubeconfigOf('scheduler.conf', pki.scheduler),
    // The kubelet makes itself a certificate.
    kubeconfigOf('nobody.conf'),
    kubeconfigOf(adminFile, pki.admin),
  ])
  const kubelet = join(folder, 'kubelet.json')
  writeFileSync(kubelet, `${JSON.stringify(kubeletFile({}), null, 2)}\n`)
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
    'hollow-node': [
      ...hollowNodeArguments({
        pack,
        node: { cpu: 1, memory: '1Gi' },
        kubeconfig: ofNobody,
        configFiles: [kubelet],
        port: 10250,
        root: '/run/hollow',
        pki,
      }),
      // The apiserver asks no kubelet on loopback.
      `--address=${address}`,
      `--serving-client-ca-file=${pki.ca.certFile}`,
    ],
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
function filesOf(folder: string): Record<string, EtcFile> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  const files = names.map((name) => {
    const mode = /\.(crt|pub)$/.test(name) ? 0o644 : 0o600
    return [`kubernetes/${name}`, { text: readFileSync(join(folder, name), 'utf8'), mode }] as const
  })
  return Object.fromEntries(files)
}
