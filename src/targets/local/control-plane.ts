import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { writeFileWhole } from '../../base/files.ts'
import type { Credentials } from '../../kube/credentials.ts'
import { createTransport, parseJson } from '../../kube/transport.ts'
import type { RenderedKnobs } from '../../tuning/render.ts'
import { apiserverArguments } from './arguments/apiserver.ts'
import type { ControllerConfiguration } from './arguments/controller-manager.ts'
import { controllerManagerArguments } from './arguments/controller-manager.ts'
import { schedulerArguments, schedulerFile } from './arguments/scheduler.ts'
import { credentialsFor } from './connections.ts'
import { startEtcds } from './etcds.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import type { KeyPair } from './pki.ts'
import type { RunningComponent, StartOptions } from './running.ts'
import { startComponent, untilReady } from './running.ts'

/** A control plane that answers and whose controllers work. */
export interface ControlPlane {
  /** For the orchestrator. */
  readonly credentials: Credentials
  readonly components: readonly RunningComponent[]
}

export interface ControlPlaneOptions extends StartOptions {
  knobs: RenderedKnobs
}

/**
 * Starts etcd, then kube-apiserver, then kube-controller-manager and kube-scheduler together, each when what it needs is
 * ready: started sooner, they try in vain and back off for longer than they would have waited (all at once, it takes 6
 * to 7.5 s instead of 3.3 s until everything is ready). Throws `Failure('infrastructure')` when a component dies or is
 * late, and the signal's reason when it aborts; what was started is the supervisor's to stop.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { stateFolder, knobs, pki, ports, clock, signal, closed } = options
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

  const etcds = await startEtcds({ ...options, members: 1 })
  const apiserver = await startComponent(
    {
      component: 'kube-apiserver',
      args: apiserverArguments({ port: apiserverPort, etcds, pki, knobs: knobs.flags['kube-apiserver'] ?? {} }),
      credentials: admin,
    },
    options,
  )
  await untilReady(apiserver, '/readyz', options)
  await allowAllControllers(admin, clock, AbortSignal.any([signal, closed]))

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
  return { credentials: admin, components: [...etcds, apiserver, controllerManager, scheduler] }
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
