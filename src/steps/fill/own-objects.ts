import type { KubeApi, ResourceName } from '../../kube/api.ts'
import { ApiError } from '../../kube/api.ts'
import { isTransient } from '../../kube/failures.ts'
import { createForRun } from '../../kube/own.ts'
import type { ResourceTypes } from '../../kube/resources.ts'

/**
 * Creates an object, or finds that this very run has created it before: so a fill may be repeated. Throws
 * `Failure('safety-refusal')` when the name belongs to somebody else, and `ApiError` when the server refuses.
 */
export function createOwn<R extends ResourceName>(
  api: KubeApi,
  resource: R,
  object: ResourceTypes[R],
): Promise<ResourceTypes[R]> {
  return createForRun(api, resource, object, {
    mayRepeat: true,
    next: (run) =>
      run === undefined
        ? 'Use another cluster, or rename the size classes'
        : `Remove what that run left: npm run scale-test -- cleanup --run ${run}`,
  })
}

/** So many lost creates in a row mean that the rest will be lost as well. */
const mostLostInARow = 10

/**
 * Counts creates that were lost although the connection tried again: a few are reported at the end, when everything is
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
