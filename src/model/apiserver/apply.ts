import type { ObjectRef, Patch } from '../../kube/api.ts'
import { ApiError } from '../../kube/api.ts'
import type { KubeObject, ObjectMeta } from '../../kube/resources.ts'
import { resources } from '../../kube/resources.ts'
import { badRequest, invalid, invalidValue } from './refusals.ts'
import { sameValue } from './same-value.ts'

type Apply = Extract<Patch, { type: 'apply' }>

/** Who manages which fields: one applier, or whoever writes in other ways, through one subresource. */
interface Manager {
  name: string
  operation: 'Apply' | 'Update'
  subresource: string | undefined
  paths: Set<string>
}

/** What the HTTP transport calls itself: writes that are no apply are managed by the first word of their User-Agent. */
const updater = 'scale-test'

/** Between the keys of a path. */
const separator = '\u0000'

/**
 * Server-side apply: fields are merged; a field that another manager has with another value is a conflict, unless forced; a
 * field that its last manager no longer applies is removed. Lists are taken whole, unlike the real one's. Throws `ApiError`.
 */
export function applied(
  ref: ObjectRef,
  current: KubeObject | undefined,
  patch: Apply,
  subresource?: string,
): KubeObject {
  const { fieldManager, force = false } = patch
  const body = patch.body as Partial<KubeObject>
  check(ref, current, body, fieldManager)
  const wanted = leavesOf(body)
  const before = current === undefined ? new Map<string, unknown>() : leavesOf(current)
  const managers = managersOf(current)
  const isMine = ({ name, operation, subresource: through }: Manager) =>
    name === fieldManager && operation === 'Apply' && through === subresource
  let mine = managers.find(isMine)
  if (mine === undefined) {
    mine = { name: fieldManager, operation: 'Apply', subresource, paths: new Set() }
    managers.push(mine)
  }
  const others = managers.filter((one) => one !== mine)
  const changed = [...wanted].filter(([path, value]) => before.has(path) && !sameValue(before.get(path), value))
  const conflicts = others.flatMap((manager) =>
    changed.filter(([path]) => manager.paths.has(path)).map(([path]) => ({ manager, path })),
  )
  if (conflicts.length > 0 && !force) throw conflictOf(ref, conflicts)
  for (const { manager, path } of conflicts) manager.paths.delete(path)

  const { name, namespace } = ref
  const result = structuredClone(current ?? { metadata: { name, ...(namespace !== undefined && { namespace }) } })
  for (const path of mine.paths) {
    if (!wanted.has(path) && !others.some(({ paths }) => paths.has(path))) setAt(result, path, undefined)
  }
  for (const [path, value] of wanted) setAt(result, path, value)
  for (const field of ['uid', 'resourceVersion'] as const) {
    const value = body.metadata?.[field]
    // A version means nothing to an object that is only now made.
    if (value !== undefined && current !== undefined) result.metadata[field] = value
  }
  mine.paths = new Set(wanted.keys())
  return withManagers(ref, result, managers)
}

/** The object after a write that is no apply: whoever changes a field manages it. Nobody is kept account of until somebody applies. */
export function disowned<T extends KubeObject>(ref: ObjectRef, current: T, next: T, subresource?: string): T {
  const { managedFields } = current.metadata
  if (managedFields === undefined || next.metadata.managedFields !== managedFields) return next
  const [before, after] = [leavesOf(current), leavesOf(next)]
  const isChanged = (path: string) => !sameValue(before.get(path), after.get(path))
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter(isChanged)
  if (paths.length === 0) return next
  const managers = managersOf(current)
  for (const manager of managers) for (const path of paths) manager.paths.delete(path)
  const isMine = ({ operation, subresource: through }: Manager) => operation === 'Update' && through === subresource
  const taken = paths.filter((path) => after.has(path))
  const mine = managers.find(isMine)
  if (mine !== undefined) for (const path of taken) mine.paths.add(path)
  else managers.push({ name: updater, operation: 'Update', subresource, paths: new Set(taken) })
  return withManagers(ref, next, managers)
}

function check(
  { resource, name, namespace }: ObjectRef,
  current: KubeObject | undefined,
  { apiVersion = '/', kind = '', metadata }: Partial<KubeObject>,
  fieldManager: string,
): void {
  if (fieldManager === '')
    throw invalid('PatchOptions.meta.k8s.io', '', 'fieldManager: Required value: is required for apply patch')
  const known = resources[resource]
  if (apiVersion !== known.apiVersion || kind !== known.kind) {
    const group = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
    throw badRequest(`invalid object type: ${group}, Kind=${kind}`)
  }
  if (metadata?.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil')
  if (metadata?.name === undefined && current === undefined)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if ((metadata?.name ?? name) !== name)
    throw badRequest(`the name of the object (${metadata?.name}) does not match the name on the URL (${name})`)
  if ((metadata?.namespace ?? namespace) !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (current === undefined && metadata?.uid !== undefined)
    throw invalid(known.kind, name, invalidValue('metadata.uid', metadata.uid, 'field is immutable'))
}

function conflictOf({ resource }: ObjectRef, conflicts: readonly { manager: Manager; path: string }[]): ApiError {
  const nameOf = ({ name, operation, subresource }: Manager) => {
    const through = subresource === undefined ? '' : ` with subresource "${subresource}"`
    return `"${name}"${through}${operation === 'Update' ? ` using ${resources[resource].apiVersion}` : ''}`
  }
  const shown = (path: string) => `.${path.replaceAll(separator, '.')}`
  const [first] = conflicts
  if (first !== undefined && conflicts.length === 1) {
    const only = `conflict with ${nameOf(first.manager)}: ${shown(first.path)}`
    return new ApiError(409, 'Conflict', `Apply failed with 1 conflict: ${only}`)
  }
  const byManager = Map.groupBy(conflicts, ({ manager }) => nameOf(manager))
  const lines = [...byManager.keys()]
    .sort()
    .flatMap((name) => [
      `conflicts with ${name}:`,
      ...(byManager.get(name) ?? []).map(({ path }) => `- ${shown(path)}`).sort(),
    ])
  return new ApiError(409, 'Conflict', `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`)
}

/** Of an object that was never applied, whoever made it manages everything. */
function managersOf(object: KubeObject | undefined): Manager[] {
  if (object === undefined) return []
  const { managedFields } = object.metadata
  if (managedFields === undefined)
    return [{ name: updater, operation: 'Update', subresource: undefined, paths: new Set(leavesOf(object).keys()) }]
  return managedFields.map(({ manager, operation, subresource, fieldsV1 }) => ({
    name: manager,
    operation: operation === 'Apply' ? 'Apply' : 'Update',
    subresource,
    paths: new Set(pathsIn(fieldsV1)),
  }))
}

function withManagers<T extends KubeObject>({ resource }: ObjectRef, object: T, managers: readonly Manager[]): T {
  const { apiVersion } = resources[resource]
  const managedFields: NonNullable<ObjectMeta['managedFields']> = managers
    .filter(({ paths }) => paths.size > 0)
    .map(({ name: manager, operation, subresource, paths }) => ({
      manager,
      operation,
      apiVersion,
      fieldsV1: fieldsOf(paths),
      ...(subresource !== undefined && { subresource }),
    }))
  return { ...object, metadata: { ...object.metadata, managedFields } }
}

/** Paths as managedFields has them: `{"f:data": {"f:a": {}}}`. */
function fieldsOf(paths: ReadonlySet<string>): object {
  const fields = {}
  for (const path of [...paths].sort()) {
    let level: Record<string, object> = fields
    for (const key of path.split(separator)) {
      level[`f:${key}`] ??= {}
      level = level[`f:${key}`] as Record<string, object>
    }
  }
  return fields
}

function pathsIn(fields: object, prefix = ''): string[] {
  return Object.entries(fields as Record<string, object>).flatMap(([field, below]) => {
    const path = `${prefix}${field.slice(2)}`
    return Object.keys(below).length === 0 ? [path] : pathsIn(below, `${path}${separator}`)
  })
}

/** What is nobody's: names, types, and what the server sets. */
const nobodys: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  ...[
    'name',
    'namespace',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'managedFields',
  ].map((field) => `metadata${separator}${field}`),
])

/** Every value of an object that is not a map, by its path. */
function leavesOf(value: object, prefix = ''): Map<string, unknown> {
  const leaves = new Map<string, unknown>()
  for (const [key, one] of Object.entries(value)) {
    const path = prefix + key
    if (nobodys.has(path) || one === null || one === undefined) continue
    if (typeof one !== 'object' || Array.isArray(one)) leaves.set(path, one)
    else for (const [below, leaf] of leavesOf(one, `${path}${separator}`)) leaves.set(below, leaf)
  }
  return leaves
}

/** Sets a value, or takes it away with the maps that are empty without it. */
function setAt(root: object, path: string, value: unknown): void {
  const keys = path.split(separator)
  const last = keys.pop() ?? ''
  const holders: Record<string, unknown>[] = [root as Record<string, unknown>]
  for (const key of keys) {
    const holder = holders.at(-1) as Record<string, unknown>
    holder[key] ??= {}
    holders.push(holder[key] as Record<string, unknown>)
  }
  const holder = holders.at(-1) as Record<string, unknown>
  if (value !== undefined) {
    holder[last] = value
    return
  }
  delete holder[last]
  for (let depth = keys.length; depth > 1 && Object.keys(holders[depth] ?? {}).length === 0; depth--)
    delete holders[depth - 1]?.[keys[depth - 1] ?? '']
}
