import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal } from '../run/journal.ts'
import { surroundingsForTests } from '../testing/surroundings.ts'
import type { TuneRecord } from '../tune/change/journal.ts'
import { tunePlanCommand, tuneRollbackCommand } from './tune-hosts-command.ts'

const run = 'tune-1a2b3c4d'
const name = 'configmap kube-system/kube-proxy'

let folder: string
let printed: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-tune-'))
  printed = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const surroundings = () => surroundingsForTests(join(folder, 'reports'), (line) => printed.push(line))

/** A clusters file of one target, after others. */
function clustersFile(target: Readonly<Record<string, unknown>>, others: readonly object[] = []): string {
  const file = join(folder, 'clusters.yaml')
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(
    file,
    JSON.stringify({ remote: { targets: [...others, { kubeconfig, context: 'staging', ...target }] } }),
  )
  return file
}

/** A cluster that answers GET requests with what it is given for their paths. */
async function cluster(objects: Readonly<Record<string, unknown>>) {
  const server = createServer(({ url = '' }, response) => {
    const object = objects[url]
    const missing = { kind: 'Status', reason: 'NotFound', message: 'there is none', code: 404 }
    response.writeHead(object === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(object ?? missing))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  writeFileSync(
    join(folder, 'kubeconfig'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: 'u', user: { token: 'test-token-1' } }],
      contexts: [{ name: 'staging', context: { cluster: 'c', user: 'u' } }],
    }),
  )
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The journal of a run that changed kube-proxy, and was killed then. */
function killedRun(): void {
  mkdirSync(join(folder, 'reports', 'tuning', run), { recursive: true })
  const journal = openJournal(join(folder, 'reports', 'tuning', run, 'journal.ndjson'), Date.now)
  const path = 'config.conf'
  const records: TuneRecord[] = [
    { type: 'tune-begun', profile: 'tuned', hosts: [name] },
    { type: 'intent', host: name, path, old: '', oldSum: '', new: '', bootId: '' },
    { type: 'done', host: name, path },
  ]
  for (const record of records) journal.append(record)
  journal.close()
}

describe('tune plan', () => {
  const planned = async (target: Readonly<Record<string, unknown>>, options: { allowInsecure?: string[] } = {}) =>
    tunePlanCommand({ clusters: clustersFile(target), profile: 'tuned', api: false, ...options }, surroundings())

  it('should refuse to leave out the API where there is nothing else that could be changed', async () => {
    await expect(planned({ kubeProxy: {} })).rejects.toMatchObject({
      kind: 'bad-input',
      message: 'target staging has no hosts, and kube-proxy is changed through the API',
      next: 'Leave out --no-api',
    })
  })

  it('should refuse an option that does nothing without the API', async () => {
    await expect(planned({ kubeProxy: {} }, { allowInsecure: ['staging'] })).rejects.toMatchObject({
      kind: 'bad-input',
      message: '--allow-insecure does nothing with --no-api',
    })
  })
})

describe('tune rollback', () => {
  const rolledBack = async (target: Readonly<Record<string, unknown>>, others: readonly object[] = []) => {
    const clusters = clustersFile(target, others)
    const options = { clusters, context: 'staging', allowInsecure: ['staging'], healthBudget: 120 }
    return tuneRollbackCommand(run, options, surroundings())
  }

  it('should not call kube-proxy restored on a cluster that has no note of the run', async () => {
    killedRun()
    const metadata = { name: 'kube-proxy', namespace: 'kube-system' }
    await using _ = await cluster({
      '/readyz': 'ok',
      '/api/v1/namespaces/kube-system': { metadata: { name: 'kube-system', uid: 'u1' } },
      '/api/v1/namespaces/kube-system/configmaps/kube-proxy': { metadata, data: {} },
      '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy': { metadata, spec: { template: { spec: {} } } },
    })
    expect(await rolledBack({ kubeProxy: {}, uid: 'u1' })).toBe(6)
    expect(printed.at(-1)).toBe(
      `not restored: ${name}: target staging has no note of ${run}: is it the target that ${run} changed?`,
    )
  })

  it('should say what is not restored when the cluster is another one', async () => {
    killedRun()
    await using _ = await cluster({
      '/readyz': 'ok',
      '/api/v1/namespaces/kube-system': { metadata: { name: 'kube-system', uid: 'u2' } },
    })
    const other = { kubeconfig: join(folder, 'none'), context: 'other' }
    expect(await rolledBack({ kubeProxy: {}, uid: 'u1' }, [other])).toBe(6)
    expect(printed.at(-1)).toMatch(/^not restored: .*staging.*kubeconfig and context of remote\.targets\[1\]/)
  })

  it('should say what to do when the clusters file does not have kube-proxy any more', async () => {
    killedRun()
    const hosts = [{ ssh: 'root@10.0.0.1', components: {} }]
    await expect(rolledBack({ hosts })).rejects.toMatchObject({
      message: `target staging does not have ${name}, which ${run} changed`,
      next: expect.stringContaining('--context'),
    })
  })
})
