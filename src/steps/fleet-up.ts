import { orAborted } from '../base/abort.ts'
import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { hollowNodeOf } from '../fleet/hollow-node.ts'
import type { NodeFlaps } from '../measure/node-flaps.ts'
import type { Plan } from '../plan/plan.ts'
import type { NodeStates } from '../record/node-states.ts'
import { createNodeStates } from '../record/node-states.ts'
import type { MachineMonitor } from '../record/this-machine.ts'
import { watchNoMachine } from '../record/this-machine.ts'
import { machineBoundAbove } from '../result/parts.ts'
import type { ArmOutcome } from '../result/result.ts'
import type { Cluster, Fleet, FleetSpec, Target } from '../targets/target.ts'
import { nodesReady, sayingHowFar } from './fleet-lateness.ts'
import type { Step, StepOutline } from './step.ts'

/** A fleet whose nodes were all Ready at the same moment, and are watched from then on. */
export interface ReadyFleet extends Fleet {
  /** From the first process to the last Ready node; null where they were there before. */
  readyMs: number | null
  /** What came before the first process. */
  preparedMs?: number
  /** Nodes that have not stayed Ready so far. */
  flaps(): NodeFlaps
  /**
   * Counts the nodes that are not Ready now, also those of which a watch that has gone silent has not told yet. Throws
   * `Failure('inconclusive')` when the watch on the nodes has ended: from then on flaps were not seen.
   */
  lookAgain(signal: AbortSignal): Promise<void>
}

/** Where there is no Kubernetes, there are no nodes. */
export const noFleet: ReadyFleet = {
  nodeNames: [],
  probeNode: '',
  processes: 0,
  readyMs: null,
  flaps: () => ({ count: 0, nodes: [], notReadyAtEnd: [] }),
  lookAgain: async () => {},
}

const titles = {
  hollow: (nodes: number) => `Fleet of ${plural(nodes, 'hollow node')}`,
  existing: (nodes: number) => `${plural(nodes, 'hollow node')} already running`,
  none: (nodes: number) => plural(nodes, 'node of the cluster', 'nodes of the cluster'),
} as const

/** The fleet's step; its title warns when the machine is expected to be too small even for an idle fleet. */
export function fleetOutline(
  nodes: number,
  source: Plan['fleet']['source'] = 'hollow',
  estimate: ArmOutcome['fleet']['estimate'] = null,
): StepOutline {
  const title = titles[source](nodes)
  const isEnough = estimate === null || estimate.coresNeeded <= machineBoundAbove * estimate.cores
  if (isEnough) return { id: 'fleet', title }
  const needed = `${estimate.coresNeeded.toFixed(1)} of ${plural(estimate.cores, 'core')}`
  return { id: 'fleet', title: `${title} (expected to need ${needed} when idle)` }
}

/** Where the nodes of a run come from: only clusters of others have some already. */
export function nodeSourceOf({ fleet }: Plan, target: Pick<Target, 'name'>): Plan['fleet']['source'] {
  return target.name === 'remote' ? fleet.source : 'hollow'
}

/** The fleet of a plan as targets start it. */
export function fleetSpecOf({ nodes, nodesPerProcess, node }: Plan['fleet']): FleetSpec {
  return { nodes, nodesPerProcess, node: hollowNodeOf(node) }
}

/** What a host cluster gets to stop its pods and a target to forget its nodes. */
const removalMs = 300_000
const removalMsPerNode = 60

/** How long a fleet may take, and what looks on. */
export interface FleetOptions {
  timeoutMs: number
  source?: Plan['fleet']['source']
  watchMachine?: MachineMonitor
  /** Watches the nodes from before there is one. */
  nodes?: NodeStates
}

/** Starts the hollow nodes and waits until every one of them is Ready; goes on watching them until it is torn down. */
export function fleetUp(
  cluster: Cluster,
  spec: FleetSpec,
  { timeoutMs, source = 'hollow', watchMachine = watchNoMachine, nodes = createNodeStates() }: FleetOptions,
): Step<ReadyFleet> {
  const { clock } = cluster
  let starting: Promise<Fleet> | undefined
  return {
    ...fleetOutline(spec.nodes, source),
    timeoutMs,
    setUp: sayingHowFar({ timeoutMs, clock, watchMachine }, async ({ signal, report }) => {
      const beganMs = clock.nowMs()
      const allReady = Promise.withResolvers<number>()
      allReady.promise.catch(() => {})
      let isTold = false
      let isUp = false
      const tell = () => {
        if (isUp) return
        const readyAtMs = nodes.allReadySinceMs()
        if (readyAtMs !== undefined) {
          isUp = true
          allReady.resolve(readyAtMs)
        } else if (!isTold) report({ done: nodes.ready(), total: spec.nodes, unit: nodesReady })
      }
      // From before there is a node: a list of many, on a machine that starts them, takes a quarter of a minute.
      nodes.watch(cluster, tell).catch(allReady.reject)
      starting = cluster.startFleet(spec, signal, (progress) => {
        // Whoever starts them knows more.
        isTold = true
        report(progress)
      })
      const fleet = await starting
      nodes.expect(fleet.nodeNames)
      isTold = false
      tell()
      const readyAtMs = await orAborted(signal, allReady.promise)
      const startedMs = fleet.startedMs ?? beganMs
      return {
        ...fleet,
        readyMs: source === 'hollow' ? readyAtMs - startedMs : null,
        ...(fleet.startedMs !== undefined && { preparedMs: startedMs - beganMs }),
        flaps: nodes.flaps,
        lookAgain: nodes.lookAgain,
      }
    }),
    summary: ({ readyMs, nodeNames, processes }) =>
      readyMs !== null
        ? `${formatCount(nodeNames.length)} Ready in ${formatDuration(readyMs)}, ${plural(processes, 'process', 'processes')}`
        : `${nodeNames.length} Ready`,
    whenKept: {
      budgetMs: 30_000,
      async run() {
        await nodes.stop()
        return []
      },
    },
    tearDown: {
      budgetMs: removalMs + spec.nodes * removalMsPerNode,
      async run({ signal, report }) {
        const stopped = nodes.stop()
        // The cluster takes its nodes along, and ends what is being started.
        if (cluster.disposable) return
        await stopped
        if (starting === undefined) return
        // What is still under way could come to be after the look at what there is.
        await orAborted(signal, Promise.allSettled([starting]))
        await cluster.removeFleet(signal, report)
      },
    },
  }
}

export const fleetCheckOutline: StepOutline = { id: 'fleet-check', title: 'Nodes checked again' }

/** Whether all nodes are still Ready when everything is measured. */
export function fleetCheck(fleet: Pick<ReadyFleet, 'lookAgain'>): Step<void> {
  return {
    ...fleetCheckOutline,
    timeoutMs: 60_000,
    setUp: ({ signal }) => fleet.lookAgain(signal),
  }
}
