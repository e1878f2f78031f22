import { join } from 'node:path'
import { orAborted } from '../../base/abort.ts'
import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { Report } from '../../base/progress.ts'
import type { Credentials } from '../../kube/credentials.ts'
import type { Node } from '../../kube/resources.ts'
import type { RequestRecord } from '../../kube/transport.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Knob } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { readKnobs } from '../read-back.ts'
import type { Cluster, Fleet, FleetOrigin } from '../target.ts'
import { findApiservers, whyNotAllApiservers } from './apiservers.ts'
import type { Components } from './components.ts'
import { componentsOf } from './components.ts'
import { isHollow, probeNodeOf, selectNodes } from './fleet/existing.ts'
import { removeHollowFleet } from './fleet/remove.ts'
import type { HollowFleet } from './fleet/start.ts'
import { startHollowFleet } from './fleet/start.ts'
import { heldApi } from './held-api.ts'
import { hollowArm } from './hollow-spec.ts'
import type { HeldLease, Holder } from './lease.ts'
import { acquireLease } from './lease.ts'
import { requireIdentity } from './preflight/identity.ts'
import type { ClusterApi, Connect, Located, PlannedTarget, Reach } from './reach.ts'
import { serverVersionOf } from './reach.ts'
import type { retune } from './retune.ts'
import { retuneLimitMs } from './retune.ts'

export interface RemoteClusterOptions {
  plan: Plan
  target: PlannedTarget
  /** No host where no hollow nodes are started. */
  places: { target: Located; host: Located | undefined }
  /** Of the hollow nodes' image, where the plan names none. */
  kubernetesVersion: string
  holder: Holder
  arm: string
  /** `untuned-1` */
  armId: string
  knobs: readonly KnobRequest[]
  /** Takes the program's output that re-tunes the cluster. */
  logFolder: string
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  now: () => Date
  connect: Connect
  runRetune: typeof retune
  signal: AbortSignal
}

/** How long an apiserver that was re-tuned may take to answer again. */
const readyLimitMs = 120_000
/** Opening a target: re-tuning it, and waiting for its apiserver. */
export const openBudgetMs = retuneLimitMs + readyLimitMs + 60_000
/** Letting go of it: as long as a request is tried, 120 s and the 70 s that its last answer may take, and a little longer. */
export const closeBudgetMs = 200_000
/** Of the Lease while the apiserver that keeps it is restarted: longer than that takes. */
const leaseWhileRetuningMs = 300_000

/**
 * Takes a target cluster for an arm: its Lease first, then, where the plan has a program for that, its settings. Throws
 * `Failure('safety-refusal')` when it, or the host cluster, is another cluster than the plan means, or another run has it, `infrastructure`
 * when it cannot be re-tuned or does not answer; the Lease is let go of in that case.
 */
export async function openRemoteCluster(options: RemoteClusterOptions): Promise<Cluster> {
  const { plan, target, arm, armId, clock, now, holder, connect, runRetune, signal } = options
  const { target: place, host: hostPlace } = options.places
  const { credentials } = place
  const closing = new AbortController()
  const retries = { count: 0, waitedMs: 0 }
  const listeners = new Set<(record: RequestRecord) => void>()
  const closeConnections: (() => PromiseLike<void>)[] = []
  const connected = (to: Credentials, until: AbortSignal = closing.signal) => {
    const connection = connect({
      credentials: to,
      signal: until,
      ...(to === credentials && {
        onRequest(record) {
          for (const listener of listeners) listener(record)
        },
        onRetry({ waitMs }) {
          retries.count++
          retries.waitedMs += waitMs
        },
      }),
    })
    closeConnections.push(() => connection[Symbol.asyncDispose]())
    return connection
  }
  const onTarget = { ...place, api: connected(credentials) }
  const onHost = hostPlace && { ...hostPlace, api: connected(hostPlace.credentials) }
  let lease: HeldLease | undefined
  const close = async () => {
    // Elsewhere nothing would be found of what is to be taken away, and the Lease not either.
    const [found, released] =
      lease === undefined ? [] : await Promise.allSettled([requireIdentity([onTarget]), lease.release()])
    closing.abort(new Failure('interrupted', 'the cluster was released'))
    await Promise.allSettled(closeConnections.map((closeOne) => closeOne()))
    const left = [
      ...(found?.status === 'rejected'
        ? [`what was created on ${target.context} may still be there: ${messageOf(found.reason)}`]
        : []),
      ...(released?.status === 'rejected'
        ? [`its Lease could not be released; it expires a minute after its last renewal: ${messageOf(released.reason)}`]
        : []),
    ]
    if (left.length > 0) throw new Failure('residue', left.join('; '))
  }

  try {
    await orAborted(signal, requireIdentity(onHost === undefined ? [onTarget] : [onHost, onTarget]))
    const askedMs = clock.nowMs()
    lease = await acquireLease({ api: onTarget.api, clock, now, holder, signal })
    signal.throwIfAborted()
    const acquiredMs = clock.nowMs()
    const ending = AbortSignal.any([signal, lease.lost])
    const command = plan.remote?.retune
    if (command !== undefined) {
      const { env, logFolder } = options
      await lease.lastFor(leaseWhileRetuningMs)
      await runRetune({ command, arm, logFile: join(logFolder, armId, 'retune.log'), env, clock, signal: ending })
      await untilReady(onTarget.api, clock, ending)
      await lease.lastFor()
    }
    const writes = connected(credentials, AbortSignal.any([closing.signal, lease.lost]))
    const api = heldApi(onTarget.api, writes, lease)
    const opening = {
      waitedForLeaseMs: acquiredMs - askedMs,
      ...(command !== undefined && { retunedMs: clock.nowMs() - acquiredMs }),
      ...((credentials.insecure ?? hostPlace?.credentials.insecure) === true && { insecure: true as const }),
    }
    const apiservers = await orAborted(ending, findApiservers(api, closing.signal))
    const unreadApiservers = whyNotAllApiservers(apiservers, target)
    const components = componentsOf({ api, target, credentials, unreadApiservers, clock, signal: closing.signal })
    closeConnections.push(() => components[Symbol.asyncDispose]())
    const versions = { 'kube-apiserver': await orAborted(ending, serverVersionOf(api)) }
    const hollow =
      onHost === undefined
        ? undefined
        : hollowFleetOf({ ...options, on: { host: onHost, target: { ...onTarget, api } } })
    let disposal: Promise<void> | undefined

    return {
      disposable: false,
      api,
      clock,
      versions,
      readyMs: null,
      opening,
      broken: lease.lost,
      startFleet: (_, signal, report) => startFleet({ plan, api, components, hollow, signal, report }),
      removeFleet: (removeSignal, report) => hollow?.remove(removeSignal, report) ?? Promise.resolve(),
      async effectiveKnobs(asked) {
        const readings = await readKnobs(asked, components.all())
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
    const left = await close().then(() => undefined, messageOf)
    if (left !== undefined) throw new Failure('residue', `${messageOf(error)}; ${left}`, { cause: error })
    throw error
  }
}

/** Why nobody has said anything of a knob. */
function whyUnread(knob: Knob | undefined, { components = {} }: PlannedTarget): string | undefined {
  if (knob === undefined || knob.readBack.from === 'nowhere') return undefined
  const { component } = knob
  if (knob.readBack.from === 'process arguments') return `${component} does not serve its flags over the network`
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
  start(fleetSignal: AbortSignal, report?: Report): Promise<HollowFleet>
  remove(removeSignal: AbortSignal, report?: Report): Promise<void>
}

function hollowFleetOf(options: RemoteClusterOptions & { on: { host: Reach; target: Reach } }): ArmFleet {
  const { clock, now, holder } = options
  const { host, target } = options.on
  const { runId } = holder
  let starting: Promise<unknown> | undefined
  return {
    start(fleetSignal, report) {
      const arm = hollowArm({ ...options, credentials: target.credentials, runId })
      const on = { host: host.api, target: target.api }
      const fleet = startHollowFleet({ ...arm, ...on, clock, now: now(), report }, fleetSignal)
      starting = fleet.catch(() => {})
      return fleet
    },
    async remove(removeSignal, report) {
      if (starting === undefined) return
      // Requests that an interrupted start has under way would create things behind the back of their removal.
      await orAborted(removeSignal, starting).catch(() => {})
      const verify = { host: () => requireIdentity([host]), target: () => requireIdentity([target]) }
      await removeHollowFleet({ host: host.api, target: target.api, clock, runId, verify, report }, removeSignal)
    },
  }
}

async function startFleet({
  plan: { fleet, probes },
  api,
  components,
  hollow,
  signal,
  report,
}: {
  plan: Plan
  api: ClusterApi
  components: Components
  /** None where the plan's nodes are there already. */
  hollow: ArmFleet | undefined
  signal: AbortSignal
  report: Report | undefined
}): Promise<Fleet> {
  const { source } = fleet
  if (source === 'hollow') {
    if (hollow === undefined) throw new Error('hollow nodes without a host cluster: the plan’s check lets none through')
    const { nodeNames, processes, images, startedMs, ...started } = await hollow.start(signal, report)
    const probe = await probeNodeOf(api, probes.node ?? { name: started.probeNode }, signal)
    components.addKubelet(probe.metadata.name ?? '')
    const { origin, probeNode } = originOf(source, probe)
    const versions = { ...origin.versions, 'hollow-node image': images.join(', ') }
    return { nodeNames, probeNode, processes, startedMs, origin: { ...origin, versions } }
  }
  const { nodes, selector } = fleet
  const existing = await selectNodes(api, { nodes, selector, probe: probes.node }, signal)
  components.addKubelet(existing.probeNode)
  return { nodeNames: existing.nodeNames, processes: 0, ...originOf(source, existing.timed) }
}

/** Where a fleet comes from, and its probe node. */
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
