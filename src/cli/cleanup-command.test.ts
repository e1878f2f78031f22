import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runLabel } from '../kube/labels.ts'
import type { Plan } from '../plan/plan.ts'
import { journalLine } from '../run/journal.ts'
import type { MarkedProcess } from '../targets/local/leftovers.ts'
import { planForTests } from '../testing/plans.ts'
import { surroundingsForTests } from '../testing/surroundings.ts'
import type { CleanupOptions } from './cleanup-command.ts'
import { cleanupCommand } from './cleanup-command.ts'
import { headOf, planText } from './run-head.ts'

/** Processes that unnamed runs have left on the machine. */
const machine = vi.hoisted(() => ({ marked: [] as MarkedProcess[] }))

// Nothing of what is really on this machine.
vi.mock('../targets/local/leftovers.ts', async (importOriginal) => {
  const { findMarked, ...others } = await importOriginal<typeof import('../targets/local/leftovers.ts')>()
  return { ...others, findMarked: (run?: string) => (run === undefined ? machine.marked : findMarked(run)) }
})

let folder: string
let reports: string
let printed: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-cleanup-'))
  reports = join(folder, 'reports')
  mkdirSync(reports)
  printed = []
  machine.marked = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the command; `answer` is what somebody at a terminal says. */
function cleanup(options: CleanupOptions, answer?: boolean): Promise<number> {
  const surroundings = surroundingsForTests(reports, (line) => printed.push(line))
  const confirm = async (question: string) => {
    printed.push(question)
    return answer === true
  }
  return cleanupCommand(options, { ...surroundings, confirm: answer === undefined ? undefined : confirm })
}

describe('cleanup of this machine', () => {
  /** What killed runs leave of themselves: the state of a run on target local, or the folder of a simulation. */
  const withState = (run: string) => mkdirSync(join(reports, run, 'state', 'tuned-1'), { recursive: true })
  const unfinished = 'smoke-simulated-1.unfinished-abcdef'

  it('should list what it would remove, and remove nothing', async () => {
    withState('run-a')
    withState('run-b')
    mkdirSync(join(reports, unfinished))
    const before = readdirSync(reports, { recursive: true })
    expect(await cleanup({ dryRun: true })).toBe(0)
    expect(printed.toSorted()).toEqual([
      'nothing was removed (--dry-run)',
      `run-a: this machine: would remove 1 folder: ${join(reports, 'run-a', 'state')}`,
      `run-b: this machine: would remove 1 folder: ${join(reports, 'run-b', 'state')}`,
      `${unfinished}: this machine: would remove 1 folder: ${unfinished} (its process was killed before there was anything to keep)`,
    ])
    expect(readdirSync(reports, { recursive: true })).toEqual(before)
  })

  it('should remove what one run left, without asking', async () => {
    withState('run-a')
    expect(await cleanup({})).toBe(0)
    expect(printed).toEqual(['run-a: no process to end; state removed'])
    expect(existsSync(join(reports, 'run-a', 'state'))).toBe(false)
  })

  it('should leave alone what is of another folder of reports: it may be kept on purpose', async () => {
    machine.marked = [{ pid: 1, runId: 'run-elsewhere', program: 'etcd' }]
    withState('run-a')
    expect(await cleanup({ allMine: true })).toBe(0)
    expect(printed).toEqual([
      'run-elsewhere: its folder is not in reports/, left alone (name it with --run to end it)',
      'run-a: no process to end; state removed',
    ])
  })

  it('should refuse to remove what several runs left where nobody can be asked', async () => {
    withState('run-a')
    mkdirSync(join(reports, unfinished))
    const before = readdirSync(reports, { recursive: true })
    await expect(cleanup({})).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: `cleanup would remove what 2 runs left behind: run-a, ${unfinished}`,
      next: expect.stringMatching(/--all-mine.*--run RUN.*--dry-run/),
    })
    expect(readdirSync(reports, { recursive: true })).toEqual(before)
  })

  it.each([
    [true, false],
    [false, true],
  ])('should ask before it removes what several runs left: answered %s', async (answer, isThere) => {
    withState('run-a')
    withState('run-b')
    expect(await cleanup({}, answer)).toBe(0)
    expect(printed[0]).toBe('Remove what 2 runs left behind: run-a, run-b?')
    for (const run of ['run-a', 'run-b']) expect(existsSync(join(reports, run, 'state'))).toBe(isThere)
    if (!answer) expect(printed.at(-1)).toBe('nothing was removed')
  })

  it('should remove all of it when told so', async () => {
    withState('run-a')
    withState('run-b')
    mkdirSync(join(reports, unfinished))
    expect(await cleanup({ allMine: true }, false)).toBe(0)
    expect(readdirSync(reports, { recursive: true }).toSorted()).toEqual(['run-a', 'run-b'])
  })

  it('should say where else something may be when it knows nothing of a run', async () => {
    expect(await cleanup({ run: 'run-z' })).toBe(0)
    expect(printed).toEqual([
      'run-z: no process to end',
      'run-z: there is no journal of it in reports/. If it ran on clusters, name them: --clusters FILE',
    ])
  })

  it.each(['../run-a', '', 'a/b', '--x y'])('should refuse %j, which is no run', async (run) => {
    await expect(cleanup({ run })).rejects.toMatchObject({ kind: 'bad-input' })
  })
})

interface Stored {
  resource: string
  name: string
  uid: string
  run?: string
}

/** A cluster over HTTP: what is cluster-wide in it, and what is deleted with which UID. */
async function serveCluster(uid: string, objects: Stored[]) {
  const deleted: string[] = []
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const piece of request) body += piece
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const [, resource = '', name] =
      /\/(namespaces|nodes|certificatesigningrequests|leases)(?:\/([^/]+))?$/.exec(pathname) ?? []
    const answer = (status: number, content: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content))
    const found = objects.filter((one) => one.resource === resource && (name === undefined || one.name === name))
    if (request.method === 'DELETE') {
      const [object] = found
      if (object === undefined)
        return answer(404, { kind: 'Status', reason: 'NotFound', message: 'it is gone', code: 404 })
      deleted.push(`${resource}/${name} ${JSON.parse(body).preconditions?.uid}`)
      objects.splice(objects.indexOf(object), 1)
      return answer(200, {})
    }
    const written = (one: Stored) => ({
      metadata: {
        name: one.name,
        uid: one.uid,
        ...(one.run !== undefined && { labels: { [runLabel]: one.run } }),
      },
      ...(resource === 'leases' && { spec: {} }),
    })
    if (name === 'kube-system') return answer(200, { metadata: { name, uid } })
    if (name !== undefined && found[0] === undefined)
      return answer(404, { kind: 'Status', reason: 'NotFound', message: 'there is none', code: 404 })
    if (name !== undefined) return answer(200, written(found[0] as Stored))
    const [key, value] = (searchParams.get('labelSelector') ?? '').split('=')
    const selected = found.filter(
      ({ run }) => key === runLabel && run !== undefined && (value === undefined || run === value),
    )
    return answer(200, { metadata: { resourceVersion: '1' }, items: selected.map(written) })
  }
  const server = createServer((request, response) => void respond(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    deleted,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('cleanup of clusters', () => {
  const things = (): Stored[] => [
    { resource: 'namespaces', name: 'a-1', uid: 'u1', run: 'run-a' },
    { resource: 'namespaces', name: 'a-2', uid: 'u2', run: 'run-a' },
    { resource: 'nodes', name: 'hollow-0', uid: 'u3', run: 'run-a' },
    { resource: 'leases', name: 'scale-test', uid: 'u4', run: 'run-a' },
    { resource: 'namespaces', name: 'b-1', uid: 'u5', run: 'run-b' },
    { resource: 'namespaces', name: 'others', uid: 'u6' },
  ]
  const context = 'staging'

  /** A kubeconfig of the cluster, and the clusters file that names it. */
  function clustersFile(url: string, uid: string): string {
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: url } }],
      users: [{ name: 'u', user: { token: 'test-token-1' } }],
      contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }],
    }
    writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig))
    const file = join(folder, `clusters-${uid}.yaml`)
    writeFileSync(file, JSON.stringify({ remote: { targets: [targetWith(uid)] } }))
    return file
  }
  const targetWith = (uid: string) => ({ kubeconfig: join(folder, 'kubeconfig'), context, uid })

  /** The folder of a run on target remote, as it was when it was killed. */
  function begun(run: string, uid: string): string {
    const plan: Plan = planForTests({ source: 'none' }, { targets: [targetWith(uid)] })
    const head = headOf(
      plan,
      {
        runId: run,
        target: { name: 'remote' },
        host: { startedAt: '2026-11-28T02:00:00.000Z', machine: null },
        origin: { program: '0.1.0', components: [], calibration: null },
        options: { confirm: [], allowInsecure: [context] },
      } as unknown as Parameters<typeof headOf>[1],
      { measure: undefined },
    )
    mkdirSync(join(reports, run))
    writeFileSync(join(reports, run, 'plan.json'), planText(plan))
    const file = join(reports, run, 'journal.ndjson')
    const records = [head, { type: 'step-started', armId: 'untuned-1', stepId: 'fill' }]
    writeFileSync(
      file,
      records.map((record, sequence) => `${journalLine({ sequence, atMs: 0, ...record })}\n`).join(''),
    )
    return file
  }

  const insecure = { allowInsecure: [context] }

  it('should find the clusters of a run in its folder, and remove only what has its label, by UID', async () => {
    await using cluster = await serveCluster('uid-1', things())
    clustersFile(cluster.url, 'uid-1')
    begun('run-a', 'uid-1')
    expect(await cleanup({ run: 'run-a' })).toBe(0)
    expect(printed).toEqual([`run-a: target (context ${context}): removed 2 namespaces, 1 node, 1 Lease`])
    expect(cluster.deleted.toSorted()).toEqual([
      'leases/scale-test u4',
      'namespaces/a-1 u1',
      'namespaces/a-2 u2',
      'nodes/hollow-0 u3',
    ])
  })

  it('should list what it would remove by kind and name, and remove nothing', async () => {
    await using cluster = await serveCluster('uid-1', things())
    const clusters = clustersFile(cluster.url, 'uid-1')
    expect(await cleanup({ clusters, dryRun: true, ...insecure })).toBe(0)
    const where = `target (context ${context}): would remove`
    expect(printed).toEqual([
      `run-a: ${where} 2 namespaces: a-1, a-2`,
      `run-a: ${where} 1 node: hollow-0`,
      `run-a: ${where} 1 Lease: kube-system/scale-test`,
      `run-b: ${where} 1 namespace: b-1`,
      'nothing was removed (--dry-run)',
    ])
    expect(cluster.deleted).toEqual([])
  })

  it('should touch nothing of several runs unless all are meant', async () => {
    await using cluster = await serveCluster('uid-1', things())
    const clusters = clustersFile(cluster.url, 'uid-1')
    await expect(cleanup({ clusters, ...insecure })).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: 'cleanup would remove what 2 runs left behind: run-a, run-b',
    })
    expect(await cleanup({ clusters, ...insecure }, false)).toBe(0)
    expect(cluster.deleted).toEqual([])
    expect(await cleanup({ clusters, ...insecure, allMine: true })).toBe(0)
    expect(cluster.deleted).toContain('namespaces/b-1 u5')
    expect(cluster.deleted.some((one) => one.includes('others'))).toBe(false)
  })

  it('should touch nothing where the cluster is another one by now (fault 16)', async () => {
    await using cluster = await serveCluster('uid-2', things())
    clustersFile(cluster.url, 'uid-1')
    begun('run-a', 'uid-1')
    await expect(cleanup({ run: 'run-a' })).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: expect.stringContaining('expected uid-1, but this is uid-2'),
    })
    expect(cluster.deleted).toEqual([])
  })

  it('should touch nothing on clusters that the run was not on, whatever their labels say', async () => {
    await using cluster = await serveCluster('uid-2', things())
    const clusters = clustersFile(cluster.url, 'uid-2')
    begun('run-a', 'uid-1')
    await expect(cleanup({ run: 'run-a', clusters, ...insecure })).rejects.toMatchObject({
      kind: 'safety-refusal',
      message: `run-a did not run on ${context} (uid-2); nothing was touched`,
    })
    expect(cluster.deleted).toEqual([])
  })

  it('should go by labels when the journal is damaged, once the clusters are named (fault 20)', async () => {
    await using cluster = await serveCluster('uid-1', things())
    const clusters = clustersFile(cluster.url, 'uid-1')
    const journal = begun('run-a', 'uid-1')
    writeFileSync(journal, readFileSync(journal, 'utf8').replace('run-begun', 'run-began'))
    expect(await cleanup({ run: 'run-a' })).toBe(4)
    expect(printed.at(-1)).toMatch(/^run-a: the journal is damaged: .*line 1, byte 0: .*name them: --clusters FILE$/)
    expect(cluster.deleted).toEqual([])
    expect(await cleanup({ run: 'run-a', clusters, ...insecure })).toBe(0)
    expect(cluster.deleted).toHaveLength(4)
  })
})
