import type {
  DeleteOptions,
  KubeApi,
  ListQuery,
  ObjectRef,
  Patch,
  ResourceName,
  Subresource,
  WatchEvent,
  WatchQuery,
} from './api.ts'
import { ApiError, isApiStatus } from './api.ts'
import { runLabel } from './labels.ts'
import type { KubeObject, ResourceTypes } from './resources.ts'
import { fieldsOf } from './status.ts'

/** One request to an apiserver, before it has become HTTP or a simulated one. */
export type KubeRequest =
  | { verb: 'create'; resource: ResourceName; object: KubeObject }
  | { verb: 'get'; ref: ObjectRef }
  /** One page of a list; `metadataOnly`: objects without spec, status and data. */
  | { verb: 'list'; query: ListQuery; limit: number; continueFrom?: string | undefined; metadataOnly: boolean }
  | { verb: 'patch'; ref: ObjectRef; patch: Patch; subresource?: Subresource | undefined }
  | { verb: 'delete'; ref: ObjectRef; options: DeleteOptions }

/** The answer to a list. */
export interface ListAnswer<T> {
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
  /** Null when empty, in old versions. */
  items: T[] | null
}

/** Choices for one request. */
export interface RequestOptions {
  signal?: AbortSignal | undefined
  /** Called when a try failed in such a way that the server may have done its work all the same. */
  onLostReply?: () => void
}

/** A way to an apiserver. */
export interface Connection {
  /** Sends, tries again where that is safe, and returns the answer's body. Throws `ApiError`. */
  send<T>(request: KubeRequest, options?: RequestOptions): Promise<T>
  /** Opens one stream; see `KubeApi.watch`. */
  watch<R extends ResourceName>(query: WatchQuery<R>, signal: AbortSignal): AsyncIterable<WatchEvent<ResourceTypes[R]>>
}

/** Whether sending a request twice is the same as once, so that it may be repeated when it is unknown what became of it. */
export function isRepeatable(request: KubeRequest): boolean {
  // A second object cannot have the same name.
  return request.verb !== 'create' || request.object.metadata.name !== undefined
}

/** What a request acts on, as RequestRecords and messages name it: `pods`, `deployments/scale`. */
export function resourceOf(request: KubeRequest): string {
  switch (request.verb) {
    case 'create':
      return request.resource
    case 'list':
      return request.query.resource
    case 'patch':
      return request.subresource === undefined ? request.ref.resource : `${request.ref.resource}/${request.subresource}`
    default:
      return request.ref.resource
  }
}

const defaultPageSize = 500

/**
 * The Kubernetes API over a connection. A create or delete whose reply was lost and that was sent again counts as done
 * when the server says that its work is done already. Objects come as the apiserver sends them: those in a list have no
 * `kind` of their own.
 */
export function kubeApiOver(connection: Connection): KubeApi {
  const api: KubeApi = {
    async create(resource, object) {
      const { namespace, name } = object.metadata
      let replyLost = false
      const onLostReply = () => {
        replyLost = true
      }
      try {
        return await connection.send<typeof object>({ verb: 'create', resource, object }, { onLostReply })
      } catch (error) {
        if (!replyLost || name === undefined || !isApiStatus(error, 409) || error.reason !== 'AlreadyExists')
          throw error
        const found = await api
          .get({ resource, name, ...(namespace !== undefined && { namespace }) })
          .catch(() => undefined)
        if (found === undefined || !sameRun(found, object)) throw error
        return found
      }
    },

    get: (ref) => connection.send({ verb: 'get', ref }),

    async *list<R extends ResourceName>(query: ListQuery<R>, signal?: AbortSignal) {
      const { pageSize: limit = defaultPageSize } = query
      let rest: string | undefined
      do {
        const { metadata, items } = pageIn<ResourceTypes[R]>(
          await connection.send({ verb: 'list', query, limit, continueFrom: rest, metadataOnly: false }, { signal }),
          rest,
        )
        yield { items, resourceVersion: metadata.resourceVersion }
        rest = metadata.continue
      } while (rest !== undefined)
    },

    async count(query, signal) {
      const selects = query.labelSelector !== undefined || query.fieldSelector !== undefined
      // Without a selector the server says how many it left out; with one it does not know.
      const limit = selects ? 1000 : 1
      let count = 0
      let rest: string | undefined
      do {
        const { metadata, items } = pageIn<KubeObject>(
          await connection.send({ verb: 'list', query, limit, continueFrom: rest, metadataOnly: true }, { signal }),
          rest,
        )
        count += items.length
        if (metadata.remainingItemCount !== undefined) return count + metadata.remainingItemCount
        rest = metadata.continue
      } while (rest !== undefined)
      return count
    },

    patch: (ref, patch, subresource) => connection.send({ verb: 'patch', ref, patch, subresource }),

    async delete(ref, options) {
      let replyLost = false
      const onLostReply = () => {
        replyLost = true
      }
      try {
        await connection.send({ verb: 'delete', ref, options }, { onLostReply })
      } catch (error) {
        // The try whose reply was lost has deleted it.
        if (!(replyLost && isApiStatus(error, 404))) throw error
      }
    },

    watch: (query, signal) => connection.watch(query, signal),
  }
  return api
}

/** What a page of a list says. Throws `ApiError` for what is no list, and for a page that goes on with what was asked for it: it would never end. */
function pageIn<T>(
  answer: unknown,
  askedFrom: string | undefined,
): { metadata: ListAnswer<T>['metadata']; items: T[] } {
  const { metadata, items } = fieldsOf(answer)
  const { resourceVersion, continue: rest, remainingItemCount } = fieldsOf(metadata)
  const malformed = (what: string) => new ApiError(0, 'MalformedAnswer', `the list ${what}`)
  if (typeof resourceVersion !== 'string') throw malformed('has no resourceVersion')
  if (items !== null && items !== undefined && !Array.isArray(items)) throw malformed('has no items')
  if (typeof rest === 'string' && rest !== '' && rest === askedFrom)
    throw malformed('does not advance: a page refers to itself')
  return {
    metadata: {
      resourceVersion,
      ...(typeof rest === 'string' && rest !== '' && { continue: rest }),
      ...(typeof remainingItemCount === 'number' && { remainingItemCount }),
    },
    items: items ?? [],
  }
}

/**
 * Whether an object that was there already is the one that this run tried to create. A run has one plan, and resumes with no other, so
 * its label stands for the plan, too. What is being deleted was there before.
 */
function sameRun({ metadata }: KubeObject, sent: KubeObject): boolean {
  const run = sent.metadata.labels?.[runLabel]
  return run !== undefined && metadata.labels?.[runLabel] === run && metadata.deletionTimestamp === undefined
}
