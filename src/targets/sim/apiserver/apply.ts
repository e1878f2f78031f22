import type { ObjectRef, Patch } from '../../../kube/api.ts'
import { ApiError } from '../../../kube/api.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import { sameValue } from './objects.ts'
import { badRequest } from './refusals.ts'

type Apply = Extract<Patch, { type: 'apply' }>

/**
 * Server-side apply, of what is needed of it: fields are merged, lists are taken whole, a field that another manager applied
 * with another value is a conflict unless forced, and a field that its manager no longer applies is removed.
 */
export function applied({ name, namespace }: ObjectRef, current: KubeObject | undefined, patch: Apply): KubeObject {
  const { fieldManager, force = false } = patch
  if (fieldManager === '') throw badRequest('fieldManager is required for apply patch')
  const wanted = leavesOf(patch.body)
  const managers = managersOf(current)
  const before = current === undefined ? new Map<string, unknown>() : leavesOf(current)
  const conflicts = [...wanted].filter(
    ([path, value]) =>
      managers.get(path) !== undefined && managers.get(path) !== fieldManager && !sameValue(before.get(path), value),
  )
  if (conflicts.length > 0 && !force) {
    const told = conflicts.map(([path]) => `conflict with "${managers.get(conflicts[0]?.[0] ?? '')}": .${path}`)
    throw new ApiError(409, 'Conflict', `Apply failed with ${conflicts.length} conflict: ${told.join(', ')}`)
  }
  const result = structuredClone(current ?? { metadata: { name, ...(namespace !== undefined && { namespace }) } })
  for (const [path, manager] of managers) {
    if (manager !== fieldManager || wanted.has(path)) continue
    managers.delete(path)
    setAt(result, path, undefined)
  }
  for (const [path, value] of wanted) {
    managers.set(path, fieldManager)
    setAt(result, path, value)
  }
  result.metadata.managedFields = [...new Set(managers.values())].map((manager) => ({
    manager,
    operation: 'Apply',
    fieldsV1: Object.fromEntries([...managers].filter(([, one]) => one === manager).map(([path]) => [path, {}])),
  }))
  return result
}

/** Who applied which field last, by the field's path. */
function managersOf(object: KubeObject | undefined): Map<string, string> {
  const entries = object?.metadata.managedFields ?? []
  return new Map(
    entries.flatMap(({ manager, fieldsV1 }) => Object.keys(fieldsV1).map((path) => [path, manager] as const)),
  )
}

/** Every value of an object that is not a map, by its path; names and types are nobody's. */
function leavesOf(value: object, prefix = ''): Map<string, unknown> {
  const leaves = new Map<string, unknown>()
  for (const [key, one] of Object.entries(value)) {
    const path = prefix === '' ? key : `${prefix}\u0000${key}`
    if (nobodys.has(path)) continue
    if (typeof one !== 'object' || one === null || Array.isArray(one)) leaves.set(path, one)
    else for (const [below, leaf] of leavesOf(one, path)) leaves.set(below, leaf)
  }
  return leaves
}

const nobodys = new Set([
  'apiVersion',
  'kind',
  'metadata\u0000name',
  'metadata\u0000namespace',
  'metadata\u0000managedFields',
])

function setAt(root: object, path: string, value: unknown): void {
  const keys = path.split('\u0000')
  const last = keys.pop() ?? ''
  let holder = root as Record<string, unknown>
  for (const key of keys) {
    holder[key] ??= {}
    holder = holder[key] as Record<string, unknown>
  }
  if (value === undefined) delete holder[last]
  else holder[last] = value
}
