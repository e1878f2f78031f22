import { ApiError } from '../../../kube/api.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import { sameValue } from './objects.ts'

interface Operation {
  op: string
  path: string
  from?: string
  value?: unknown
}

/** JSON patch (RFC 6902), as lenient as the apiserver's library: `replace` of a key that is not there adds it. */
export function patchedByJson<T extends KubeObject>(object: T, operations: object[]): T {
  let result: unknown = structuredClone(object)
  for (const operation of operations as Operation[]) result = after(result, operation)
  return result as T
}

function after(root: unknown, { op, path, from, value }: Operation): unknown {
  switch (op) {
    case 'add':
    case 'replace':
      return withValue(root, path, value, op === 'add')
    case 'remove':
      return without(root, path)
    case 'copy':
      return withValue(root, path, structuredClone(valueAt(root, from ?? '')), true)
    case 'move':
      return withValue(without(structuredClone(root), from ?? ''), path, valueAt(root, from ?? ''), true)
    case 'test':
      if (!sameValue(valueAt(root, path), value)) throw refused()
      return root
    default:
      throw refused()
  }
}

function refused(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request')
}

function keysOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAt(root: unknown, path: string): unknown {
  let value = root
  for (const key of keysOf(path)) value = (value as Record<string, unknown> | undefined)?.[key]
  return value
}

/** The map or list that the last key of a path is in; refused when there is none. */
function holderOf(root: unknown, path: string): { holder: Record<string, unknown> | unknown[]; key: string } {
  const keys = keysOf(path)
  const key = keys.pop() ?? ''
  let holder = root
  for (const one of keys) holder = (holder as Record<string, unknown> | undefined)?.[one]
  if (typeof holder !== 'object' || holder === null) throw refused()
  return { holder: holder as Record<string, unknown> | unknown[], key }
}

function withValue(root: unknown, path: string, value: unknown, inserts: boolean): unknown {
  if (path === '') return value
  const { holder, key } = holderOf(root, path)
  if (!Array.isArray(holder)) holder[key] = value
  else if (key === '-') holder.push(value)
  else holder.splice(Number(key), inserts ? 0 : 1, value)
  return root
}

function without(root: unknown, path: string): unknown {
  const { holder, key } = holderOf(root, path)
  if (Array.isArray(holder)) {
    if (Number(key) >= holder.length) throw refused()
    holder.splice(Number(key), 1)
  } else if (Object.hasOwn(holder, key)) delete holder[key]
  else throw refused()
  return root
}
