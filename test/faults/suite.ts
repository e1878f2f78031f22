import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import { isReady } from '../../src/kube/resources.ts'
import { eventually, listAll } from '../contract/tools.ts'
import { contentsOf } from '../remote/simulated.ts'
import type { Rig } from './rig.ts'
import { clusterState } from './rows/cluster-state.ts'
import { ownership } from './rows/ownership.ts'
import { requests } from './rows/requests.ts'
import { runs } from './rows/runs.ts'
import { namespace } from './rows/tools.ts'
import { watches } from './rows/watches.ts'

/** Everything in the rig's cluster but what comes and goes by itself: nodes have Leases, and a controller puts a certificate into each namespace. */
async function contentsIn({ cluster: { api } }: Rig): Promise<string[]> {
  return (await contentsOf(api)).filter((one) => !/^leases kube-node-lease\/|\/kube-root-ca\.crt$/.test(one))
}

/** A real cluster takes ten seconds; this is for busy machines. */
const startingMs = 90_000

/** Namespaces go only when controllers have emptied them; on a real cluster each look at what is left comes seconds after the one before. */
const leavingMs = 30_000

/**
 * What the product has to survive at an API, the same for a real and a simulated one: each test is a row of the faults that it is held to, and
 * ends in a cluster like the one that it found. `more`: what only one of them has.
 */
export function describeFaults<R extends Rig>(
  name: string,
  open: () => Promise<R>,
  more: Readonly<Record<string, (rig: () => R) => void>> = {},
): void {
  describe(name, () => {
    let opened: R | undefined
    let before: string[] = []
    const rig = () => {
      if (opened === undefined) throw new Error('the rig is not up')
      return opened
    }

    beforeAll(async () => {
      opened = await open()
      const { api, clock } = opened.cluster
      await api.create('namespaces', { metadata: { name: namespace } })
      // A controller puts it into every namespace.
      await eventually(clock, () => api.get({ resource: 'serviceaccounts', namespace, name: 'default' }))
      await eventually(
        clock,
        async () => {
          const { items } = await listAll(api, { resource: 'nodes' })
          expect(items.filter(isReady)).toHaveLength(2)
        },
        startingMs,
      )
    }, 2 * startingMs)
    beforeEach(async () => {
      before = await contentsIn(rig())
    })
    afterEach(async () => {
      const { cluster, script, setDown, present, setOutOfSpace, setRights } = rig()
      script.play()
      await setDown(false)
      await present('valid')
      await setOutOfSpace(false)
      setRights(true)
      await eventually(cluster.clock, async () => expect(await contentsIn(rig())).toEqual(before), leavingMs)
    })
    afterAll(() => opened?.[Symbol.asyncDispose]())

    const rows = {
      requests,
      watches,
      'whose objects are': ownership,
      runs,
      ...more,
      // The last: controllers make up for an etcd without space for a while.
      'a cluster that refuses': clusterState,
    }
    for (const [topic, register] of Object.entries(rows)) describe(topic, () => register(rig))
  })
}
