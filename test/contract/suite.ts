import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import type { KubeApi } from '../../src/kube/api.ts'
import { isReady } from '../../src/kube/resources.ts'
import type { Server } from './tools.ts'
import { eventually, listAll } from './tools.ts'
import { bookmarks } from './topics/bookmarks.ts'
import { conflicts } from './topics/conflicts.ts'
import { deployments } from './topics/deployments.ts'
import { finalizers } from './topics/finalizers.ts'
import { history } from './topics/history.ts'
import { names } from './topics/names.ts'
import { namespaces } from './topics/namespaces.ts'
import { noSpace } from './topics/no-space.ts'
import { owners } from './topics/owners.ts'
import { paging } from './topics/paging.ts'
import { podDeletion } from './topics/pod-deletion.ts'
import { pods } from './topics/pods.ts'
import { selectors } from './topics/selectors.ts'
import { subresources } from './topics/subresources.ts'
import { versions } from './topics/versions.ts'
import { watches } from './topics/watches.ts'

/** A cluster, real or simulated, whose API is checked against the contract. Disposing of it takes everything away. */
export interface ContractServer extends AsyncDisposable {
  readonly api: KubeApi
  readonly clock: Clock
  /**
   * Makes the server forget how its secrets were before now, as a compaction does: lists of them in progress, and new
   * watches from before, then expire. Of other resources an apiserver's watch cache may know more.
   */
  forgetHistory(): Promise<void>
  /** Raises the NOSPACE alarm of its etcd, or disarms it. */
  setOutOfSpace(isFull: boolean): Promise<void>
  /** Starts nodes and returns their names; called once. They need not be Ready yet. */
  startNodes(count: number): Promise<string[]>
}

/**
 * What the product may rely on in any `KubeApi`: the semantics of kube-apiserver 1.36 and 1.37, and the controllers behind it.
 * All of it goes through the ports, time included, so that it holds in virtual time too.
 */
export function describeContract(name: string, open: () => Promise<ContractServer>): void {
  describe(name, () => {
    let opened: ContractServer | undefined
    let started: ReturnType<Server> | undefined
    const server: Server = () => {
      if (started === undefined) throw new Error('the server is not up')
      return started
    }

    beforeAll(async () => {
      const contract = await open()
      opened = contract
      const { api, clock } = contract
      const hooks = {
        forgetHistory: () => contract.forgetHistory(),
        setOutOfSpace: (isFull: boolean) => contract.setOutOfSpace(isFull),
      }
      const nodes = await contract.startNodes(2)
      started = { api, clock, nodes, ...hooks }
      await eventually(clock, async () => {
        const { items } = await listAll(api, { resource: 'nodes' })
        expect(items.filter(isReady)).toHaveLength(nodes.length)
        // Taken away a moment after a node is Ready; nothing is scheduled before.
        expect(items.flatMap(({ spec }) => spec?.taints ?? [])).toEqual([])
      })
    })
    afterAll(() => opened?.[Symbol.asyncDispose]())

    const topics = {
      'resource versions and generations': versions,
      watches,
      'conflicts and refusals': conflicts,
      names,
      finalizers,
      'pods and nodes': pods,
      'deletion of pods': podDeletion,
      selectors,
      paging,
      subresources,
      'owner references': owners,
      deployments,
      namespaces,
      'forgotten history': history,
      // The last: controllers make up for it for a while.
      'an etcd without space': noSpace,
    }
    for (const [topic, register] of Object.entries(topics)) describe(topic, () => register(server))
    // Starts before all others and ends after them: it waits for a minute.
    bookmarks(server)
  })
}
