import type { ResourceName } from '../../kube/api.ts'
import type { ObjectMeta } from '../../kube/resources.ts'
import { resources } from '../../kube/resources.ts'
import { domainLabelErrors, labelValueErrors, qualifiedNameErrors, subdomainErrors } from './names.ts'
import { invalidValue } from './refusals.ts'

const standardFinalizers: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

/** Maps and lists that were found to be in order: the pods of one ReplicaSet share theirs. */
const checked = new WeakSet<object>()

/** A resource as messages call it: `deployments.apps`. */
export function qualified(resource: ResourceName): string {
  const [group, version] = resources[resource].apiVersion.split('/')
  return version === undefined ? resource : `${resource}.${group}`
}

/** A kind as messages call it: `Deployment.apps`. */
export function qualifiedKind(resource: ResourceName): string {
  const { apiVersion, kind } = resources[resource]
  const [group, version] = apiVersion.split('/')
  return version === undefined ? kind : `${kind}.${group}`
}

/** What is wrong with the name of a new object. */
export function nameErrors(resource: ResourceName, { name = '', generateName }: ObjectMeta): string[] {
  if (name === '') return ['metadata.name: Required value: name or generateName is required']
  const errorsOf = resource === 'namespaces' || resource === 'services' ? domainLabelErrors : subdomainErrors
  return [
    // Whatever is appended ends well.
    ...(generateName === undefined ? [] : errorsOf(generateName.replace(/-$/, 'a'))).map((error) =>
      invalidValue('metadata.generateName', generateName, error),
    ),
    ...errorsOf(name).map((error) => invalidValue('metadata.name', name, error)),
  ]
}

/** What is wrong with labels, annotations, owners and finalizers, new or changed. */
export function metadataErrors({ labels, annotations, ownerReferences, finalizers }: ObjectMeta): string[] {
  return [
    ...once(labels, labelErrors),
    ...once(annotations, (map) => keyErrors('metadata.annotations', map)),
    ...once(ownerReferences, ownerErrors),
    ...once(finalizers, finalizerErrors),
  ]
}

const none: readonly string[] = []

function once<T extends object>(value: T | undefined, errorsOf: (value: T) => string[]): readonly string[] {
  if (value === undefined || checked.has(value)) return none
  const errors = errorsOf(value)
  if (errors.length === 0) checked.add(value)
  return errors
}

function keyErrors(field: string, map: object): string[] {
  return Object.keys(map).flatMap((key) => qualifiedNameErrors(key).map((error) => invalidValue(field, key, error)))
}

function labelErrors(labels: Readonly<Record<string, string>>): string[] {
  const field = 'metadata.labels'
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameErrors(key).map((error) => invalidValue(field, key, error)),
    ...labelValueErrors(value).map((error) => invalidValue(field, value, error)),
  ])
}

function ownerErrors(owners: NonNullable<ObjectMeta['ownerReferences']>): string[] {
  const field = 'metadata.ownerReferences'
  const errors = owners.flatMap(({ apiVersion, kind, name, uid }) => [
    ...(apiVersion === '' ? [invalidValue(`${field}.apiVersion`, '', 'version must not be empty')] : []),
    ...Object.entries({ kind, name, uid })
      .filter(([, value]) => value === '')
      .map(([key]) => invalidValue(`${field}.${key}`, '', 'must not be empty')),
  ])
  const [first, second] = owners.filter(({ controller }) => controller === true)
  if (first === undefined || second === undefined) return errors
  const both = `${first.kind}/${first.name} and ${second.kind}/${second.name}`
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${both}`
  return [...errors, invalidValue(field, owners, why)]
}

function finalizerErrors(finalizers: readonly string[]): string[] {
  const field = 'metadata.finalizers'
  return finalizers.flatMap((finalizer, index) => [
    ...qualifiedNameErrors(finalizer).map((error) => invalidValue(field, finalizer, error)),
    ...(finalizer.includes('/') || standardFinalizers.has(finalizer)
      ? []
      : [
          invalidValue(
            `${field}[${index}]`,
            finalizer,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ]),
  ])
}

const maps = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const

/** Metadata as it is stored: maps and lists without anything in them are left out. */
export function withoutEmpty(metadata: ObjectMeta): ObjectMeta {
  if (!maps.some((field) => isEmpty(metadata[field]))) return metadata
  const kept = { ...metadata }
  for (const field of maps) if (isEmpty(kept[field])) delete kept[field]
  return kept
}

/** Whether a map or list is there, with nothing in it. */
export function isEmpty(value: object | undefined): boolean {
  if (value === undefined) return false
  for (const _ in value) return false
  return true
}
