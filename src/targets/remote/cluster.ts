import { join } from 'node:path'
import { whenAborted } from '../../base/abort.ts'
import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { Credentials } from '../../kube/credentials.ts'
import type { Node } from '../../kube/resources.ts'
import type { RequestRecord } from '../../kube/transport.ts'
import { readKnobs } from '../../measure/read-back.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Knob } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import type { Cluster, Fleet, FleetOrigin } from '../target.ts'
import type { Components } from './components.ts'
import { componentsOf } from './components.ts'
import { isHollow, probeNodeOf, selectNodes } from './fleet/existing.ts'
import { removeHollowFleet } from './fleet/remove.ts'
import type { HollowFleet } from './fleet/start.ts'
import { startHollowFleet } from './fleet/start.ts'
import { hollowArm } from './hollow-spec.ts'
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
  /** Of the hollow nodes' image, where the plan names none. */
  kubernetesVersion: string
  holder: Holder
  /** `untuned-1` */
  armId: string
  knobs: readonly KnobRequest[]
  /** Takes the program's output that re-tunes the cluster. */
  logFolder: string
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  now: () => Date
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
      startFleet: (_, fleetSignal) => startFleet(options, { api, components, hollow }, fleetSignal),
      removeFleet: (removeSignal) => hollow?.remove(removeSignal) ?? Promise.resolve(),
      async effectiveKnobs(asked) {
        const requested = new Map(knobs.map(({ knob, value }) => [knob.id, value]))
        const readings = await readKnobs(asked, requested, components.all())
        return readings.map((reading, index) => {
          if (reading.effective !== null || reading.because !== undefined) return reading
          const because = whyUnread(asked[index], target)
          return because === undefined ? reading : { ...reading, because }
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

/** Why nobody has said anything of a knob. */
function whyUnread(knob: Knob | undefined, { components = {} }: PlannedTarget): string | undefined {
  if (knob === undefined || knob.readBack.from === 'nowhere') return undefined
  const { component } = knob
  if (knob.readBack.from === 'process arguments') return `${component} tells nobody on the network of its flags`
  const known = ['kube-controller-manager', 'kube-scheduler', 'etcd']
  if (!known.includes(component) || component in components) return `${component} does not say`
  return `the plan does not say where ${component} serves its pages (components.${component})`
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
  start(fleetSignal: AbortSignal): Promise<HollowFleet>
  remove(removeSignal: AbortSignal): Promise<void>
}

function hollowFleetOf(
  options: RemoteClusterOptions,
  api: ClusterApi,
  signal: AbortSignal,
  closeConnections: (() => PromiseLike<void>)[],
): ArmFleet | undefined {
  const { clock, now, connect, holder } = options
  if (options.host === undefined) return undefined
  const host = connect({ credentials: options.host, signal })
  closeConnections.push(() => host[Symbol.asyncDispose]())
  const { runId } = holder
  let starting: Promise<unknown> | undefined
  return {
    start(fleetSignal) {
      const arm = hollowArm({ ...options, runId })
      const fleet = startHollowFleet({ ...arm, host, target: api, clock, now: now() }, fleetSignal)
      starting = fleet.catch(() => {})
      return fleet
    },
    async remove(removeSignal) {
      if (starting === undefined) return
      // Requests that an interrupted start has under way would create things behind the back of their removal.
      await Promise.race([starting, whenAborted(removeSignal).catch(() => {})])
      await removeHollowFleet({ host, target: api, clock, runId }, removeSignal)
    },
  }
}

async function startFleet(
  { plan }: RemoteClusterOptions,
  { api, components, hollow }: { api: ClusterApi; components: Components; hollow: ArmFleet | undefined },
  signal: AbortSignal,
): Promise<Fleet> {
  const { fleet, probes } = plan
  const { source } = fleet
  if (source === 'hollow') {
    if (hollow === undefined) throw new Error('hollow nodes without a host cluster: the plan’s check lets none through')
    const { nodeNames, processes, images, ...started } = await hollow.start(signal)
    const probe = await probeNodeOf(api, probes.node ?? { name: started.probeNode }, signal)
    components.addKubelet(probe.metadata.name ?? '')
    const { origin, probeNode } = originOf(source, probe)
    const versions = { ...origin.versions, 'hollow-node image': images.join(', ') }
    return { nodeNames, probeNode, processes, origin: { ...origin, versions } }
  }
  if (probes.node === undefined) throw new Error('no node for the probes: the plan’s check lets none through')
  const { nodes, selector } = fleet
  const existing = await selectNodes(api, { nodes, selector, probe: probes.node }, signal)
  const probe = await probeNodeOf(api, probes.node, signal)
  components.addKubelet(existing.probeNode)
  return { nodeNames: existing.nodeNames, processes: 0, ...originOf(source, probe) }
}

/** What is told of where a fleet comes from, and of its probe node. */
function originOf(source: FleetOrigin['source'], probe: Node): Pick<Fleet, 'probeNode'> & { origin: FleetOrigin } {
  const { name = '', labels = {} } = probe.metadata
  const { kubeletVersion, containerRuntimeVersion } = (probe.status?.['nodeInfo'] ?? {}) as Record<string, string>
  return {
    probeNode: name,
    origin: {
      source,
      probeNode: isHollow(probe) ? 'hollow' : 'real',
      probeHostname: labels['kubernetes.io/hostname'] ?? name,
      versions: {
        ...(kubeletVersion !== undefined && { kubelet: kubeletVersion }),
        ...(containerRuntimeVersion !== undefined && { 'container runtime': containerRuntimeVersion }),
      },
    },
  }
}
