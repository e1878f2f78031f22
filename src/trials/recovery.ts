import { messageOf } from '../base/errors.ts'
import { deleteNamespaces } from '../kube/drain.ts'
import { runLabel } from '../kube/labels.ts'
import type { Plan } from '../plan/plan.ts'
import { virtualHost } from '../run/host.ts'
import { executeRun } from '../run/run.ts'
import { fillSection } from '../steps/fill/section.ts'
import { fleetSpecOf } from '../steps/fleet-up.ts'
import type { SimulatedCluster } from '../targets/sim/cluster.ts'
import type { SimulatedTarget } from '../targets/sim/index.ts'
import type { DrawnFault } from './faults/fault.ts'
import type { Recovery } from './invariants/evidence.ts'
import type { Witness } from './invariants/witness.ts'

/** The cluster that a run has let go of last. */
export interface Survivor {
  cluster: SimulatedCluster
  witness: Witness
}

/**
 * The end of a trial, as in TigerBeetle's simulator: nothing goes wrong any more, what broke for good is mended (etcd is defragmented,
 * finalizers are let go of, all hollow nodes are started again), and the cluster has to recover. `cleanup` removes what the run left, and a
 * run of the plan's one arm, without a fill, follows on the same cluster.
 */
export async function recover(
  { cluster, witness }: Survivor,
  {
    runId,
    plan,
    target,
    faults,
  }: { runId: string; plan: Plan; target: SimulatedTarget; faults: readonly DrawnFault[] },
): Promise<Recovery> {
  const { signal } = new AbortController()
  const startMs = cluster.clock.nowMs()
  const overMs = Math.max(0, ...faults.map((fault) => fault.overMs))
  const wentOnMs = Number.isFinite(overMs) ? Math.max(0, (witness.concludedMs() ?? startMs) - overMs) : null
  cluster.endFaults()
  const fleet = await cluster.startFleet(fleetSpecOf(plan.fleet), signal)
  const ending = new AbortController()
  const late = cluster.clock.sleep(cleanUpMs, ending.signal).then(
    () => ending.abort(new Error('time is up')),
    () => undefined,
  )
  const residue: string[] = []
  try {
    await deleteNamespaces(cluster, { labelSelector: `${runLabel}=${runId}` }, ending.signal)
  } catch (error) {
    residue.push(messageOf(error))
  }
  ending.abort()
  await late
  const cleanedAfterMs = cluster.clock.nowMs() - startMs
  const left = witness.there()

  const steps = plan.steps.filter(({ kind }) => kind !== fillSection.kind)
  const again = await executeRun({
    runId: `${runId}-again`,
    plan: { ...plan, steps, repetitions: 1, thresholds: [] },
    target: {
      ...target,
      open: async () => ({ ...cluster, startFleet: async () => fleet, [Symbol.asyncDispose]: async () => {} }),
    },
    clock: target.clock,
    host: virtualHost,
    signal,
    emit: () => {},
    onSample: () => {},
  })
  return { wentOnMs, cleanedAfterMs, residue, left, again: again.result, leftAgain: witness.there() }
}

/** `cleanup` gets longer than it may take: how long it took is for the invariant to judge. */
const cleanUpMs = 1_800_000
