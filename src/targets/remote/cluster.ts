import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { Credentials } from '../../kube/credentials.ts'
import type { RequestRecord } from '../../kube/transport.ts'
import { readKnobs } from '../../measure/read-back.ts'
import type { Plan } from '../../plan/plan.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { renderKnobs } from '../../tuning/render.ts'
import type { Cluster, Fleet, FleetOrigin, FleetSpec } from '../target.ts'
import type { Components } from './components.ts'
import { componentsOf } from './components.ts'
import { chosenProbeNode, existingNodes, isReal, versionsOf } from './existing-nodes.ts'
import type { HollowFleets, HollowOrder, HollowReach } from './hollow.ts'
import type { HeldLease, Holder } from './lease.ts'
import { acquireLease } from './lease.ts'
import type { ClusterApi, Connect, PlannedTarget } from './reach.ts'
import { serverVersionOf } from './reach.ts'
import { retune, retuneLimitMs } from './retune.ts'

export interface RemoteClusterOptions {
  plan: Plan
  target: PlannedTarget
  /** Of the target. */
  credentials: Credentials
  /** Absent where no hollow nodes are started. */
  host: Credentials | undefined
  hollow: HollowFleets
  holder: Holder
  /** `untuned-1` */
  armId: string
  knobs: readonly KnobRequest[]
  /** Takes the program's output that re-tunes the cluster. */
  logFolder: string
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  now: () => Date
  random: () => number
  connect: Connect
  signal: AbortSignal
}

/** How long an apiserver that was re-tuned may take to answer again. */
const readyLimitMs = 120_000
/** Opening a target: re-tuning it, and waiting for its apiserver. */
export const openBudgetMs = retuneLimitMs + readyLimitMs + 60_000

/**
 * Takes a target cluster for an arm: its Lease first, then, where the plan has a program for that, its settings. Throws
 * `Failure('safety-refusal')` when another run has it, `infrastructure` when it cannot be re-tuned or does not answer; the Lease
 * is let go of in that case.
 */
export async function openRemoteCluster(options: RemoteClusterOptions): Promise<Cluster> {
  const { plan, target, credentials, armId, knobs, clock, now, holder, connect, signal } = options
  const startedMs = clock.nowMs()
  const closing = new AbortController()
  const retries = { count: 0, waitedMs: 0 }
  const listeners = new Set<(record: RequestRecord) => void>()
  const api = connect({
    credentials,
    signal: closing.signal,
    onRequest(record) {
      for (const listener of listeners) listener(record)
    },
    onRetry({ waitMs }) {
      retries.count++
      retries.waitedMs += waitMs
    },
  })
  const closeConnections: (() => PromiseLike<void>)[] = [() => api[Symbol.asyncDispose]()]
  let lease: HeldLease | undefined
  const close = async () => {
    try {
      await lease?.release()
    } catch (error) {
      throw new Failure('residue', `the Lease of ${target.context} could not be let go of: ${messageOf(error)}`, {
        next: 'It ends by itself a minute after its last renewal',
        cause: error,
      })
    } finally {
      closing.abort(new Failure('interrupted', 'the cluster was let go of'))
      await Promise.allSettled(closeConnections.map((closeOne) => closeOne()))
    }
  }

  try {
    lease = await acquireLease({ api, clock, now, holder, signal })
    signal.throwIfAborted()
    const command = plan.remote?.retune
    if (command !== undefined) {
      const { env, logFolder } = options
      const logFile = join(logFolder, armId, 'retune.log')
      await retune({ command, arm: armNameOf(armId), logFile, env, clock, signal })
      await untilReady(api, clock, signal)
    }
    await lease.keep()
    const readyMs = command === undefined ? null : clock.nowMs() - startedMs
    const silent = new Set<string>()
    const components = componentsOf({
      api,
      target,
      credentials,
      clock,
      signal: closing.signal,
      onSilent: (text) => silent.add(text),
    })
    closeConnections.push(() => components[Symbol.asyncDispose]())
    const versions = { 'kube-apiserver': await serverVersionOf(api) }
    const hollow = hollowFleetOf(options, api, closing.signal, closeConnections)
    let disposal: Promise<void> | undefined

    return {
      disposable: false,
      api,
      clock,
      versions,
      readyMs,
      broken: lease.lost,
      startFleet: (spec, fleetSignal) => startFleet(options, { api, components, hollow }, spec, fleetSignal),
      removeFleet: (removeSignal) => hollow?.remove(removeSignal) ?? Promise.resolve(),
      async effectiveKnobs(asked) {
        const requested = new Map(knobs.map(({ knob, value }) => [knob.id, value]))
        const readings = await readKnobs(asked, requested, components.all())
        return readings.map((reading, index) => {
          if (reading.effective !== null || reading.because !== undefined) return reading
          return { ...reading, because: whyUnread(asked[index]?.component, target) }
        })
      },
      clientRetries: () => ({ ...retries }),
      onRequest(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      scrape: (wanted) => components.scrape(wanted),
      processes: () => [],
      async [Symbol.asyncDispose]() {
        disposal ??= close()
        await disposal
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The arm of `untuned-1`. */
export function armNameOf(armId: string): string {
  return armId.slice(0, armId.lastIndexOf('-'))
}

/** Why a component has said nothing of a knob. */
function whyUnread(component: string | undefined, { components = {} }: PlannedTarget): string {
  const readAnyway = ['kubelet', 'kube-apiserver']
  if (component === undefined || readAnyway.includes(component) || component in components)
    return 'no page of the component has it'
  const known = ['kube-controller-manager', 'etcd']
  return known.includes(component)
    ? `the plan does not say where ${component} serves its pages (components.${component})`
    : 'no page of a component has it'
}

async function untilReady(api: ClusterApi, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.nowMs() + readyLimitMs
  for (;;) {
    try {
      await api.readText('/readyz', { signal, attempts: 1 })
      return
    } catch (error) {
      signal.throwIfAborted()
      if (clock.nowMs() > untilMs)
        throw new Failure('infrastructure', `the apiserver is not ready after it was re-tuned: ${messageOf(error)}`)
    }
    await clock.sleep(1000, signal)
  }
}

/** The hollow nodes of one arm. */
interface ArmFleet {
  start(fleetSignal: AbortSignal): ReturnType<HollowFleets['start']>
  remove(removeSignal: AbortSignal): Promise<void>
}

function hollowFleetOf(
  { plan, target, credentials, host, hollow, armId, knobs, holder, clock, random, connect }: RemoteClusterOptions,
  api: ClusterApi,
  signal: AbortSignal,
  closeConnections: (() => PromiseLike<void>)[],
): ArmFleet | undefined {
  if (host === undefined) return undefined
  const hostApi = connect({ credentials: host, signal })
  closeConnections.push(() => hostApi[Symbol.asyncDispose]())
  const reach: HollowReach = { host: hostApi, target: api, clock, random }
  const order = hollowOrder({ plan, target, credentials, armId, knobs, runId: holder.runId })
  let started = false
  return {
    start(fleetSignal) {
      started = true
      return hollow.start(reach, order, fleetSignal)
    },
    remove: async (removeSignal) => {
      if (started) await hollow.remove(reach, order, removeSignal)
    },
  }
}

/** What an arm's hollow nodes are to be. */
export function hollowOrder({
  plan,
  target,
  credentials,
  armId,
  knobs,
  runId,
}: Pick<RemoteClusterOptions, 'plan' | 'target' | 'credentials' | 'armId' | 'knobs'> & {
  runId: string
}): HollowOrder {
  const ofKubelets = knobs.filter(({ knob }) => knob.setting.via === 'kubelet-config')
  return {
    runId,
    armId,
    fleet: plan.fleet,
    kubeletConfiguration: renderKnobs(ofKubelets).kubeletConfiguration,
    targetServer: { server: target.server ?? credentials.server, ca: String(credentials.tls.ca ?? '') },
  }
}

async function startFleet(
  { plan }: RemoteClusterOptions,
  { api, components, hollow }: { api: ClusterApi; components: Components; hollow: ArmFleet | undefined },
  spec: FleetSpec,
  signal: AbortSignal,
): Promise<Fleet> {
  const { source } = plan.fleet
  if (source !== 'hollow') {
    const { names, probe } = await existingNodes(api, plan, signal)
    components.addKubelet(probe.metadata.name ?? '')
    return { nodeNames: names, probeNode: probe.metadata.name ?? '', processes: 0, origin: originOf(source, probe) }
  }
  if (hollow === undefined) throw new Error('a fleet of hollow nodes without a host cluster')
  const fleet = await hollow.start(signal)
  const probe = await chosenProbeNode(api, plan.probes.node ?? { name: fleet.probeNode }, signal)
  components.addKubelet(probe.metadata.name ?? '')
  const { nodeNames, processes, images } = fleet
  if (nodeNames.length !== spec.nodes)
    throw new Error(`${nodeNames.length} nodes were started instead of ${spec.nodes}`)
  const origin = originOf(source, probe)
  return {
    nodeNames,
    probeNode: probe.metadata.name ?? '',
    processes,
    origin: { ...origin, versions: { ...origin.versions, ...images } },
  }
}

function originOf(source: FleetOrigin['source'], probe: Parameters<typeof isReal>[0]): FleetOrigin {
  const { name = '', labels = {} } = probe.metadata
  return {
    source,
    probeNode: isReal(probe) ? 'real' : 'hollow',
    probeHostname: labels['kubernetes.io/hostname'] ?? name,
    versions: versionsOf(probe),
  }
}
