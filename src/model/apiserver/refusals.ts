import { ApiError } from '../../kube/api.ts'

/*
 * How an apiserver says no: status, reason and message as apimachinery/pkg/api/errors/errors.go writes them.
 */

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message)
}

export function notFound(resource: string, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${resource} "${name}" not found`)
}

/** A path that leads nowhere, such as the status of a resource without one. */
export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource')
}

/** What a POST meets that leaves the namespace out. */
export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
}

export function alreadyExists(resource: string, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${resource} "${name}" already exists`)
}

/** The name is taken until the finalizers of the object that has it are gone. */
export function stillBeingDeleted(resource: string, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `object is being deleted: ${resource} "${name}" already exists`)
}

/** The object has changed since the version that the request names. */
export function modifiedSince(resource: string, name: string): ApiError {
  return conflict(
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  )
}

export function conflict(resource: string, name: string, why: string): ApiError {
  return new ApiError(409, 'Conflict', `Operation cannot be fulfilled on ${resource} "${name}": ${why}`)
}

export function forbidden(resource: string, name: string, why: string): ApiError {
  return new ApiError(403, 'Forbidden', `${resource} "${name}" is forbidden: ${why}`)
}

/** An object with one thing wrong, or several: `kind` as in `Deployment.apps`, each cause beginning with its field. */
export function invalid(kind: string, name: string, ...causes: string[]): ApiError {
  const why = causes.length === 1 ? causes[0] : `[${causes.join(', ')}]`
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${why}`)
}

/** A field that was set to what it cannot be, as one cause of `invalid`. */
export function invalidValue(field: string, value: unknown, why: string): string {
  return `${field}: Invalid value: ${JSON.stringify(value ?? null)}: ${why}`
}

/** A version that the server no longer knows. */
export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message)
}

/** More requests than a priority level has seats for. */
export function tooManyRequests(): ApiError {
  return new ApiError(429, 'TooManyRequests', 'the server is currently unable to handle the request', {
    retryAfterMs: 1000,
  })
}

/** An error that the server did not foresee, and gives no reason for; `HTTP 500` is what the HTTP transport calls that. */
export function unforeseen(message: string): ApiError {
  return new ApiError(500, 'HTTP 500', message)
}

/** Always the same: a cluster without space refuses thousands of writes a minute. */
const spaceExceeded = unforeseen('etcdserver: mvcc: database space exceeded')

/** What an apiserver makes of etcd's NOSPACE alarm. */
export function outOfSpace(): ApiError {
  return spaceExceeded
}

/** An error that the registry of namespaces did not foresee (pkg/registry/core/namespace/storage/storage.go, Delete). */
export function internalError(message: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`)
}

/** The refusal with what was asked in front, as the HTTP transport writes it. An error within a watch names no resource. */
export function asAnswered(
  { status, reason, message, retryAfterMs }: ApiError,
  verb: string,
  resource?: string,
): ApiError {
  const asked = resource === undefined ? verb : `${verb} ${resource}`
  return new ApiError(status, reason, `${asked}: ${message} (${status} ${reason})`, { retryAfterMs })
}
