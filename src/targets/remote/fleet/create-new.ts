import type { KubeApi, ResourceName } from '../../../kube/api.ts'
import { createForRun } from '../../../kube/own.ts'
import type { ResourceTypes } from '../../../kube/resources.ts'

/**
 * Creates an object that must not be there yet. Throws `Failure('safety-refusal')` when the name is taken, be it by this run, and
 * `ApiError` when the server refuses otherwise.
 */
export function createNew<R extends ResourceName>(
  api: KubeApi,
  resource: R,
  object: ResourceTypes[R],
): Promise<ResourceTypes[R]> {
  const otherPlace = object.metadata.namespace === undefined ? '' : ': choose another namespace (fleet.pods.namespace)'
  return createForRun(api, resource, object, {
    mayRepeat: false,
    next: (run) =>
      run === undefined
        ? `It is left alone${otherPlace}`
        : `If that run is over, remove what it left: npm run scale-test -- cleanup --clusters FILE --run ${run}`,
  })
}
