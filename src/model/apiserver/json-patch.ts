import { badRequest, patchRejected } from './refusals.ts'
import { sameValue } from './same-value.ts'

interface Operation {
  op: string
  path: string
  from?: string
  value?: unknown
}

type Holder = Record<string, unknown> | unknown[]

/**
 * JSON patch (RFC 6902), as lenient as the apiserver's library (evanphx/json-patch): `replace` of a key that is not there adds it,
 * indexes may count from the end, and copying what is not there copies null. Throws `ApiError` 422 for what cannot be applied.
 */
export function patchedByJson<T extends object>(object: T, operations: object[]): T {
  if (!Array.isArray(operations) || !operations.every(isOperation))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value')
  let result: unknown = structuredClone(object)
  for (const operation of operations) result = after(result, operation)
  return result as T
}

function isOperation(value: unknown): value is Operation {
  const { op, path, from } = Object(value)
  return typeof op === 'string' && typeof path === 'string' && (from === undefined || typeof from === 'string')
}

function after(root: unknown, { op, path, from = '', value }: Operation): unknown {
  switch (op) {
    case 'add':
    case 'replace':
      return withValue(root, path, value, op)
    case 'remove':
      return without(root, path)
    case 'copy':
      return withValue(root, path, structuredClone(valueAt(root, from)) ?? null, 'add')
    case 'move': {
      const moved = valueAt(root, from)
      return withValue(without(root, from), path, moved, 'add')
    }
    case 'test':
      if (!sameValue(valueAt(root, path) ?? null, value ?? null)) throw patchRejected()
      return root
    default:
      throw patchRejected()
  }
}

function keysOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The map or list that the last key of a path is in. */
function holderOf(root: unknown, path: string): { holder: Holder; key: string } {
  const keys = keysOf(path)
  const key = keys.pop()
  if (key === undefined) throw patchRejected()
  let holder = root
  for (const one of keys) holder = isHolder(holder) ? itemOf(holder, one) : undefined
  if (!isHolder(holder)) throw patchRejected()
  return { holder, key }
}

function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null
}

function itemOf(holder: Holder, key: string): unknown {
  if (Array.isArray(holder)) return holder[indexOf(key, holder.length)]
  return Object.hasOwn(holder, key) ? holder[key] : undefined
}

function valueAt(root: unknown, path: string): unknown {
  if (path === '') return root
  const { holder, key } = holderOf(root, path)
  return itemOf(holder, key)
}

/** The place in a list that a key means, of so many there are. */
function indexOf(key: string, places: number): number {
  if (!/^-?\d+$/.test(key)) throw patchRejected()
  const index = Number(key)
  const fromStart = index < 0 ? places + index : index
  if (fromStart < 0 || fromStart >= places) throw patchRejected()
  return fromStart
}

function withValue(root: unknown, path: string, value: unknown, op: 'add' | 'replace'): unknown {
  if (path === '') return value
  const { holder, key } = holderOf(root, path)
  // By definition, since `__proto__` is a key like any other in JSON.
  if (!Array.isArray(holder))
    Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true })
  else if (op === 'replace') holder[indexOf(key, holder.length)] = value
  else if (key === '-') holder.push(value)
  else holder.splice(indexOf(key, holder.length + 1), 0, value)
  return root
}

function without(root: unknown, path: string): unknown {
  const { holder, key } = holderOf(root, path)
  if (Array.isArray(holder)) holder.splice(indexOf(key, holder.length), 1)
  else if (Object.hasOwn(holder, key)) delete holder[key]
  else throw patchRejected()
  return root
}
