import { join } from 'node:path'
import { orAborted } from '../../base/abort.ts'
import { runLabel } from '../../kube/labels.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Knob } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { readKnobs } from '../read-back.ts'
import type { Cluster, TunableCluster, Tuning } from '../target.ts'
import { findApiservers, whyNotAllApiservers } from './apiservers.ts'
import type { ArmProgram, runArmProgram } from './arm-program.ts'
import { componentsOf } from './components.ts'
import type { ArmNodes } from './fleet/nodes.ts'
import { existingNodes, hollowNodes } from './fleet/nodes.ts'
import type { HeldTarget, HoldOptions } from './hold.ts'
import { givenUp, holdTarget } from './hold.ts'
import { hollowArm } from './hollow-spec.ts'
import type { HostAccess } from './host-access.ts'
import { placesOf } from './host-access.ts'
import type { PlannedTarget, Reach } from './reach.ts'
import { serverVersionOf } from './reach.ts'
import { hostTuning } from './tuned-hosts.ts'
import { programTuning } from './tuning.ts'

export interface RemoteClusterOptions extends HoldOptions, Pick<ArmProgram, 'arm' | 'env'> {
  plan: Plan
  target: PlannedTarget
  /** Of the hollow nodes' image, where the plan names none. */
  kubernetesVersion: string
  /** `untuned-1` */
  armId: string
  wasTuned?: boolean | undefined
  knobs: readonly KnobRequest[]
  hostAccess: HostAccess
  /** Takes the output of the programs that change the cluster's settings. */
  logFolder: string
  runProgram: typeof runArmProgram
}

/** As long as a request is tried, 120 s and the 70 s that its last answer may take, and a little longer. */
const requestMs = 200_000
/** Taking a target: an expired Lease is looked at for 25 s. */
export const openBudgetMs = requestMs + 40_000
/** Letting go of it. */
export const closeBudgetMs = requestMs

/**
 * Takes a target cluster for an arm: its Lease and, where the plan has no program that changes its settings first, all that is read of it.
 * Throws `Failure('safety-refusal')` when it, or the host cluster, is another cluster than the plan means, or another run has it, and
 * `ApiError` when it does not answer; the Lease is let go of in that case.
 */
export async function openRemoteCluster(options: RemoteClusterOptions): Promise<Cluster | TunableCluster> {
  const { plan, armId, logFolder, signal } = options
  const held = await holdTarget(options)
  const letGo = () => held[Symbol.asyncDispose]()
  const keep = async () => {
    await letGo()
    return waysToLook(held, options.holder.runId)
  }
  const { retune, restore, tuneHosts } = plan.remote ?? {}
  if (retune === undefined && tuneHosts === undefined) {
    try {
      return { ...(await clusterOf(held, options, AbortSignal.any([signal, held.lease.lost]))), keep }
    } catch (error) {
      throw await givenUp(letGo, error)
    }
  }
  const becomes = async (retunedMs: number, until: AbortSignal) => {
    const cluster = await clusterOf(held, options, until)
    return { ...cluster, opening: { ...openingOf(held), retunedMs } }
  }
  const tuning =
    retune === undefined
      ? tuningOfHosts(held, options, becomes)
      : programTuning({ ...options, retune, restore, held, becomes, logFolder: join(logFolder, armId) })
  return {
    broken: held.lease.lost,
    tuning,
    keep,
    [Symbol.asyncDispose]: letGo,
  }
}

function tuningOfHosts(
  held: HeldTarget,
  options: RemoteClusterOptions,
  becomes: (retunedMs: number, signal: AbortSignal) => Promise<Cluster>,
): Tuning {
  const { plan, target, arm, armId, holder, knobs, wasTuned, hostAccess, clock } = options
  const limits = plan.remote?.tuneHosts
  if (limits === undefined) throw new Error('the plan tunes no hosts')
  const reached = hostAccess.reach(target)
  held.closeAlso(reached)
  return hostTuning({
    places: placesOf(reached.hosts, target, { api: held.target.api, clock, healthMs: limits.healthBudget }),
    run: `${holder.runId}-${armId}`,
    arm,
    requests: knobs,
    wasTuned: wasTuned === true,
    healthMs: limits.healthBudget,
    deadManMs: limits.deadMan,
    openRecords: () => hostAccess.openRecords(armId),
    held,
    clock,
    becomes,
  })
}

/** Commands that show what a run has created. */
function waysToLook({ target, host }: HeldTarget, runId: string): string[] {
  const on = ({ kubeconfig, context }: Reach, what: string) =>
    `kubectl --kubeconfig ${kubeconfig} --context ${context} get ${what} -l ${runLabel}=${runId}`
  return [on(target, 'nodes,namespaces'), ...(host === undefined ? [] : [on(host, 'pods --all-namespaces')])]
}

/** What came before a target could be used. */
function openingOf({ waitedForLeaseMs, target, host }: HeldTarget): NonNullable<Cluster['opening']> {
  const isInsecure = (target.credentials.insecure ?? host?.credentials.insecure) === true
  return { waitedForLeaseMs, ...(isInsecure && { insecure: true }) }
}

/** Finds out what a target that is ours is made of: its apiservers, their version, and where its components are read. */
async function clusterOf(held: HeldTarget, options: RemoteClusterOptions, signal: AbortSignal): Promise<Cluster> {
  const { target, clock } = options
  const { lease, released } = held
  const { api, credentials } = held.target
  const unreadApiservers = whyNotAllApiservers(await orAborted(signal, findApiservers(api, released)), target)
  const components = componentsOf({ api, target, credentials, unreadApiservers, clock, signal: released })
  held.closeAlso(components)
  const versions = { 'kube-apiserver': await orAborted(signal, serverVersionOf(api)) }
  const nodes = nodesOf(held, options)
  return {
    disposable: false,
    api,
    clock,
    versions,
    readyMs: null,
    opening: openingOf(held),
    broken: lease.lost,
    async startFleet(_, until, report) {
      const fleet = await nodes.start(until, report)
      components.addKubelet(fleet.probeNode)
      return fleet
    },
    removeFleet: nodes.remove,
    async effectiveKnobs(asked) {
      const readings = await readKnobs(asked, components.all())
      return readings.map((reading, index) => {
        if (reading.effective !== null || reading.because !== undefined) return reading
        const because = whyUnread(asked[index], target)
        return because === undefined ? reading : { ...reading, because }
      })
    },
    clientRetries: held.clientRetries,
    onRequest: held.onRequest,
    scrape: (wanted) => components.scrape(wanted),
    processes: () => [],
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}

function nodesOf({ target, host }: HeldTarget, options: RemoteClusterOptions): ArmNodes {
  const { plan, holder, clock, now } = options
  if (plan.fleet.source !== 'hollow') return existingNodes(plan, target)
  if (host === undefined) throw new Error('hollow nodes without a host cluster: the plan’s check lets none through')
  const arm = hollowArm({ ...options, credentials: target.credentials, runId: holder.runId })
  return hollowNodes(arm, { host, target, clock, now, probe: plan.probes.node })
}

/** Why nobody has said anything of a knob. */
function whyUnread(knob: Knob | undefined, { components = {} }: PlannedTarget): string | undefined {
  if (knob === undefined || knob.readBack.from === 'nowhere') return undefined
  const { component } = knob
  if (knob.readBack.from === 'process arguments') return `${component} does not serve its flags over the network`
  const known = ['kube-controller-manager', 'kube-scheduler', 'etcd']
  if (!known.includes(component) || component in components) return `${component} does not report it`
  return `the plan does not say where ${component} serves its pages (components.${component})`
}
