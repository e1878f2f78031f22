import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListQuery } from '../../src/kube/api.ts'
import { runLabel } from '../../src/kube/labels.ts'
import type { Result } from '../../src/result/result.ts'
import { sampleLine } from '../../src/result/sample-line.ts'
import { findMarked } from '../../src/targets/local/leftovers.ts'
import { uidOf } from '../../src/targets/remote/reach.ts'
import { resultSchema } from '../../src/testing/outcomes.ts'
import { describeWithComponents, root } from './components.ts'
import { startStandingCluster } from './standing-cluster.ts'

const concurrency = 10
const quotaBytes = 16 * 2 ** 20

/** 32 MB of configmaps: the quota is for half of them, and no pod is ever created by a Deployment of the fill. */
const planFor = (target: 'local' | 'remote', fleet: string, arm: string) => `
apiVersion: scale-test/v1
name: no-space
target: ${target}
fleet: { ${fleet} nodes: 2, node: { cpu: 8, memory: 16Gi } }
workload:
  namespaces: 4
  sizeClasses: [{ name: small, share: 1, minimumPods: 2 }]
  pods: { total: 20, perDeployment: 5, image: pause }
  services: 4
  configObjects: { podsPerConfigObject: 0.1, configmapsPerSecret: 4, configmapSize: 200KiB, secretSize: 100B }
  pace: { concurrency: ${concurrency} }
arms: [${arm}]
`
const smallQuota = '{ profile: stock, set: [{ knob: etcd.quotaBackendBytes, value: 16Mi, because: to fill it }] }'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-no-space-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** The program as a user starts it: its exit status, and all that it said. */
async function scaleTest(...args: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, 'src', 'main.ts'), ...args], {
    env: { ...process.env, SCALE_TEST_REPORTS: join(folder, 'reports') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  await once(child, 'close')
  // Lines are as wide as a terminal.
  return { status: child.exitCode, output: output.replaceAll(/\s+/g, ' ') }
}

/** What the only run has written. */
function theRun(): { runId: string; result: Result; refusedWrites: number } {
  const runId = readdirSync(join(folder, 'reports')).find((name) => name.startsWith('no-space-')) ?? ''
  const read = (file: string) => readFileSync(join(folder, 'reports', runId, file), 'utf8')
  const samples = read('samples.ndjson').trim().split('\n')
  const refusedWrites = samples
    .map((line) => sampleLine.parse(JSON.parse(line)))
    .reduce((sum, one) => sum + (one.kind === 'requests' && one.status === 500 ? one.count : 0), 0)
  return { runId, result: resultSchema.parse(JSON.parse(read('result.json'))), refusedWrites }
}

describeWithComponents('an etcd out of space (fault 11)', () => {
  it('should be named with the knob to change, end its arm at once and leave nothing on target local', async () => {
    writeFileSync(join(folder, 'no-space.yaml'), planFor('local', '', smallQuota))
    const { status, output } = await scaleTest('run', join(folder, 'no-space.yaml'))
    expect(status, output).toBe(4)
    expect(output).toMatch(/! stock: etcd \(everything\) reaches its quota .* its file needs about 4\d\.\d MiB/)
    expect(output).toMatch(
      /etcd ran out of space \(NOSPACE\) [\d.]+ s into the arm, after 4 namespaces and \d+ configmaps/,
    )
    // Now and then it is the canary of the watch lag that meets it first.
    expect(output).toMatch(
      /its quota is 16\.0 MiB \((create|patch) configmaps: etcdserver: mvcc: database space exceeded/,
    )
    expect(output).toContain('Set etcd.quotaBackendBytes to about 64Mi')
    expect(output).not.toContain('etcdctl')
    const { runId, result, refusedWrites } = theRun()
    expect(result).toMatchObject({ verdict: 'inconclusive', arms: [{ outcome: 'failed', residue: [] }] })
    // Those that were under way, and the canary of the watch lag.
    expect(refusedWrites).toBeGreaterThan(0)
    expect(refusedWrites).toBeLessThanOrEqual(concurrency + 1)
    expect(findMarked(runId)).toEqual([])
  })

  it('should leave on somebody else’s cluster only what etcd refuses to delete, until an operator has freed it', async () => {
    await using cluster = await startStandingCluster(folder, { quotaBytes })
    const { api, etcd } = cluster
    writeFileSync(join(folder, 'no-space.yaml'), planFor('remote', 'source: none,', '{ profile: stock }'))
    const uid = await uidOf(api)
    const { kubeconfig } = cluster
    const clusters = join(folder, 'clusters.yaml')
    writeFileSync(clusters, JSON.stringify({ remote: { targets: [{ kubeconfig, context: 'small', uid }] } }))
    const named = ['--clusters', clusters]

    const { status, output } = await scaleTest('run', join(folder, 'no-space.yaml'), '--target', 'remote', ...named)
    expect(status, output).toBe(6)
    expect(output).toMatch(
      /etcd ran out of space \(NOSPACE\) [\d.]+ s into the arm, after 4 namespaces and \d+ configmaps/,
    )
    expect(output).toMatch(/etcd is out of space and refuses to delete the rest: 4 namespaces \(in .*\)/)
    const { runId, result, refusedWrites } = theRun()
    const steps = [
      'etcdctl compact --physical',
      'etcdctl defrag --cluster',
      'etcdctl alarm disarm',
      `cleanup --clusters FILE --run ${runId}`,
    ]
    const places = steps.map((step) => output.indexOf(step))
    expect(places).toEqual([...places].sort((one, other) => one - other))
    expect(places[0]).toBeGreaterThan(0)
    expect(result.arms[0]?.residue).toHaveLength(1)
    // Two looks at clean-up beside what was under way.
    expect(refusedWrites).toBeLessThanOrEqual(concurrency + 1 + 2 * 4)

    const own = (resource: ListQuery['resource']) => api.count({ resource, labelSelector: `${runLabel}=${runId}` })
    expect([await own('namespaces'), await own('configmaps')]).toEqual([4, 0])
    const tooEarly = await scaleTest('cleanup', ...named, '--run', runId)
    expect(tooEarly.status, tooEarly.output).toBe(6)
    expect(tooEarly.output).toMatch(
      /refuses to delete the rest: 4 namespaces .*etcdctl compact .*Then run this clean-up again/,
    )

    await etcd.compact()
    await etcd.defragment()
    await etcd.setAlarm(false)
    const { sizeBytes, isAlarmed } = await etcd.status()
    expect(isAlarmed).toBe(false)
    // The configmaps are gone from it, though their namespaces are not.
    expect(sizeBytes).toBeLessThan(quotaBytes / 4)
    const late = await scaleTest('cleanup', ...named, '--run', runId)
    expect(late.status, late.output).toBe(0)
    expect(await own('namespaces')).toBe(0)
    await expect(api.get({ resource: 'leases', namespace: 'kube-system', name: 'scale-test' })).rejects.toThrow('404')
  })
})
