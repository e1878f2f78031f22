import { whenAborted } from '../base/abort.ts'
import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { Failure, messageOf } from '../base/errors.ts'
import { follow } from '../kube/follow.ts'
import { isReady } from '../kube/resources.ts'
import type { FlapCounter, NodeFlaps } from '../measure/node-flaps.ts'
import { countFlaps } from '../measure/node-flaps.ts'
import type { Plan } from '../plan/plan.ts'
import type { MachineMonitor } from '../record/this-machine.ts'
import { watchNoMachine } from '../record/this-machine.ts'
import type { ArmOutcome } from '../result/result.ts'
import { machineBoundAbove } from '../result/result.ts'
import type { Cluster, Fleet, FleetSpec, Target } from '../targets/target.ts'
import { nodesReady, sayingHowFar } from './fleet-lateness.ts'
import type { Step } from './step.ts'

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

const titles = {
  hollow: (nodes: number) => `Fleet of ${plural(nodes, 'hollow node')}`,
  existing: (nodes: number) => `${plural(nodes, 'hollow node')} already running`,
  none: (nodes: number) => plural(nodes, 'node of the cluster', 'nodes of the cluster'),
} as const

/** What the fleet's step is called; it warns when the machine is expected to be too small even for an idle fleet. */
export function fleetTitle(
  nodes: number,
  estimate: ArmOutcome['fleet']['estimate'] = null,
  source: Plan['fleet']['source'] = 'hollow',
): string {
  const title = titles[source](nodes)
  if (estimate === null || estimate.coresNeeded <= machineBoundAbove * estimate.cores) return title
  return `${title} (expected to need ${estimate.coresNeeded.toFixed(1)} of ${plural(estimate.cores, 'core')} when idle)`
}

/** Where the nodes of a run come from: only clusters of others have some already. */
export function nodeSourceOf({ fleet }: Plan, target: Pick<Target, 'name'>): Plan['fleet']['source'] {
  return target.name === 'remote' ? fleet.source : 'hollow'
}

/** The fleet of a plan as targets start it. */
export function fleetSpecOf({ nodes, nodesPerProcess, node }: Plan['fleet']): FleetSpec {
  const { cpu, memory, containerStartDelay } = node
  return { nodes, nodesPerProcess, node: { cpu, memory, containerStartDelayMs: containerStartDelay } }
}

/** What a host cluster gets to stop its pods and a target to forget its nodes. */
const removalMs = 300_000
const removalMsPerNode = 60

/** Starts the hollow nodes and waits until every one of them is Ready; goes on watching them until it is torn down. */
export function fleetUp(
  cluster: Cluster,
  spec: FleetSpec,
  timeoutMs: number,
  source: Plan['fleet']['source'] = 'hollow',
  watchMachine: MachineMonitor = watchNoMachine,
): Step<ReadyFleet> {
  const { api, clock } = cluster
  const ending = new AbortController()
  let watching: Promise<void> | undefined
  let starting: Promise<Fleet> | undefined
  return {
    id: 'fleet',
    title: fleetTitle(spec.nodes, null, source),
    timeoutMs,
    setUp: sayingHowFar({ timeoutMs, clock, watchMachine }, async ({ signal, report }) => {
      const beganMs = clock.nowMs()
      const readySinceMs = new Map<string, number>()
      const allReady = Promise.withResolvers<number>()
      allReady.promise.catch(() => {})
      let nodes: FlapCounter | undefined
      let isTold = false
      const tell = () => {
        if (nodes?.areAllReady() === true)
          allReady.resolve(Math.max(...nodes.names.map((name) => readySinceMs.get(name) ?? beganMs)))
        else if (!isTold) report({ done: nodes?.ready() ?? readySinceMs.size, total: spec.nodes, unit: nodesReady })
      }
      // From before there is a node: a list of many, on a machine that starts them, takes a quarter of a minute.
      const watch = async () => {
        for await (const event of follow(api, { resource: 'nodes' }, { clock, signal: ending.signal })) {
          if (event.type === 'SYNCED') continue
          const { name = '' } = event.object.metadata
          const isUp = event.type !== 'DELETED' && isReady(event.object)
          if (!isUp) readySinceMs.delete(name)
          else if (!readySinceMs.has(name)) readySinceMs.set(name, event.atMs)
          nodes?.note(name, isUp)
          tell()
        }
      }
      watching = watch()
      let lost: unknown
      watching.catch((error: unknown) => {
        lost = error
        allReady.reject(error)
      })
      starting = cluster.startFleet(spec, signal, (progress) => {
        // Whoever starts them knows more.
        isTold = true
        report(progress)
      })
      const fleet = await starting
      const flaps = countFlaps(fleet.nodeNames)
      for (const name of readySinceMs.keys()) flaps.note(name, true)
      nodes = flaps
      isTold = false
      tell()
      const readyAtMs = await Promise.race([allReady.promise, whenAborted(signal)])
      const lookAgain = async (untilAborted: AbortSignal) => {
        if (lost !== undefined)
          throw new Failure('inconclusive', `nodes were not watched to the end: ${messageOf(lost)}`, { cause: lost })
        for await (const page of api.list({ resource: 'nodes' }, untilAborted))
          for (const node of page.items) flaps.note(node.metadata.name ?? '', isReady(node))
      }
      const startedMs = fleet.startedMs ?? beganMs
      return {
        ...fleet,
        readyMs: source === 'hollow' ? readyAtMs - startedMs : null,
        ...(fleet.startedMs !== undefined && { preparedMs: startedMs - beganMs }),
        flaps: flaps.flaps,
        lookAgain,
      }
    }),
    summary: ({ readyMs, nodeNames, processes }) =>
      readyMs !== null
        ? `${formatCount(nodeNames.length)} Ready in ${formatDuration(readyMs)}, ${plural(processes, 'process', 'processes')}`
        : `${nodeNames.length} Ready`,
    tearDown: {
      budgetMs: removalMs + spec.nodes * removalMsPerNode,
      async run({ signal, report }) {
        ending.abort()
        // The cluster takes its nodes along, and ends what is being started.
        if (cluster.disposable) return
        await watching?.catch(() => {})
        if (starting === undefined) return
        // What is still under way could come to be after the look at what there is.
        await Promise.race([Promise.allSettled([starting]), whenAborted(signal)])
        await cluster.removeFleet(signal, report)
      },
    },
  }
}

export const fleetCheckStepId = 'fleet-check'
export const fleetCheckTitle = 'Nodes looked at again'

/** Whether all nodes are still Ready when everything is measured. */
export function fleetCheck(fleet: Pick<ReadyFleet, 'lookAgain'>): Step<void> {
  return {
    id: fleetCheckStepId,
    title: fleetCheckTitle,
    timeoutMs: 60_000,
    setUp: ({ signal }) => fleet.lookAgain(signal),
  }
}
