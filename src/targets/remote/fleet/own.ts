import { Failure } from '../../../base/errors.ts'
import type { KubeApi, ResourceName } from '../../../kube/api.ts'
import { isApiStatus } from '../../../kube/api.ts'
import { runLabel } from '../../../kube/labels.ts'
import type { ResourceTypes } from '../../../kube/resources.ts'

/**
 * Creates an object that must not be there yet. Throws `Failure('safety-refusal')` when the name is taken, be it by another run, and
 * `ApiError` when the server refuses otherwise.
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
  const { name = '', namespace } = object.metadata
  const place = namespace === undefined ? name : `${namespace}/${name}`
  const found = await api.get({ resource, name, ...(namespace !== undefined && { namespace }) })
  const owner = found.metadata.labels?.[runLabel]
  throw new Failure(
    'safety-refusal',
    `${resource} ${place} exists already and belongs to ${owner === undefined ? 'somebody else' : `run ${owner}`}`,
    {
      next:
        owner === undefined
          ? `It is left alone${namespace === undefined ? '' : ': choose another namespace (fleet.pods.namespace)'}`
          : `If that run is over, remove what it left: npm run scale-test -- cleanup --clusters FILE --run ${owner}`,
    },
  )
}
