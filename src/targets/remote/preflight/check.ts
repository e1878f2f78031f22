import type { Clock } from '../../../base/clock.ts'
import { ApiError } from '../../../kube/api.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import type { Plan } from '../../../plan/plan.ts'
import type { PlannedWork } from '../../target.ts'
import type { HollowArm } from '../hollow-spec.ts'
import type { HostAccess } from '../host-access.ts'
import type { Reach } from '../reach.ts'
import { titleOf, unreachable } from '../reach.ts'

/** What it takes to know that clusters are the ones that are meant. */
export interface Known {
  clusters: readonly Reach[]
  /** Contexts that were typed on the command line, for clusters that look like production. */
  confirmed: readonly string[]
  now: Date
  clock: Clock
  signal: AbortSignal
}

/** What is checked before anything is created. */
export interface Preflight extends Known {
  plan: Plan
  /** The hollow nodes of every arm; none where the fleet is not the run's. */
  hollow: readonly HollowArm[]
  /** What the run will do in the targets. */
  work: PlannedWork
  /** What it would create, one after the other. */
  objects(): Iterable<PlannedObject>
  hostAccess: HostAccess
}

/** An object that a run would create. */
export interface PlannedObject {
  /** Of which cluster. */
  cluster: Reach
  object: KubeObject
}

/** Why a run is not to begin, and what to do about it. */
export interface Refusal {
  because: string
  next: string
}

/** What one check found: reasons not to begin, and what is worth knowing. */
export interface Findings {
  refusals: Refusal[]
  notes: string[]
}

/** One thing to look at before a run; it reads, and changes nothing. */
export interface Check<Needs = Preflight> {
  id: string
  /** `Names`: what is looked at. */
  title: string
  /** Where it refuses, those after it could not look: they are not run. */
  endsWithRefusals?: true
  /** Throws `Failure('infrastructure')` when a cluster does not answer. */
  examine(needs: Needs): Promise<Findings>
}

/** A check that ran. */
export interface CheckOutcome extends Findings {
  id: string
  title: string
}

/** What a check finds on each cluster, together. What a cluster refuses to show is a reason not to begin, too. */
export async function onEach(
  clusters: readonly Reach[],
  examine: (cluster: Reach) => Promise<Partial<Findings>>,
): Promise<Findings> {
  const found = await Promise.all(
    clusters.map(async (cluster): Promise<Partial<Findings>> => {
      try {
        return await examine(cluster)
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 403) throw unreachable(cluster, error)
        const next = `Have an administrator of that cluster apply manifests/rbac-${cluster.role}.yaml for the user of this context`
        return { refusals: [{ because: `${titleOf(cluster)}: ${error.message}`, next }] }
      }
    }),
  )
  return {
    refusals: found.flatMap(({ refusals = [] }) => refusals),
    notes: found.flatMap(({ notes = [] }) => notes),
  }
}
