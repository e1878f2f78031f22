import { Failure } from '../base/errors.ts'
import type { KubeApi, ResourceName } from '../kube/api.ts'
import { ApiError, isApiStatus } from '../kube/api.ts'
import { isTransient } from '../kube/failures.ts'
import { roleLabel, runLabel } from '../kube/labels.ts'
import type { KubeObject, ResourceTypes } from '../kube/resources.ts'

/** What a run's objects are for. */
export type Role = 'workload' | 'ballast' | 'canary'

/** Selects the objects that a run created for this purpose. */
export function ownSelector(runId: string, role: Role): string {
  return `${runLabel}=${runId},${roleLabel}=${role}`
}

/** The object with the labels that make it the run's own; a Deployment's pods get them too. */
export function stamped<T extends KubeObject>(object: T, runId: string, role: Role): T {
  const labels = { [runLabel]: runId, [roleLabel]: role }
  const own = { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } } }
  if (!isDeployment(object)) return own
  const { template } = object.spec
  const metadata = { ...template.metadata, labels: { ...template.metadata.labels, ...labels } }
  return { ...own, spec: { ...object.spec, template: { ...template, metadata } } }
}

function isDeployment(object: KubeObject): object is ResourceTypes['deployments'] {
  return 'spec' in object && typeof object.spec === 'object' && object.spec !== null && 'template' in object.spec
}

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
