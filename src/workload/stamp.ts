import { roleLabel, runLabel } from '../kube/labels.ts'
import type { KubeObject, ResourceTypes } from '../kube/resources.ts'
import type { PlannedWorkload } from '../plan/workload.ts'
import { ballastObjects, workloadObjects } from './objects.ts'
import type { BallastResource, WorkloadLayout, WorkloadResource } from './workload.ts'
import { ballastResourceOf } from './workload.ts'

/** In this order a cluster is filled: what pods mount and are selected by is there before them. */
export const kinds = [
  'namespaces',
  'serviceaccounts',
  'configmaps',
  'secrets',
  'ballast',
  'services',
  'deployments',
] as const
export type Kind = (typeof kinds)[number]

/** The objects of a kind, made one at a time, as yet without the run's labels. */
export function objectsOf(
  layout: WorkloadLayout,
  kind: Kind,
): Generator<ResourceTypes[WorkloadResource | BallastResource]> {
  return kind === 'ballast' ? ballastObjects(layout) : workloadObjects(layout, kind)
}

/** The resource that objects of a kind are of, in this workload. */
export function resourceOf<K extends Kind | 'pods'>(
  kind: K,
  workload: PlannedWorkload,
): Exclude<K, 'ballast'> | BallastResource {
  return kind === 'ballast' ? ballastResourceOf(workload) : (kind as Exclude<K, 'ballast'>)
}

/** What objects of a kind are for. */
export function roleOf(kind: Kind | 'pods'): Role {
  return kind === 'ballast' ? 'ballast' : 'workload'
}

/** What a run's objects are for. */
export type Role = 'workload' | 'ballast' | 'canary'

/** Selects the objects that a run created for this purpose. */
export function ownSelector(runId: string, role: Role): string {
  return `${runLabel}=${runId},${roleLabel}=${role}`
}

/** A taint in short, `key=value:Effect`, as a pod tolerates it. */
export function tolerationOf(taint: string): { key: string; operator: string; value?: string; effect: string } {
  const [, key = '', value, effect = ''] = /^([^=:]+)(?:=([^:]*))?:(.+)$/.exec(taint) ?? []
  return { key, ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }), effect }
}

/**
 * The object with the labels that make it the run's own; a Deployment's pods get them too, and tolerate the taints of the
 * fleet.
 */
export function stamped<T extends KubeObject>(
  object: T,
  runId: string,
  role: Role,
  tolerated: readonly string[] = [],
): T {
  const labels = { [runLabel]: runId, [roleLabel]: role }
  const own = { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } } }
  if (!isDeployment(object)) return own
  const { template } = object.spec
  const metadata = { ...template.metadata, labels: { ...template.metadata.labels, ...labels } }
  const spec = tolerated.length === 0 ? template.spec : { ...template.spec, tolerations: tolerated.map(tolerationOf) }
  return { ...own, spec: { ...object.spec, template: { ...template, metadata, spec } } }
}

function isDeployment(object: KubeObject): object is ResourceTypes['deployments'] {
  return 'spec' in object && typeof object.spec === 'object' && object.spec !== null && 'template' in object.spec
}
