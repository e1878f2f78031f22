import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { makeFolder, writeFileWhole } from '../../base/files.ts'
import type { Credentials } from '../../kube/credentials.ts'
import type { RawEndpoint } from '../../kube/http.ts'
import { connectEndpoint } from '../../kube/http.ts'
import { createTransport, parseJson } from '../../kube/transport.ts'
import type { ComponentMetrics } from '../../measure/metrics.ts'
import type { RenderedKnobs } from '../../tuning/render.ts'
import { apiserverArguments } from './arguments/apiserver.ts'
import type { ControllerConfiguration } from './arguments/controller-manager.ts'
import { controllerManagerArguments } from './arguments/controller-manager.ts'
import type { EtcdInstance } from './arguments/etcd.ts'
import { etcdArguments, etcdName, etcdUrl } from './arguments/etcd.ts'
import { schedulerArguments, schedulerFile } from './arguments/scheduler.ts'
import { credentialsFor } from './connections.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import type { KeyPair, Pki } from './pki.ts'
import type { Ports } from './ports.ts'
import { withPriority } from './priority.ts'
import type { RunningProcess, Supervisor } from './processes.ts'

/** A process of the cluster and how to ask it about itself. */
export interface RunningComponent extends RunningProcess {
  readonly component: ComponentMetrics['component']
  readonly endpoint: RawEndpoint
}

/** A control plane that answers and whose controllers work. */
export interface ControlPlane {
  /** For the orchestrator. */
  readonly credentials: Credentials
  readonly components: readonly RunningComponent[]
}

/** What the control plane and the fleet of one cluster are started with. */
export interface StartOptions {
  binaryFolder: string
  stateFolder: string
  pki: Pki
  ports: Ports
  supervisor: Supervisor
  clock: Clock
  /** Ends the start. */
  signal: AbortSignal
  /** Closes connections. */
  closed: AbortSignal
}

export interface ControlPlaneOptions extends StartOptions {
  knobs: RenderedKnobs
}

/** Each component's share of the start; a busy machine takes seconds. */
const readyTimeoutMs = 60_000

/**
 * Starts etcd, then kube-apiserver, then kube-controller-manager and kube-scheduler together, each when what it needs is
 * ready: started sooner, they try in vain and back off for longer than they would have waited (all at once, it takes 6
 * to 7.5 s instead of 3.3 s until everything is ready). Throws `Failure('infrastructure')` when a component dies or is
 * late, and the signal's reason when it aborts; what was started is the supervisor's to stop.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { binaryFolder, stateFolder, knobs, pki, ports, supervisor, clock, signal, closed } = options
  const etcds: EtcdInstance[] = []
  for (const resource of [undefined, ...knobs.etcdSplit]) {
    const name = etcdName(resource)
    const [clientPort, peerPort, dataDir] = [await ports.take(), await ports.take(), join(stateFolder, name)]
    etcds.push({ name, clientPort, peerPort, dataDir, ...(resource !== undefined && { resource }) })
  }
  const [apiserverPort, controllerManagerPort, schedulerPort] = [
    await ports.take(),
    await ports.take(),
    await ports.take(),
  ]
  const server = urlOf(apiserverPort)
  const admin = credentialsFor(server, pki.ca.cert, pki.admin)
  const kubeconfigOf = (name: string, user: KeyPair) =>
    writeKubeconfig(join(stateFolder, `${name}.kubeconfig`), { server, ca: pki.ca.cert }, user)
  // For a person who wants to look into a running cluster with kubectl.
  await kubeconfigOf('admin', pki.admin)
  const controllerManagerKubeconfig = await kubeconfigOf('kube-controller-manager', pki.controllerManager)
  const schedulerKubeconfig = await kubeconfigOf('kube-scheduler', pki.scheduler)

  const start = async (
    component: Exclude<RunningComponent['component'], 'kubelet'>,
    args: readonly string[],
    credentials: Credentials,
    name: string = component,
  ): Promise<RunningComponent> => {
    const command = [join(binaryFolder, component), ...args]
    const isEtcd = component === 'etcd'
    const [program = '', ...rest] = isEtcd ? withPriority(command, knobs.etcdProcess) : command
    const process = await supervisor.start({
      name,
      program,
      args: rest,
      env: knobs.environment[component],
      stage: isEtcd ? 'storage' : 'control',
    })
    return { ...process, component, endpoint: connectEndpoint({ credentials, clock, signal: closed }) }
  }
  const ready = (component: RunningComponent, path: string, { endpoint } = component) =>
    supervisor.waitUntilReady(component, (ending) => endpoint.readText(path, { signal: ending, attempts: 1 }), {
      timeoutMs: readyTimeoutMs,
      signal,
    })

  const runningEtcds = await Promise.all(
    etcds.map(async (instance) => {
      makeFolder(instance.dataDir, 0o700)
      const args = etcdArguments(instance, pki, knobs.flags.etcd)
      const credentials = credentialsFor(etcdUrl(instance), pki.ca.cert, pki.etcdClient)
      const etcd = await start('etcd', args, credentials, instance.name)
      await ready(etcd, '/readyz')
      return etcd
    }),
  )

  const apiserver = await start(
    'kube-apiserver',
    apiserverArguments({ port: apiserverPort, etcds, pki, knobs: knobs.flags['kube-apiserver'] ?? {} }),
    admin,
  )
  await ready(apiserver, '/readyz')
  await allowAllControllers(admin, clock, AbortSignal.any([signal, closed]))

  const schedulerArgs = argumentsOfScheduler(knobs, {
    port: schedulerPort,
    kubeconfig: schedulerKubeconfig,
    pki,
    configFile: join(stateFolder, 'kube-scheduler.json'),
  })
  const [controllerManager, scheduler] = await Promise.all([
    start(
      'kube-controller-manager',
      controllerManagerArguments({
        port: controllerManagerPort,
        kubeconfig: controllerManagerKubeconfig,
        pki,
        knobs: knobs.flags['kube-controller-manager'] ?? {},
      }),
      credentialsFor(urlOf(controllerManagerPort), pki.ca.cert),
    ),
    start('kube-scheduler', schedulerArgs, credentialsFor(urlOf(schedulerPort), pki.ca.cert)),
  ])
  await Promise.all([
    ready(controllerManager, '/healthz'),
    ready(scheduler, '/readyz'),
    // Controllers work only some time after their process is healthy. This one must: without it no pod is admitted.
    ready(controllerManager, '/api/v1/namespaces/default/serviceaccounts/default', apiserver),
  ])
  return { credentials: admin, components: [...runningEtcds, apiserver, controllerManager, scheduler] }
}

/** Writes kube-scheduler's configuration file if it needs one. */
function argumentsOfScheduler(
  { flags, schedulerConfiguration }: RenderedKnobs,
  { configFile, ...configuration }: Omit<ControllerConfiguration, 'knobs'> & { configFile: string },
): string[] {
  const knobs = flags['kube-scheduler'] ?? {}
  if (Object.keys(schedulerConfiguration).length === 0) return schedulerArguments({ ...configuration, knobs })
  const { file, knobs: others } = schedulerFile(schedulerConfiguration, { ...configuration, knobs })
  writeFileWhole(configFile, `${JSON.stringify(file, null, 2)}\n`)
  return schedulerArguments({ ...configuration, knobs: others }, configFile)
}

/** See controller-manager.ts for why all controllers have one identity. */
async function allowAllControllers(credentials: Credentials, clock: Clock, signal: AbortSignal): Promise<void> {
  await using transport = createTransport({ credentials, clock, signal })
  const rbac = 'rbac.authorization.k8s.io'
  await transport.send(
    {
      verb: 'create',
      resource: 'clusterrolebindings',
      method: 'POST',
      path: `/apis/${rbac}/v1/clusterrolebindings`,
      body: JSON.stringify({
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'scale-test:all-controllers' },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ apiGroup: rbac, kind: 'User', name: 'system:kube-controller-manager' }],
      }),
      repeatable: true,
    },
    parseJson,
  )
}

function urlOf(port: number): string {
  return `https://127.0.0.1:${port}`
}
