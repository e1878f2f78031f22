import { Failure } from '../base/errors.ts'
import type { KubeApi, ResourceName } from './api.ts'
import { isApiStatus } from './api.ts'
import { runLabel } from './labels.ts'
import type { ResourceTypes } from './resources.ts'

/** How to treat a name that is taken. */
export interface WhenTaken {
  /** Whether an object that this very run has created before is as good as one created now. */
  mayRepeat: boolean
  /** What to do about the object of another run, or, without one, of somebody else. */
  next(run: string | undefined): string
}

/**
 * Creates an object that carries the run's label. Throws `Failure('safety-refusal')` when its name belongs to somebody else, or to an
 * object that is being deleted, and `ApiError` when the server refuses otherwise.
 */
export async function createForRun<R extends ResourceName>(
  api: KubeApi,
  resource: R,
  object: ResourceTypes[R],
  { mayRepeat, next }: WhenTaken,
): Promise<ResourceTypes[R]> {
  try {
    return await api.create(resource, object)
  } catch (error) {
    if (!isApiStatus(error, 409) || error.reason !== 'AlreadyExists') throw error
  }
  const { name = '', namespace, labels = {} } = object.metadata
  const found = await api.get({ resource, name, ...(namespace !== undefined && { namespace }) })
  const owner = found.metadata.labels?.[runLabel]
  const place = namespace === undefined ? name : `${namespace}/${name}`
  if (mayRepeat && owner === labels[runLabel]) {
    if (found.metadata.deletionTimestamp === undefined) return found
    throw new Failure('safety-refusal', `${resource} ${place} is still being deleted`, {
      next: 'Wait until it is gone, then try again',
    })
  }
  const whose = owner === undefined ? 'somebody else' : `run ${owner}`
  throw new Failure('safety-refusal', `${resource} ${place} already exists and belongs to ${whose}`, {
    next: next(owner),
  })
}
