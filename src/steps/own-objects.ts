import { Failure } from '../base/errors.ts'
import type { KubeApi, ResourceName } from '../kube/api.ts'
import { ApiError, isApiStatus } from '../kube/api.ts'
import { isTransient } from '../kube/failures.ts'
import { runLabel } from '../kube/labels.ts'
import type { ResourceTypes } from '../kube/resources.ts'

/**
 * Creates an object, or finds that this very run has created it before: so a fill may be repeated. Throws
 * `Failure('safety-refusal')` when the name belongs to somebody else, and `ApiError` when the server refuses.
 */
export async function createOwn<R extends ResourceName>(
  api: KubeApi,
  resource: R,
  object: ResourceTypes[R],
): Promise<ResourceTypes[R]> {
  try {
    return await api.create(resource, object)
  } catch (error) {
    if (!isApiStatus(error, 409) || error.reason !== 'AlreadyExists') throw error
  }
  const { name = '', namespace, labels = {} } = object.metadata
  const found = await api.get({ resource, name, ...(namespace !== undefined && { namespace }) })
  if (found.metadata.labels?.[runLabel] === labels[runLabel]) return found
  const place = namespace === undefined ? name : `${namespace}/${name}`
  const owner = found.metadata.labels?.[runLabel]
  throw new Failure(
    'safety-refusal',
    `${resource} ${place} exists already and belongs to ${owner === undefined ? 'somebody else' : `run ${owner}`}`,
    {
      next:
        owner === undefined
          ? 'Use another cluster, or other names of size classes'
          : `Remove what that run left: npm run scale-test -- cleanup --run ${owner}`,
    },
  )
}

/** So many lost creates in a row mean that the rest will be lost as well. */
const mostLostInARow = 10

/**
 * Counts creates that were lost although the connection tried again: a few are told at the end, when everything is
 * counted. `note` throws the error itself when it is a refusal, such as a quota's or a webhook's, or one of many in a row.
 */
export function countLosses(): { note(error: unknown): void; noteSuccess(): void; failed(): number } {
  let failed = 0
  let inARow = 0
  return {
    note(error) {
      if (!(error instanceof ApiError) || !isTransient(error) || inARow >= mostLostInARow) throw error
      failed++
      inARow++
    },
    noteSuccess() {
      inARow = 0
    },
    failed: () => failed,
  }
}
