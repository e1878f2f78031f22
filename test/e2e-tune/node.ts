import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { writeKubeconfig } from '../../src/targets/local/kubeconfig.ts'
import type { Authority, KeyPair } from '../../src/targets/local/pki.ts'
import { pauseImage, writeProgramImage } from '../e2e-remote/images.ts'
import { containerdConfiguration, kubeletConfiguration, podNetwork } from '../e2e-remote/node.ts'
import { binaries } from '../e2e-remote/requirements.ts'
import { proxyImage, proxyKubeconfig } from './kube-proxy.ts'
import type { MachineOptions } from './machine.ts'
import { manifests, schedulerImage, schedulerKubeconfig, schedulerManifest } from './static-scheduler.ts'

/** A machine that is to be a node. */
export interface NodeOptions {
  name: string
  address: string
  /** `https://10.77.0.13:6443` */
  apiserver: string
  authority: Authority
  /** An empty one out here. */
  folder: string
}

/** Where a kubelet keeps its configuration, as kubeadm has it. */
export const kubeletConfig = '/var/lib/kubelet/config.yaml'
/** Answers on the machine itself when the kubelet is well. */
export const kubeletHealth = 'http://127.0.0.1:10248/healthz'
const podSubnet = '10.88.14.0/24'

const pki = '/etc/kubernetes/pki'
/** What pods are started from: there is no registry. */
const images = [{ image: pauseImage, program: 'pause' }, proxyImage, schedulerImage]
const archiveOf = ({ program }: { program: string }) => `/var/lib/images/${program}.tar`

/** Files of a machine with containerd and a kubelet, which joins with a certificate that it has already. */
export async function nodeFiles(
  options: NodeOptions,
): Promise<Pick<MachineOptions, 'units' | 'etc' | 'var' | 'runsPods'>> {
  const { name, address, apiserver, authority, folder } = options
  const { ca } = authority
  const [serving, client, proxy, scheduler] = await Promise.all([
    authority.server(`${name}-serving`, `system:node:${name}`, { addresses: [address], hosts: [name] }),
    authority.client(`${name}-client`, { commonName: `system:node:${name}`, group: 'system:nodes' }),
    authority.client(`${name}-proxy`, { commonName: 'system:kube-proxy', group: 'system:node-proxiers' }),
    authority.client(`${name}-scheduler`, { commonName: 'system:kube-scheduler', group: 'e2e' }),
  ])
  const kubeconfigOf = (file: string, user: KeyPair) =>
    writeKubeconfig(join(folder, file), { server: apiserver, ca: ca.cert }, user)
  const [kubeconfig, proxyConfig, schedulerConfig] = await Promise.all([
    kubeconfigOf('kubelet.conf', client),
    kubeconfigOf('kube-proxy.conf', proxy),
    kubeconfigOf('scheduler.conf', scheduler),
  ])
  const configuration = kubeletConfiguration(
    {
      address,
      clientCaFile: `${pki}/ca.crt`,
      certFile: `${pki}/kubelet.crt`,
      keyFile: `${pki}/kubelet.key`,
    },
    { staticPodPath: manifests },
  )
  return {
    runsPods: true,
    units: { 'containerd.service': containerdUnit, 'kubelet.service': kubeletUnit(options) },
    etc: {
      'resolv.conf': 'nameserver 127.0.0.1\n',
      'containerd/config.toml': containerdConfiguration('/etc/cni/net.d', pauseImage),
      'cni/net.d/pods.conflist': `${JSON.stringify(podNetwork(podSubnet), null, 2)}\n`,
      'kubernetes/pki/ca.crt': ca.cert,
      ...filesOf('kubernetes/pki/kubelet', serving),
      'kubernetes/kubelet.conf': { content: readFileSync(kubeconfig), mode: 0o600 },
      [schedulerKubeconfig.slice('/etc/'.length)]: { content: readFileSync(schedulerConfig), mode: 0o600 },
      [`${manifests.slice('/etc/'.length)}/kube-scheduler.yaml`]: {
        content: Buffer.from(schedulerManifest()),
        mode: 0o600,
      },
      [proxyKubeconfig.slice('/etc/'.length)]: { content: readFileSync(proxyConfig), mode: 0o600 },
    },
    var: {
      // With comments and a mode of its own, so that a test sees whether they stay.
      [kubeletConfig.slice('/var/'.length)]: {
        content: `# Of this node; changed by hand only.\n${stringify(configuration, { lineWidth: 0 })}`,
        mode: 0o640,
      },
      ...Object.fromEntries(
        images.map((one) => [
          archiveOf(one).slice('/var/'.length),
          readFileSync(writeProgramImage(folder, binaries, one)),
        ]),
      ),
    },
  }
}

function filesOf(path: string, { cert, key }: KeyPair): MachineOptions['etc'] {
  return { [`${path}.crt`]: cert, [`${path}.key`]: { content: key, mode: 0o600 } }
}

/** As Debian has it, but for the image: there is no registry. */
const containerdUnit = `[Unit]
Description=containerd
StartLimitIntervalSec=0
[Service]
Type=notify
ExecStart=/usr/bin/containerd
${images.map((one) => `ExecStartPost=/usr/bin/ctr --namespace=k8s.io images import ${archiveOf(one)}`).join('\n')}
# Pods outlive it.
KillMode=process
Delegate=yes
Restart=always
RestartSec=1
OOMScoreAdjust=-999
StandardOutput=append:/var/log/containerd.log
StandardError=append:/var/log/containerd.log
`

function kubeletUnit({ name, address }: NodeOptions): string {
  return `[Unit]
Description=kubelet
After=containerd.service
StartLimitIntervalSec=0
[Service]
ExecStart=/opt/components/kubelet \\
  --config=${kubeletConfig} \\
  --kubeconfig=/etc/kubernetes/kubelet.conf \\
  --hostname-override=${name} \\
  --node-ip=${address} \\
  --v=2
Restart=always
RestartSec=1
StandardOutput=append:/var/log/kubelet.log
StandardError=append:/var/log/kubelet.log
`
}
