import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Result } from '../../src/result/result.ts'
import { resultSchema } from '../../src/result/result.ts'
import type { Traces } from './host-cluster.ts'
import { describeWithHostCluster } from './requirements.ts'
import type { Scene } from './scene.ts'
import { setScene } from './scene.ts'

const plan = join(import.meta.dirname, 'plan.yaml')
const nothing: Traces = { processes: [], cgroups: [], mounts: [] }

/** What a run may create, by cluster; what is there before it has to be all that is there afterwards. */
const pages = {
  host: ['/api/v1/namespaces', '/api/v1/nodes', '/api/v1/pods', '/apis/apps/v1/statefulsets', '/api/v1/secrets'],
  target: [
    '/api/v1/namespaces',
    '/api/v1/nodes',
    '/api/v1/pods',
    '/api/v1/services',
    '/apis/apps/v1/deployments',
    '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    '/apis/coordination.k8s.io/v1/leases',
  ],
} as const

describeWithHostCluster('target remote on a host cluster of real parts', () => {
  let scene: Scene
  let before: Record<string, string[]>

  const snapshot = async () => {
    const names: Record<string, string[]> = {}
    for (const cluster of ['host', 'target'] as const)
      for (const path of pages[cluster]) names[`${cluster} ${path}`] = await scene.namesOf(cluster, path)
    return names
  }
  const scaleTest = (verb: string, ...args: string[]) =>
    scene.scaleTest([verb, plan, '--target', 'remote', '--clusters', scene.clustersFile, ...args])
  const runsIn = (folder: string) => readdirSync(join(folder, 'reports'))
  const lastResult = (): Result => {
    const run = runsIn(scene.folder).at(-1) ?? ''
    return resultSchema.parse(JSON.parse(readFileSync(join(scene.folder, 'reports', run, 'result.json'), 'utf8')))
  }

  beforeAll(async () => {
    scene = await setScene()
    before = await snapshot()
  }, 120_000)

  afterAll(async () => {
    const { cluster } = scene
    await scene[Symbol.asyncDispose]()
    expect(cluster.inspect()).toEqual(nothing)
  }, 60_000)

  it('should print every object and the checks in a dry run, and create none', async () => {
    const { status, stdout, stderr } = await scaleTest('plan', '--dry-run')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const object of [
      'Namespace kubemark',
      'StatefulSet kubemark/hollow-packs-0',
      'Node hollow-19',
      'Namespace scale-test-large-01',
      'Deployment scale-test-large-01/',
      'Lease kube-system/scale-test',
    ])
      expect(stdout).toContain(object)
    expect(stdout.match(/ Node hollow-\d+$/gm)).toHaveLength(20)
    expect(stdout).toContain(scene.cluster.host.uid)
    expect(await snapshot()).toEqual(before)
  }, 60_000)

  it('should refuse a cluster with another UID, and touch nothing', async () => {
    const { status, stderr } = await scaleTest('run', '--set', `remote.host.uid=${scene.cluster.target.uid}`)
    expect(status).toBe(3)
    expect(stderr).toContain(scene.cluster.host.uid)
    expect(await snapshot()).toEqual(before)
  }, 60_000)

  it('should run both arms on 20 hollow nodes and leave both clusters as they were, while another run is refused', async () => {
    const running = scaleTest('run')
    let isOver = false
    const over = running.finally(() => {
      isOver = true
    })
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'
    while (!isOver && !(await scene.namesOf('target', leases)).includes('kube-system/scale-test'));
    const second = await scaleTest('run')
    const { status, stdout, stderr } = await over
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' })

    const [first = ''] = runsIn(scene.folder)
    expect(second.status).toBe(3)
    expect(second.stderr).toContain(first)

    const result = lastResult()
    expect(result).toMatchObject({ evidence: 'measured', target: 'remote', verdict: 'pass', partial: false })
    expect(result.versions['hollow-node image']).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(result.arms.map(({ profile }) => profile)).toEqual(['untuned', 'tuned'])
    for (const arm of result.arms) {
      expect(arm).toMatchObject({ outcome: 'complete', residue: [], fleet: { nodes: 20, hosts: 2, processes: 5 } })
      expect(arm.fill?.pods).toMatchObject({ expected: 40, ready: 40, unexpected: 0 })
      for (const { stopsMs, pods } of arm.probes) {
        expect(Object.values(stopsMs).every((stopMs) => typeof stopMs === 'number')).toBe(true)
        expect(pods.unexpected).toBe(0)
      }
      const applied = arm.knobs.filter((knob) => knob.status === 'applied').map(({ id }) => id)
      expect(applied).toEqual(expect.arrayContaining(['kubelet.kubeAPIQPS', 'controllerManager.kubeApiQps']))
      expect(arm.knobs.filter((knob) => knob.status === 'differs')).toEqual([])
    }
    const availableMs = result.arms.map(({ probes }) => probes[0]?.stopsMs.available ?? Number.NaN)
    // Two calls for each of 19 pods at five a second, ten of them at once, and at fifty with a hundred.
    expect(availableMs[0]).toBeGreaterThan(((19 * 2 - 10) / 5) * 1000)
    expect(availableMs[1]).toBeLessThan(availableMs[0] ?? 0)
    expect(await snapshot()).toEqual(before)
  }, 300_000)

  it('should remove what a killed run left, and only that', async () => {
    const killing = new AbortController()
    const killed = scene
      .scaleTest(['run', plan, '--target', 'remote', '--clusters', scene.clustersFile], { signal: killing.signal })
      .catch(() => undefined)
    while (!(await scene.namesOf('target', '/api/v1/nodes')).includes('/hollow-3'));
    killing.abort()
    await killed
    const run = runsIn(scene.folder).at(-1) ?? ''
    const { status, stdout } = await scene.scaleTest(['cleanup', '--clusters', scene.clustersFile, '--run', run])
    expect(status, stdout).toBe(0)
    expect(await snapshot()).toEqual(before)
  }, 180_000)
})
