import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import type { KubeApi, ListQuery } from '../kube/api.ts'
import { ApiError } from '../kube/api.ts'
import type { Deployment } from '../kube/resources.ts'

export interface DenialOptions {
  api: KubeApi
  clock: Clock
  /** The Deployments whose pods are waited for. */
  deployments: Omit<ListQuery<'deployments'>, 'resource'>
  /** Counts what has come about so far; while it moves, nobody looks. */
  progress: () => number
  /** Milliseconds without progress after which to look; 30 s when absent, longer than a new namespace takes to get its service account. */
  stalledMs?: number
}

const usualStalledMs = 30_000

/**
 * What `work` comes to, which waits for pods that controllers create. A quota or a webhook denies pods to the controllers, which try in vain for as
 * long as anybody waits: once nothing moves any more, throws `Failure('infrastructure')` with the reason that a Deployment gives. While
 * pods come, nothing is asked, as that would be a load of its own.
 */
export async function unlessDenied<T>(options: DenialOptions, work: Promise<T>): Promise<T> {
  const over = new AbortController()
  try {
    return await Promise.race([work, denial(options, over.signal)])
  } finally {
    over.abort()
  }
}

/** Rejects with the denial, once there is one; never resolves. */
async function denial(options: DenialOptions, signal: AbortSignal): Promise<never> {
  const { clock, progress, stalledMs = usualStalledMs } = options
  for (let seen = progress(); ; seen = progress()) {
    await clock.sleep(stalledMs, signal)
    if (progress() !== seen) continue
    const denied = await findDenied(options, signal)
    if (denied === undefined) continue
    const { namespace = '', name = '' } = denied.metadata
    throw new Failure('infrastructure', `the pods of deployment ${namespace}/${name} are denied: ${reasonOf(denied)}`, {
      next: 'Raise the quota or change the policy that denies them, then run the plan again',
    })
  }
}

/** A Deployment whose pods cannot be created. An API that cannot be asked says nothing of that. */
async function findDenied({ api, deployments }: DenialOptions, signal: AbortSignal): Promise<Deployment | undefined> {
  try {
    for await (const { items } of api.list({ resource: 'deployments', ...deployments }, signal)) {
      const denied = items.find((deployment) => reasonOf(deployment) !== undefined)
      if (denied !== undefined) return denied
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
  }
  return undefined
}

/** What the controller says who could not create pods (ReplicaFailure, pkg/controller/deployment/util/deployment_util.go). */
function reasonOf({ status }: Deployment): string | undefined {
  const failure = status?.conditions?.find((condition) => condition.type === 'ReplicaFailure')
  return failure?.status === 'True' ? (failure.message ?? failure.reason) : undefined
}
