import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { fakeCluster, reachOf } from '../../testing/fake-cluster.ts'
import { planForTests } from '../../testing/plans.ts'
import { noHosts } from '../../testing/tuned-hosts.ts'
import { findApiservers, whyNotAllApiservers } from './apiservers.ts'
import { apiservers } from './preflight/apiservers.ts'

const { signal } = new AbortController()
const slicePage = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes'

/** A cluster whose address so many apiservers answer at in turn, and so many of which say they serve. */
function clusterOf(answering: number, registered?: number) {
  let asked = 0
  const slice = JSON.stringify({
    endpoints: Array.from({ length: registered ?? 0 }, (_, index) => ({ addresses: [`10.0.0.${index}`] })),
  })
  return fakeCluster({
    pages: {
      get '/metrics'() {
        return `a 1\nprocess_start_time_seconds ${1000 + (asked++ % answering)}\n`
      },
      ...(registered !== undefined && { [slicePage]: slice }),
    },
  })
}

const named = (count: number) => ({ components: { 'kube-apiserver': new Array(count).fill('https://10.0.0.1:6443') } })

describe('findApiservers', () => {
  it.each<[number, number | undefined, number, string | undefined]>([
    [1, 1, 0, undefined],
    [1, undefined, 0, undefined],
    [2, 1, 0, '2 of them share one address'],
    [2, undefined, 0, '2 of them share one address'],
    // All that this machine meets is one of them.
    [1, 3, 0, '3 of them share one address'],
    [2, 3, 0, '3 of them share one address'],
    [2, 3, 3, undefined],
    [2, undefined, 2, undefined],
    [1, 3, 2, 'components.kube-apiserver lists 2 of 3'],
  ])(
    'should tell of %d that answer and %s that serve, with %d named: %s',
    async (answering, registered, names, text) => {
      const found = await findApiservers(clusterOf(answering, registered).api, signal)
      expect(found).toEqual({ answering, registered, unread: undefined })
      const because = whyNotAllApiservers(found, names === 0 ? {} : named(names))
      if (text === undefined) expect(because).toBeUndefined()
      else expect(because).toContain(text)
    },
  )

  it.each(['', '<html>', '{"endpoints": 7}', '{}'])('should not mind an EndpointSlice that reads %j', async (text) => {
    const cluster = fakeCluster({ pages: { '/metrics': 'process_start_time_seconds 1\n', [slicePage]: text } })
    expect(await findApiservers(cluster.api, signal)).toMatchObject({ answering: 1, registered: undefined })
  })
})

describe('the preflight check of API servers', () => {
  const notesOf = async (cluster: ReturnType<typeof clusterOf>, target = {}) => {
    const targets = [{ kubeconfig: 'x', context: 'staging', ...target }]
    const plan = planForTests({ source: 'none' }, { targets })
    const needs = {
      plan,
      clusters: [reachOf(cluster)],
      hollow: [],
      confirmed: [],
      now: new Date(0),
      hostAccess: noHosts,
      clock: systemClock,
      work: { objects: () => [], createsEvents: false, expectedMs: 0 },
    }
    const { refusals, notes } = await apiservers.examine({ ...needs, objects: () => [], signal })
    expect(refusals).toEqual([])
    return notes.join('\n')
  }

  it('should warn of several behind one address, and say which field names them', async () => {
    expect(await notesOf(clusterOf(2))).toBe(
      'target (context staging): 2 of them share one address, so each has to be listed (components.kube-apiserver): no figure comes from their metrics, and the report says so',
    )
    expect(await notesOf(clusterOf(2, 2), named(2))).toBe('target (context staging): 2 processes answer at the address')
    expect(await notesOf(clusterOf(1))).toBe('target (context staging): 1 process answers at the address')
  })

  it('should warn of a page that cannot be read, or does not say when its process started', async () => {
    expect(await notesOf(fakeCluster({ pages: { '/metrics': 'a 1\n' } }))).toMatch(/does not say when its process/)
    const refusing = fakeCluster()
    refusing.api.readText = async () => Promise.reject(new Error('get /metrics: forbidden'))
    expect(await notesOf(refusing)).toMatch(/was not read: get \/metrics: forbidden$/)
  })
})
