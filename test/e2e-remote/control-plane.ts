import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../src/base/clock.ts'
import type { Credentials } from '../../src/kube/credentials.ts'
import { connectEndpoint } from '../../src/kube/http.ts'
import { apiserverArguments } from '../../src/targets/local/arguments/apiserver.ts'
import { controllerManagerArguments } from '../../src/targets/local/arguments/controller-manager.ts'
import { etcdArguments } from '../../src/targets/local/arguments/etcd.ts'
import type { Flags } from '../../src/targets/local/arguments/flags.ts'
import { schedulerArguments } from '../../src/targets/local/arguments/scheduler.ts'
import { credentialsFor } from '../../src/targets/local/connections.ts'
import { writeKubeconfig } from '../../src/targets/local/kubeconfig.ts'
import type { Authority, KeyPair, Pki } from '../../src/targets/local/pki.ts'
import { createAuthority, issuePki } from '../../src/targets/local/pki.ts'
import type { RunningProcess, Supervisor } from '../../src/targets/local/processes.ts'
import type { ClusterName, ProfileFlags } from './layout.ts'
import { controlPlaneAddress, kubeconfigFile, limitedUser, ports, stateFolder, urlOf } from './layout.ts'
import { applyObjects, kubeletRights } from './rights.ts'

/** What one control plane is started with. */
export interface ControlPlaneOptions {
  name: ClusterName
  folder: string
  binaries: string
  clock: Clock
  signal: AbortSignal
}

/** One of the two clusters, of which nothing runs yet. */
export interface ControlPlane {
  readonly authority: Authority
  readonly admin: Credentials
  /** Starts etcd and waits for it. */
  startStorage(supervisor: Supervisor): Promise<void>
  /** Starts the apiserver and, once it answers, the controllers; waits for them. May be repeated with another supervisor. */
  startServers(supervisor: Supervisor, profile?: ProfileFlags): Promise<void>
  startScheduler(supervisor: Supervisor): Promise<void>
  /** Reads a page of the apiserver. */
  read(path: string): Promise<string>
}

/** A page that a component serves when it is ready. */
interface Probe {
  credentials: Credentials
  path: string
}

const readyTimeoutMs = 60_000

/** What every component may be asked without credentials; metrics and configuration take rights. */
const openPaths = '/healthz,/readyz,/livez'

/** Makes identities and kubeconfigs of one cluster: as kubeadm sets it up, but with etcd, like the others, on the machines' network. */
export async function prepareControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { name, folder, binaries, clock, signal } = options
  const state = join(stateFolder(folder), name)
  const authority = await createAuthority(join(state, 'pki'), new Date())
  const [pki, kubeletClient, limited] = await Promise.all([
    issuePki(authority, [controlPlaneAddress]),
    authority.client('kubelet-client', { commonName: 'kube-apiserver-kubelet-client' }),
    authority.client('limited', { commonName: limitedUser }),
  ])
  const port = ports[name]
  const server = urlOf(port.apiserver)
  const ca = pki.ca.cert
  const kubeconfigOf = (file: string, user: KeyPair) => writeKubeconfig(file, { server, ca, name }, user)
  await kubeconfigOf(kubeconfigFile(folder, name, 'admin'), pki.admin)
  await kubeconfigOf(kubeconfigFile(folder, name, 'limited'), limited)
  const admin = credentialsFor(server, ca, pki.admin)
  const api = connectEndpoint({ credentials: admin, clock, signal })

  const start = async (supervisor: Supervisor, program: string, args: string[], probe: Probe) => {
    const process = await supervisor.start({
      name: `${name}-${program}`,
      program: join(binaries, program),
      args,
      stage: program === 'etcd' ? 'storage' : 'control',
    })
    await ready(supervisor, process, probe)
    return process
  }
  const ready = async (supervisor: Supervisor, process: RunningProcess, { credentials, path }: Probe) => {
    await using endpoint = connectEndpoint({ credentials, clock, signal })
    const probe = (ending: AbortSignal) => endpoint.readText(path, { signal: ending, attempts: 1 })
    await supervisor.waitUntilReady(process, probe, { timeoutMs: readyTimeoutMs, signal })
  }
  const delegation = (kubeconfig: string): Flags => ({
    'bind-address': controlPlaneAddress,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'client-ca-file': pki.ca.certFile,
    'authorization-always-allow-paths': openPaths,
  })
  const etcd = { name: 'etcd', clientPort: port.etcdClient, peerPort: port.etcdPeer, dataDir: join(state, 'etcd') }

  return {
    authority,
    admin,
    read: (path) => api.readText(path, { signal }),

    async startStorage(supervisor) {
      mkdirSync(etcd.dataDir, { mode: 0o700 })
      const clientUrls = `https://127.0.0.1:${port.etcdClient},${urlOf(port.etcdClient)}`
      const args = etcdArguments(etcd, [etcd], pki, {
        'listen-client-urls': clientUrls,
        'advertise-client-urls': clientUrls,
      })
      const credentials = credentialsFor(urlOf(port.etcdClient), ca, pki.etcdClient)
      await start(supervisor, 'etcd', args, { credentials, path: '/readyz' })
    },

    async startServers(supervisor, profile = {}) {
      const flags = apiserverFlags(name, pki, kubeletClient)
      const knobs = { ...flags, ...profile['kube-apiserver'] }
      const args = apiserverArguments({ port: port.apiserver, etcds: [etcd], pki, knobs })
      await start(supervisor, 'kube-apiserver', args, { credentials: admin, path: '/readyz' })
      await applyObjects(admin, kubeletRights(), { clock, signal })

      const kubeconfig = await kubeconfigOf(join(state, 'kube-controller-manager.kubeconfig'), pki.controllerManager)
      const controllerArgs = controllerManagerArguments({
        port: port.controllerManager,
        kubeconfig,
        pki,
        knobs: {
          ...delegation(kubeconfig),
          'cluster-signing-cert-file': pki.ca.certFile,
          'cluster-signing-key-file': pki.ca.keyFile,
          // As kubeadm has it: no controller has more rights than its own.
          'use-service-account-credentials': 'true',
          ...profile['kube-controller-manager'],
        },
      })
      const controllerManager = await start(supervisor, 'kube-controller-manager', controllerArgs, {
        credentials: credentialsFor(urlOf(port.controllerManager), ca),
        path: '/healthz',
      })
      // Controllers work only some time after their process is healthy. Without this one no pod is admitted.
      const path = '/api/v1/namespaces/default/serviceaccounts/default'
      await ready(supervisor, controllerManager, { credentials: admin, path })
    },

    async startScheduler(supervisor) {
      const kubeconfig = await kubeconfigOf(join(state, 'kube-scheduler.kubeconfig'), pki.scheduler)
      const args = schedulerArguments({ port: port.scheduler, kubeconfig, pki, knobs: delegation(kubeconfig) })
      const credentials = credentialsFor(urlOf(port.scheduler), ca)
      await start(supervisor, 'kube-scheduler', args, { credentials, path: '/readyz' })
    },
  }
}

function apiserverFlags(name: ClusterName, pki: Pki, kubeletClient: KeyPair): Flags {
  return {
    'bind-address': '0.0.0.0',
    'advertise-address': controlPlaneAddress,
    'endpoint-reconciler-type': 'lease',
    'kubelet-client-certificate': kubeletClient.certFile,
    'kubelet-client-key': kubeletClient.keyFile,
    'kubelet-preferred-address-types': 'InternalIP',
    // Hollow kubelets vouch for themselves, as real ones do that kubeadm set up; machines get certificates of the host's CA.
    ...(name === 'host' && { 'kubelet-certificate-authority': pki.ca.certFile }),
  }
}
