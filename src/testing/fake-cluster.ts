import type { KubeApi, ListQuery, Page, ResourceName } from '../kube/api.ts'
import { ApiError } from '../kube/api.ts'
import type { KubeObject, ResourceTypes, SelfSubjectAccessReview } from '../kube/resources.ts'
import type { ClusterApi, Reach } from '../targets/remote/reach.ts'

/** A cluster for tests: objects in memory, and what its owner lets be done. */
export interface FakeCluster {
  api: ClusterApi & AsyncDisposable
  /** `leases kube-system/scale-test`, and so on, of what is there. */
  keys(): string[]
  /** Adds an object as if somebody else had. */
  put<R extends ResourceName>(resource: R, object: ResourceTypes[R]): void
  /** The verbs that were used, without reads and reviews. */
  writes: string[]
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
  const objects = new Map<string, KubeObject>()
  let version = 0
  const keyOf = (resource: string, { namespace, name }: { namespace?: string; name?: string }) =>
    `${resource} ${namespace === undefined ? '' : `${namespace}/`}${name}`
  const found = (resource: ResourceName, ref: { namespace?: string; name: string }): KubeObject => {
    const object = objects.get(keyOf(resource, ref))
    if (object === undefined) throw new ApiError(404, 'NotFound', `get ${resource}: ${ref.name} not found`)
    return object
  }
  const store = (resource: ResourceName, object: KubeObject): KubeObject => {
    version++
    const metadata = { uid: `uid-${version + 1}`, ...object.metadata, resourceVersion: String(version) }
    const stored = { ...object, metadata }
    objects.set(keyOf(resource, metadata), stored)
    return stored
  }
  const selects = ({ labelSelector, namespace }: ListQuery, { metadata }: KubeObject) =>
    (namespace === undefined || metadata.namespace === namespace) &&
    (labelSelector ?? '')
      .split(',')
      .filter((term) => term !== '')
      .every((term) => {
        const [label = '', value] = term.split('=')
        const actual = metadata.labels?.[label]
        return value === undefined ? actual !== undefined : actual === value
      })
  const listed = (query: ListQuery) =>
    [...objects]
      .filter(([key, object]) => key.startsWith(`${query.resource} `) && selects(query, object))
      .map(([, one]) => one)

  const cluster: FakeCluster = {
    keys: () => [...objects.keys()].filter((key) => key !== 'namespaces kube-system').sort(),
    put: (resource, object) => void store(resource, object),
    writes: [],
    failing: undefined,
    api: {
      async create(resource, object) {
        if (cluster.failing !== undefined) throw cluster.failing
        if (resource === 'selfsubjectaccessreviews') {
          const { spec } = object as SelfSubjectAccessReview
          return { ...object, status: { allowed: allows(spec) } }
        }
        cluster.writes.push(`create ${resource}`)
        if (objects.has(keyOf(resource, object.metadata)))
          throw new ApiError(409, 'AlreadyExists', `create ${resource}: ${object.metadata.name} already exists`)
        return store(resource, object) as typeof object
      },
      async get({ resource, ...ref }) {
        if (cluster.failing !== undefined) throw cluster.failing
        return found(resource, ref) as ResourceTypes[typeof resource]
      },
      async *list<R extends ResourceName>(query: ListQuery<R>): AsyncIterable<Page<ResourceTypes[R]>> {
        if (cluster.failing !== undefined) throw cluster.failing
        yield { items: listed(query) as ResourceTypes[R][], resourceVersion: String(version) }
      },
      count: async (query) => listed(query).length,
      async patch({ resource, ...ref }, patch) {
        if (cluster.failing !== undefined) throw cluster.failing
        cluster.writes.push(`patch ${resource}`)
        const object = found(resource, ref)
        const { metadata, ...rest } = patch.body as Partial<KubeObject> & { spec?: object }
        if (metadata?.uid !== undefined && metadata.uid !== object.metadata.uid)
          throw new ApiError(422, 'Invalid', `patch ${resource}: metadata.uid: field is immutable`)
        const spec = { ...(object as { spec?: object }).spec, ...rest.spec }
        return store(resource, { ...object, spec } as KubeObject) as ResourceTypes[typeof resource]
      },
      async delete({ resource, ...ref }, { uid: expected, resourceVersion }) {
        if (cluster.failing !== undefined) throw cluster.failing
        cluster.writes.push(`delete ${resource}`)
        const { metadata } = found(resource, ref)
        if (metadata.uid !== expected || (resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion)
          throw new ApiError(409, 'Conflict', `delete ${resource}: the UID in the precondition does not match`)
        objects.delete(keyOf(resource, ref))
      },
      watch: noWatch,
      async readText(path) {
        if (cluster.failing !== undefined) throw cluster.failing
        const page = { '/version': '{"gitVersion":"v1.36.3"}', '/metrics': '', '/readyz': 'ok', ...pages }[path]
        if (page === undefined) throw new ApiError(404, 'NotFound', `get ${path}: there is no such page`)
        return page
      },
      [Symbol.asyncDispose]: async () => {},
    },
  }
  cluster.put('namespaces', { metadata: { name: 'kube-system', uid } })
  return cluster
}

/** Nothing here changes by itself. */
const noWatch: KubeApi['watch'] = () => {
  throw new Error('this cluster has no watches')
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
