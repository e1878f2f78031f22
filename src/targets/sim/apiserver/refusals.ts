import { ApiError } from '../../../kube/api.ts'

/*
 * How an apiserver says no: status, reason and message as apimachinery/pkg/api/errors/errors.go writes them.
 */

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message)
}

export function notFound(resource: string, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${resource} "${name}" not found`)
}

export function alreadyExists(resource: string, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${resource} "${name}" already exists`)
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

export function invalid(kind: string, name: string, why: string): ApiError {
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${why}`)
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

/** What an apiserver makes of etcd's NOSPACE alarm. */
export function outOfSpace(): ApiError {
  return new ApiError(500, 'InternalError', 'etcdserver: mvcc: database space exceeded')
}

/** The refusal with what was asked in front, as the HTTP transport writes it. */
export function asAnswered(error: ApiError, verb: string, resource: string): ApiError {
  return new ApiError(
    error.status,
    error.reason,
    `${verb} ${resource}: ${error.message} (${error.status} ${error.reason})`,
    {
      retryAfterMs: error.retryAfterMs,
    },
  )
}
