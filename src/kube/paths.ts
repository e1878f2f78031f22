import type { ResourceName } from './api.ts'
import { resources } from './resources.ts'

/** Which part of a resource: everything, one namespace, one object or a subresource of it. */
interface Place {
  namespace?: string | undefined
  name?: string | undefined
  subresource?: string | undefined
}

/**
 * The path of a resource on the apiserver, with its query. Parameters that are undefined are left out.
 * Throws a plain Error (a bug of the caller) when one object of a namespaced resource is named without its namespace.
 */
export function resourcePath(
  resource: ResourceName,
  place: Place = {},
  parameters: Record<string, string | undefined> = {},
): string {
  const { apiVersion, namespaced } = resources[resource]
  const { namespace, name, subresource } = place
  if (namespaced && name !== undefined && namespace === undefined) {
    throw new Error(`${resource} ${name}: a namespace is needed`)
  }
  // The core group alone has no slash in its version and lives under /api.
  const root = apiVersion.includes('/') ? '/apis' : '/api'
  const within = namespaced && namespace !== undefined ? ['namespaces', namespace] : []
  const parts = [
    apiVersion,
    ...[...within, resource, name, subresource].filter((part) => part !== undefined).map(encode),
  ]
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(parameters)) if (value !== undefined) query.set(key, value)
  return `${root}/${parts.join('/')}${query.size === 0 ? '' : `?${query}`}`
}

function encode(part: string): string {
  return encodeURIComponent(part)
}
