import type { KubeApi } from '../kube/api.ts'
import type { Cluster } from './target.ts'

const none = () => Promise.reject(new Error('etcds alone have no API server and no nodes'))

const api: KubeApi = {
  create: none,
  get: none,
  count: none,
  patch: none,
  delete: none,
  // biome-ignore lint/correctness/useYield: there is nothing to yield.
  async *list() {
    await none()
  },
  // biome-ignore lint/correctness/useYield: there is nothing to yield.
  async *watch() {
    await none()
  },
}

/** What a cluster is that has no Kubernetes: nobody is to ask it for any of this (`Target.hasKubernetes`). */
export const noKubernetes = {
  api,
  startFleet: none,
  removeFleet: async () => {},
  clientRetries: () => ({ count: 0, waitedMs: 0 }),
  onRequest: () => () => {},
} satisfies Partial<Cluster>
