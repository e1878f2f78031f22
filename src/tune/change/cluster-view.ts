import type { WantedOf } from '../hosts/wanted.ts'
import type { TunedHost } from './host.ts'

/** Says why a cluster does not show a change yet; undefined once it does. */
export type NotShown = () => Promise<string | undefined>

/** What the cluster of a host shows of a change, which the host alone cannot tell. */
export interface ClusterView {
  /**
   * Looks before a host is changed, so that what it then shows is new. Throws `Failure('safety-refusal')` where the host's kubelet is to be
   * changed, and is no Ready node of this cluster; changes nothing.
   */
  before(on: TunedHost, wanted: WantedOf): Promise<NotShown>
  /** What a host's kubelet says it runs with that is not wanted: `kubelet.maxPods is 110, not 500`. Nothing of other components, or of no Node. */
  differences(on: TunedHost, wanted: WantedOf): Promise<string[]>
}

/** Of hosts whose cluster is not asked. */
export const noCluster: ClusterView = { before: async () => async () => undefined, differences: async () => [] }
