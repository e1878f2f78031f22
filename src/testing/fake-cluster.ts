import { ApiError } from '../kube/api.ts'
import type { SelfSubjectAccessReview } from '../kube/resources.ts'
import type { ClusterApi, Reach } from '../targets/remote/reach.ts'
import type { FakeApi } from './fake-api.ts'
import { createFakeApi } from './fake-api.ts'
import { createVirtualClock } from './virtual-clock.ts'

/** A cluster as target remote meets it: objects in memory, pages beside them, and what its owner allows. */
export interface FakeCluster extends Pick<FakeApi, 'contents' | 'put'> {
  api: ClusterApi & AsyncDisposable
  /** The writes so far, access reviews aside. */
  writes(): string[]
  /** Set to refuse everything from then on. */
  failing: ApiError | undefined
}

export interface FakeOptions {
  uid?: string
  /** Whether an access review is granted; all are when absent. */
  allows?: (spec: SelfSubjectAccessReview['spec']) => boolean
  /** Pages such as `/version`. */
  pages?: Readonly<Record<string, string>>
}

/** A cluster with a kube-system namespace and nothing else. */
export function fakeCluster({ uid = 'uid-1', allows = () => true, pages = {} }: FakeOptions = {}): FakeCluster {
  const fake = createFakeApi(createVirtualClock())
  const cluster: FakeCluster = {
    contents: fake.contents,
    put: fake.put,
    writes: () => fake.requests.filter((request) => /^(create|patch|delete) /.test(request)),
    failing: undefined,
    api: {
      ...fake,
      async create(resource, object) {
        if (resource !== 'selfsubjectaccessreviews') return fake.create(resource, object)
        if (cluster.failing !== undefined) throw cluster.failing
        return { ...object, status: { allowed: allows((object as SelfSubjectAccessReview).spec) } }
      },
      async readText(path) {
        if (cluster.failing !== undefined) throw cluster.failing
        const page = { '/version': '{"gitVersion":"v1.36.3"}', '/metrics': '', '/readyz': 'ok', ...pages }[path]
        if (page === undefined) throw new ApiError(404, 'NotFound', `get ${path}: there is no such page`)
        return page
      },
      [Symbol.asyncDispose]: async () => {},
    },
  }
  fake.refuse(() => cluster.failing)
  fake.put('namespaces', { metadata: { name: 'kube-system', uid } })
  return cluster
}

/** The fake cluster as a plan's target, or host. */
export function reachOf({ api }: FakeCluster, changes: Partial<Reach> = {}): Reach {
  return {
    role: 'target',
    arms: [],
    path: 'remote.targets[0]',
    kubeconfig: 'kubeconfig',
    context: 'staging',
    plannedUid: 'uid-1',
    credentials: { server: 'https://10.0.0.1:6443', tls: {}, clusterName: 'staging', headers: async () => ({}) },
    api,
    ...changes,
  }
}
