import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { prometheusPages } from './prometheus.ts'

const servers: { close(): void; closeAllConnections(): void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** One vector, as Prometheus 3 answers an instant query. */
const vector = (...result: [metric: Record<string, string>, value: string][]) =>
  JSON.stringify({
    status: 'success',
    data: {
      resultType: 'vector',
      result: result.map(([metric, value]) => ({ metric, value: [1764333000.123, value] })),
    },
  })

/** Answers queries of two etcds, one API server, and nothing else. */
async function fakePrometheus(): Promise<{ url: string; queries: string[] }> {
  const queries: string[] = []
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams.get('query') ?? ''
    queries.push(query)
    const etcd = (instance: string) => ({ job: 'kube-etcd', instance })
    const isTime = query.startsWith('timestamp(')
    response.setHeader('content-type', 'application/json')
    if (query.includes('kube-etcd') && isTime)
      response.end(vector([etcd('10.0.0.1:2379'), '1764332990.5'], [etcd('10.0.0.2:2379'), '1764332995']))
    else if (query.includes('kube-etcd'))
      response.end(
        vector(
          [{ __name__: 'process_start_time_seconds', ...etcd('10.0.0.1:2379') }, '1764330000.1'],
          [{ __name__: 'etcd_server_slow_apply_total', ...etcd('10.0.0.1:2379') }, '7'],
          [{ __name__: 'etcd_disk_wal_fsync_duration_seconds_bucket', le: '+Inf', ...etcd('10.0.0.2:2379') }, '41'],
        ),
      )
    else response.end(vector())
  })
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, queries }
}

const from = (url: string) => prometheusPages({ url, clock: systemClock, signal: new AbortController().signal })
const wanted = { names: new Set(['etcd_server_slow_apply_total', 'etcd_disk_wal_fsync_duration_seconds_bucket']) }

it('should make a page of each instance of a job, without the labels of Prometheus, and say when it was taken', async () => {
  const { url, queries } = await fakePrometheus()
  const pages = await from(url).scrape({ ...wanted, components: ['etcd', 'kubelet'] })
  expect(pages).toEqual([
    {
      component: 'etcd',
      instance: 'etcd 10.0.0.1:2379',
      takenMs: 1764332990500,
      samples: [
        { name: 'process_start_time_seconds', labels: {}, value: 1764330000.1 },
        { name: 'etcd_server_slow_apply_total', labels: {}, value: 7 },
      ],
    },
    {
      component: 'etcd',
      instance: 'etcd 10.0.0.2:2379',
      takenMs: 1764332995000,
      samples: [{ name: 'etcd_disk_wal_fsync_duration_seconds_bucket', labels: { le: '+Inf' }, value: 41 }],
    },
  ])
  expect(queries.toSorted()).toEqual(
    [
      'timestamp(process_start_time_seconds{job=~"etcd|kube-etcd|etcd-.*"})',
      '{__name__=~"etcd_server_slow_apply_total|etcd_disk_wal_fsync_duration_seconds_bucket|process_start_time_seconds",job=~"etcd|kube-etcd|etcd-.*"}',
    ].toSorted(),
  )
})

it('should say that it has no such job, as with a page that cannot be read', async () => {
  const { url } = await fakePrometheus()
  const pages = await from(url).scrape({ ...wanted, components: ['kube-scheduler'] })
  expect(pages).toMatchObject([{ component: 'kube-scheduler', samples: [], unread: expect.stringContaining('no job') }])
})
