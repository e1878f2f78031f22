import type { Random } from '../base/random.ts'
import { createRandom } from '../base/random.ts'
import type { ApiError } from '../kube/api.ts'
import type { Objects } from '../model/apiserver/objects.ts'
import { createObjects } from '../model/apiserver/objects.ts'
import type { Store, StoredChange } from '../model/apiserver/store.ts'
import { createStore } from '../model/apiserver/store.ts'

/** What tests of the apiserver's rules need: a store with the namespace `ns`, on a clock that the test sets. */
export interface TestBench {
  store: Store
  objects: Objects
  clock: { nowMs: number }
  /** What has been told of a resource since, as `MODIFIED name`. */
  told(): string[]
  changes: StoredChange[]
}

/** A store and its rules, in which pods can be created. */
export function benchForTests(random: Random = createRandom(1, 'names')): TestBench {
  const clock = { nowMs: 0 }
  const nowMs = () => clock.nowMs
  const store = createStore({ nowMs, etcdOf: () => 'etcd' })
  const tolerationSeconds = { notReady: 300, unreachable: 300 }
  const objects = createObjects({ store, nowMs, random, tolerationSeconds })
  objects.create('namespaces', { metadata: { name: 'ns' } })
  objects.create('serviceaccounts', { metadata: { name: 'default', namespace: 'ns' } })
  const changes: StoredChange[] = []
  for (const resource of ['namespaces', 'pods', 'deployments', 'configmaps', 'services'] as const)
    store.onChange(resource, (change) => changes.push(change as unknown as StoredChange))
  const told = () => changes.map(({ type, object }) => `${type} ${object.metadata.name}`)
  return { store, objects, clock, changes, told }
}

/** What a call is refused with: `409 Conflict: message`. */
export function refusalOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    const { status, reason, message } = error as ApiError
    return `${status} ${reason}: ${message}`
  }
  return 'it was accepted'
}
