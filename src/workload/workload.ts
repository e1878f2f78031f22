import type { PlannedWorkload } from '../plan/workload.ts'

/** What a workload is made of; pods come from the Deployments and are not created by hand. */
export type WorkloadResource = 'namespaces' | 'configmaps' | 'secrets' | 'serviceaccounts' | 'services' | 'deployments'

/** What ballast is made of. */
export type BallastResource = NonNullable<PlannedWorkload['ballast']>['kind']

/** The resource of the plan's ballast; configmaps where it has none. */
export function ballastResourceOf({ ballast }: PlannedWorkload): BallastResource {
  return ballast?.kind ?? 'configmaps'
}

/** How much of everything one namespace holds. */
export interface NamespaceLayout {
  /** `scale-test-large-01`: the size class and a number within it. */
  name: string
  sizeClass: string
  pods: number
  /** Replicas of each Deployment; they add up to `pods`. */
  replicas: readonly number[]
  /** Whether the pods of each Deployment mount a configmap and a secret; as long as `replicas`. */
  mounting: readonly boolean[]
  services: number
  /** Without the ballast. */
  configmaps: number
  secrets: number
  serviceAccounts: number
  /** Objects that are there for their weight alone. */
  ballast: number
}

/** A workload before it is written out: everything that was drawn or worked out, small however many objects there are. */
export interface WorkloadLayout {
  plan: PlannedWorkload
  seed: number
  namespaces: readonly NamespaceLayout[]
}
