import { once } from 'node:events'
import type { IncomingHttpHeaders, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import type { Credentials } from '../../kube/credentials.ts'
import { fakeCluster } from '../../testing/fake-cluster.ts'
import { componentsOf } from './components.ts'
import type { PlannedTarget } from './reach.ts'

describe('componentsOf', () => {
  let server: Server
  let url: string
  const asked: { path: string; headers: IncomingHttpHeaders }[] = []
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push({ path: request.url ?? '', headers: request.headers })
      response.end('etcd_server_quota_backend_bytes 2\n')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  const credentials: Credentials = {
    server: 'https://10.0.0.1:6443',
    tls: {},
    headers: async () => ({ Authorization: 'Bearer secret' }),
  }

  const pages = { '/metrics': 'a 1\n', '/api/v1/nodes/hollow-0/proxy/metrics': 'b 2\n' }
  function open(
    components: PlannedTarget['components'],
    { unreadApiservers, pages: served = pages }: { unreadApiservers?: string; pages?: Record<string, string> } = {},
  ) {
    return componentsOf({
      api: fakeCluster({ pages: served }).api,
      target: { components },
      credentials,
      unreadApiservers,
      clock: systemClock,
      signal: new AbortController().signal,
    })
  }
  const scraped = async (components: ReturnType<typeof open>) =>
    (await components.scrape()).map(({ component, instance, samples }) => [component, instance, samples.length])

  it('should read the apiserver, the probe’s kubelet through it, and what the plan names', async () => {
    await using components = open({ etcd: [url] })
    components.addKubelet('hollow-0')
    expect(await scraped(components)).toEqual([
      ['kube-apiserver', 'kube-apiserver', 1],
      ['etcd', `etcd ${new URL(url).host}`, 1],
      ['kubelet', 'hollow-0', 1],
    ])
  })

  it('should read each apiserver that the plan names instead of one behind their common address', async () => {
    await using components = open({ 'kube-apiserver': [url, `${url}/second`] })
    expect((await scraped(components)).map(([component]) => component)).toEqual(['kube-apiserver', 'kube-apiserver'])
  })

  it('should not send credentials where anybody could read them on the way', async () => {
    asked.length = 0
    await using components = open({ etcd: [url] })
    await components.scrape({ components: ['etcd'] })
    expect(asked.map(({ path, headers }) => [path, headers.authorization])).toEqual([['/metrics', undefined]])
  })

  it('should not read what apiservers count that are not told apart, and say why', async () => {
    await using components = open({}, { unreadApiservers: '2 of them share one address' })
    components.addKubelet('hollow-0')
    expect(await components.scrape()).toMatchObject([
      { component: 'kubelet' },
      { component: 'kube-apiserver', samples: [], unread: '2 of them share one address' },
    ])
    expect(await components.scrape({ components: ['kubelet'] })).toHaveLength(1)
  })

  it('should find out that several share an address, from the reading on that is of an older process', async () => {
    const started = [20, 20, 30, 20, 20]
    const asked = started.values()
    const page = {
      get '/metrics'() {
        return `process_start_time_seconds ${asked.next().value}\n`
      },
    }
    await using components = open({}, { pages: page })
    const unread: (string | undefined)[] = []
    for (const _ of started) unread.push((await components.scrape())[0]?.unread)
    const because = expect.stringContaining('several of them share one address')
    // The third may be the second one, started again.
    expect(unread).toEqual([undefined, undefined, undefined, because, because])
  })

  it('should say of each reading why a component is not in it, and try again at the next one (review 14)', async () => {
    const later = createServer((_, response) => void response.end('a 1\n'))
    later.listen(0, '127.0.0.1')
    await once(later, 'listening')
    const { port } = later.address() as AddressInfo
    later.close()
    await once(later, 'close')
    await using components = open({ 'kube-controller-manager': [`http://127.0.0.1:${port}`] })
    const manager = { component: 'kube-controller-manager', instance: `kube-controller-manager 127.0.0.1:${port}` }
    const read = async () => (await components.scrape({ components: ['kube-controller-manager'] }))[0]
    expect(await read()).toEqual({ ...manager, samples: [], unread: expect.stringContaining('ECONNREFUSED') })
    later.listen(port, '127.0.0.1')
    await once(later, 'listening')
    try {
      expect(await read()).toMatchObject({ ...manager, samples: [{ name: 'a' }] })
    } finally {
      later.close()
    }
  })
})
