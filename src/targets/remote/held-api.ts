import type { KubeApi } from '../../kube/api.ts'
import type { HeldLease } from './lease.ts'
import type { ClusterApi } from './reach.ts'

/**
 * A cluster's API that creates and changes objects only while the cluster is ours, over a connection of its own: whoever makes `writes`
 * ends it with the Lease, so that nothing is tried again after that. What is ours can be deleted all the same.
 */
export function heldApi(reads: ClusterApi, writes: KubeApi, lease: Pick<HeldLease, 'confirm'>): ClusterApi {
  return {
    ...reads,
    async create(resource, object) {
      await lease.confirm()
      return writes.create(resource, object)
    },
    async patch(ref, patch, subresource) {
      await lease.confirm()
      return writes.patch(ref, patch, subresource)
    },
  }
}
