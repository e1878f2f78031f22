import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { writeFileWhole } from '../../base/files.ts'
import type { Credentials } from '../../kube/credentials.ts'
import { createTransport, parseJson } from '../../kube/transport.ts'
import type { RenderedKnobs } from '../../tuning/render.ts'
import { schedulerFile } from '../../tuning/render.ts'
import { apiserverArguments } from './arguments/apiserver.ts'
import type { ControllerConfiguration } from './arguments/controller-manager.ts'
import { controllerManagerArguments } from './arguments/controller-manager.ts'
import { schedulerArguments } from './arguments/scheduler.ts'
import { credentialsFor } from './connections.ts'
import type { EtcdOptions } from './etcds.ts'
import { startEtcds } from './etcds.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { measureRoundTrip } from './peer-relay.ts'
import type { KeyPair } from './pki.ts'
import type { RunningComponent, StartOptions } from './running.ts'
import { startComponent, untilReady } from './running.ts'

/** In an arm's state folder: for a person who wants to look into its cluster with kubectl. */
export const adminKubeconfig = 'admin.kubeconfig'

/** A control plane that answers and whose controllers work. */
export interface ControlPlane {
  /** For the orchestrator, at each apiserver. */
  readonly credentials: readonly [Credentials, ...Credentials[]]
  readonly components: readonly RunningComponent[]
  /** Between members of etcd; null where there is only one. */
  readonly roundTrip: { medianMs: number; leastMs: number } | null
}

export interface ControlPlaneOptions extends StartOptions {
  knobs: RenderedKnobs
  apiservers: number
  /** Of each etcd cluster, as `EtcdOptions` has it. */
  etcd: Pick<EtcdOptions, 'members' | 'roundTripMs' | 'walFolder'>
}

/**
 * Starts etcd, then kube-apiserver, then kube-controller-manager and kube-scheduler together, each when what it needs is
 * ready: started sooner, they try in vain and back off for longer than they would have waited (all at once, it takes 6
 * to 7.5 s instead of 3.3 s until everything is ready). Throws `Failure('infrastructure')` when a component dies or is
 * late, and the signal's reason when it aborts; what was started is the supervisor's to stop.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { stateFolder, knobs, pki, ports, clock, signal, closed } = options
  const apiserverPorts: number[] = []
  while (apiserverPorts.length < options.apiservers) apiserverPorts.push(await ports.take())
  const [controllerManagerPort, schedulerPort] = [await ports.take(), await ports.take()]
  const servers = apiserverPorts.map(urlOf) as [string, ...string[]]
  const [first, second = first] = servers
  const credentials = servers.map((server) => credentialsFor(server, pki.ca.cert, pki.admin)) as [
    Credentials,
    ...Credentials[],
  ]
  const kubeconfigOf = (name: string, user: KeyPair, server = first) =>
    writeKubeconfig(join(stateFolder, name), { server, ca: pki.ca.cert }, user)
  await kubeconfigOf(adminKubeconfig, pki.admin)
  const controllerManagerKubeconfig = await kubeconfigOf('kube-controller-manager.kubeconfig', pki.controllerManager)
  const schedulerKubeconfig = await kubeconfigOf('kube-scheduler.kubeconfig', pki.scheduler, second)

  const etcds = await startEtcds({ ...options, ...options.etcd })
  const roundTrip = options.etcd.members === 1 ? null : await measureRoundTrip(etcds, options)

  const component = 'kube-apiserver'
  const apiservers = await Promise.all(
    apiserverPorts.map((port, index) =>
      startComponent(
        {
          component,
          name: apiserverPorts.length === 1 ? component : `${component}-${index + 1}`,
          args: apiserverArguments({ port, etcds, pki, knobs: knobs.flags[component] ?? {} }),
          credentials: credentials[index] ?? credentials[0],
        },
        options,
      ),
    ),
  )
  const [apiserver] = apiservers as [RunningComponent, ...RunningComponent[]]
  await Promise.all(apiservers.map((each) => untilReady(each, '/readyz', options)))
  await allowAllControllers(credentials[0], clock, AbortSignal.any([signal, closed]))

  const schedulerArgs = argumentsOfScheduler(knobs, {
    port: schedulerPort,
    kubeconfig: schedulerKubeconfig,
    pki,
    configFile: join(stateFolder, 'kube-scheduler.json'),
  })
  const controllerManagerArgs = controllerManagerArguments({
    port: controllerManagerPort,
    kubeconfig: controllerManagerKubeconfig,
    pki,
    knobs: knobs.flags['kube-controller-manager'] ?? {},
  })
  const startAt = (component: 'kube-controller-manager' | 'kube-scheduler', port: number, args: string[]) =>
    startComponent({ component, args, credentials: credentialsFor(urlOf(port), pki.ca.cert) }, options)
  const [controllerManager, scheduler] = await Promise.all([
    startAt('kube-controller-manager', controllerManagerPort, controllerManagerArgs),
    startAt('kube-scheduler', schedulerPort, schedulerArgs),
  ])
  await Promise.all([
    untilReady(controllerManager, '/healthz', options),
    untilReady(scheduler, '/readyz', options),
    // Controllers work only some time after their process is healthy. This one must: without it no pod is admitted.
    untilReady(controllerManager, '/api/v1/namespaces/default/serviceaccounts/default', options, apiserver),
  ])
  return { credentials, components: [...etcds, ...apiservers, controllerManager, scheduler], roundTrip }
}

/** Writes kube-scheduler's configuration file if it needs one. */
function argumentsOfScheduler(
  { flags, schedulerConfiguration }: RenderedKnobs,
  { configFile, ...configuration }: Omit<ControllerConfiguration, 'knobs'> & { configFile: string },
): string[] {
  const knobs = flags['kube-scheduler'] ?? {}
  if (Object.keys(schedulerConfiguration).length === 0) return schedulerArguments({ ...configuration, knobs })
  const { file, flags: others } = schedulerFile(schedulerConfiguration, { ...configuration, flags: knobs })
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
