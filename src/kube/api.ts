import { withoutKnownSecrets } from '../base/known-secrets.ts'
import type { ResourceTypes } from './resources.ts'

/** A resource the product works with, by its plural name. */
export type ResourceName = keyof ResourceTypes

/** A part of an object that is written apart from the rest of it. */
export type Subresource = 'scale' | 'status' | 'approval'

/** Names one object. `namespace` is absent for cluster-scoped resources. */
export interface ObjectRef<R extends ResourceName = ResourceName> {
  resource: R
  namespace?: string
  name: string
}

/** Selects objects of one resource; all namespaces when `namespace` is absent. */
export interface ListQuery<R extends ResourceName = ResourceName> {
  resource: R
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** Objects per page; 500 when absent. */
  pageSize?: number
}

/** One page of a list; the resource version is the list's, equal on all its pages. */
export interface Page<T> {
  items: T[]
  resourceVersion: string
}

/** Where a watch starts: right after the state that a list returned. */
export interface WatchQuery<R extends ResourceName = ResourceName> extends Omit<ListQuery<R>, 'pageSize'> {
  resourceVersion: string
}

/** A watch event, stamped with the clock at the moment its bytes arrived. */
export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T; atMs: number }
  | { type: 'BOOKMARK'; resourceVersion: string; atMs: number }

/** A patch, and how the apiserver is to take it: a JSON merge patch (RFC 7386) is all that is sent. */
export interface Patch {
  type: 'merge'
  body: object
}

export interface DeleteOptions {
  /** Only the object with this UID is deleted: never another of the same name. */
  uid: string
  /** Only as it was at this version. */
  resourceVersion?: string
  graceSeconds?: number
  propagation?: 'Background' | 'Foreground' | 'Orphan'
}

/**
 * The part of the Kubernetes API that the product uses, the same for real and simulated clusters.
 * Every call throws `ApiError` when the server refuses it. Calls are retried only where that is safe.
 */
export interface KubeApi {
  create<R extends ResourceName>(resource: R, object: ResourceTypes[R]): Promise<ResourceTypes[R]>
  get<R extends ResourceName>(ref: ObjectRef<R>): Promise<ResourceTypes[R]>
  list<R extends ResourceName>(query: ListQuery<R>, signal?: AbortSignal): AsyncIterable<Page<ResourceTypes[R]>>
  /** How many objects the query selects, without fetching them whole. */
  count(query: ListQuery, signal?: AbortSignal): Promise<number>
  patch<R extends ResourceName>(ref: ObjectRef<R>, patch: Patch, subresource?: Subresource): Promise<ResourceTypes[R]>
  delete(ref: ObjectRef, options: DeleteOptions): Promise<void>
  /**
   * One watch stream from `resourceVersion` on. Ends when the server closes it; throws `ApiError` for an ERROR
   * event (410: the version is gone). `follow` in follow.ts resumes and relists on top of it.
   */
  watch<R extends ResourceName>(query: WatchQuery<R>, signal: AbortSignal): AsyncIterable<WatchEvent<ResourceTypes[R]>>
}

/** A refusal by the apiserver, with the Status it sent. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status code; 0 when no answer came (connection refused, reset, timed out). */
  readonly status: number
  /** The Status object's `reason`, such as `AlreadyExists` or `Expired`. */
  readonly reason: string
  readonly retryAfterMs: number | undefined

  constructor(
    status: number,
    reason: string,
    message: string,
    options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(withoutKnownSecrets(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.status = status
    this.reason = reason
    this.retryAfterMs = options.retryAfterMs
  }
}

/**
 * Whether a deletion by UID, or by version, was refused because what it means is there no more: gone, or by now another one of the same name, which
 * is not the caller's to delete.
 */
export function isGone(error: unknown): boolean {
  return isApiStatus(error, 404) || isApiStatus(error, 409)
}

/** Whether `error` is the apiserver's refusal with this HTTP status. */
export function isApiStatus(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status
}
