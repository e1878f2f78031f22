import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const total = 50_000
const pageSize = 500
/** The heap of a process that must do with so little; the objects of one whole list would take twice as much. */
const heapMegabytes = 80
const padding = 'x'.repeat(1000)

const podText = (index: number) =>
  `{"metadata":{"name":"pod-${index}","namespace":"ns-${index % 50}","uid":"00000000-0000-0000-0000-${index}","resourceVersion":"${index + 1}",
    "labels":{"app":"app-${index % 200}"},"annotations":{"padding":"${padding}"}},
    "spec":{"nodeName":"node-${index % 500}","containers":[{"name":"c","resources":{"requests":{"cpu":"10m"}}}]},
    "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`

let asked: string[]
/** Lists 50,000 pods, page by page; a watch of them stays silent. */
const server = createServer(({ url = '' }, response) => {
  const query = new URL(url, 'http://x').searchParams
  asked.push(`limit=${query.get('limit')}`)
  if (query.get('watch') !== null) return void response.writeHead(200).flushHeaders()
  const first = Number(query.get('continue') ?? 0)
  const last = Math.min(total, first + Number(query.get('limit') ?? total))
  const items = Array.from({ length: last - first }, (_, index) => podText(first + index)).join(',')
  const rest = last < total ? `,"continue":"${last}","remainingItemCount":${total - last}` : ''
  response.end(`{"metadata":{"resourceVersion":"${total}"${rest}},"items":[${items}]}`)
})

beforeEach(async () => {
  asked = []
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** Runs a module, which has `api`, an apiserver's, and `url`, that of src/, in a process with so little memory; what it prints. */
async function inLittleMemory(work: string): Promise<{ status: number | null; said: string }> {
  const src = new URL(`file://${join(import.meta.dirname, '..')}/`).href
  const { port } = server.address() as AddressInfo
  const module = `
    const url = (path) => ${JSON.stringify(src)} + path
    const { connectKubeApi } = await import(url('kube/http.ts'))
    const { systemClock: clock } = await import(url('base/clock.ts'))
    const credentials = { server: 'http://127.0.0.1:${port}', tls: {}, headers: async () => ({}) }
    const { signal } = new AbortController()
    const api = connectKubeApi({ credentials, clock, signal })
    ${work}
    process.exit(0)`
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMegabytes}`, '--input-type=module', '--eval', module],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  await once(child, 'close')
  return { status: child.exitCode, said }
}

describe('50,000 objects, which take more memory than there is (fault 24)', { timeout: 120_000 }, () => {
  it('should be followed page by page, and each kept as little', async () => {
    const { status, said } = await inLittleMemory(`
      const { follow } = await import(url('kube/follow.ts'))
      const { createProbeTimeline } = await import(url('measure/timeline.ts'))
      const timeline = createProbeTimeline({ from: 0, to: ${total} })
      for await (const event of follow(api, { resource: 'pods' }, { clock, signal })) {
        if (event.type === 'SYNCED') break
        timeline.pod(event)
      }
      console.log(timeline.done())`)
    expect([status, said]).toEqual([0, `${total}\n`])
    expect(asked.filter((limit) => limit === `limit=${pageSize}`)).toHaveLength(total / pageSize)
  })

  it('should take no more than their room when a host cluster has them', async () => {
    const { status, said } = await inLittleMemory(`
      const { examineHosts } = await import(url('targets/remote/fleet/hosts.ts'))
      const nodes = { async *list(query) {
        if (query.resource === 'nodes') yield { items: [], resourceVersion: '1' }
        else yield* api.list(query, signal)
      } }
      const pods = { hostSelector: '', image: 'x', resources: {} }
      const spec = { nodes: 1, nodesPerProcess: 1, hosts: 1, node: { cpu: 1, memory: '1Gi' }, statusPeriodSeconds: null, pods }
      await examineHosts(nodes, spec, signal)
      console.log('looked at')`)
    expect([status, said]).toEqual([0, 'looked at\n'])
    expect(asked).toEqual(Array(total / pageSize).fill(`limit=${pageSize}`))
  })

  it('should be counted without being listed', async () => {
    const { status, said } = await inLittleMemory(`console.log(await api.count({ resource: 'pods' }, signal))`)
    expect([status, said]).toEqual([0, `${total}\n`])
    expect(asked).toEqual(['limit=1'])
  })
})
