import { readFileSync, statSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { Result } from '../../src/result/result.ts'
import { topics } from '../../src/targets/remote/checklist/index.ts'
import { fillIn, probesIn, resultSchema } from '../../src/testing/outcomes.ts'
import type { Contents } from './contents.ts'
import { scheduleRun } from './cron-job.ts'
import type { Outcome, Traces } from './host-cluster.ts'
import type { PodSpec } from './recipe.ts'
import { describeWithHostCluster } from './requirements.ts'
import type { Manifest } from './rights.ts'
import { pathOf } from './rights.ts'
import type { Scene } from './scene.ts'
import { setScene } from './scene.ts'

const plan = join(import.meta.dirname, 'plan.yaml')
const planInPod = join(import.meta.dirname, 'plan-in-pod.yaml')
/** What a reader of the how-to puts in: another plan. */
const ownPlan = { '5k-nodes': plan }
const nothing: Traces = { processes: [], cgroups: [], mounts: [] }

describeWithHostCluster('target remote on a host cluster of real parts', () => {
  let scene: Scene
  let before: Contents
  let serversBefore: string

  beforeAll(async () => {
    scene = await setScene()
    scene.writeClusters({ host: scene.cluster.host.uid, target: scene.cluster.target.uid })
    before = await settled()
    serversBefore = await scene.servers()
  }, 900_000)

  afterAll(async () => {
    const { cluster } = scene
    await scene[Symbol.asyncDispose]()
    expect(cluster.inspect()).toEqual(nothing)
  }, 900_000)

  /** Everything in both clusters, once their controllers and kubelets have made what they make by themselves. */
  async function settled(): Promise<Contents> {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    for (const machine of scene.cluster.machines)
      await scene.appearance('host', leases, machine, AbortSignal.timeout(30_000))
    let last = await scene.contents()
    for (;;) {
      await systemClock.sleep(2000)
      const next = await scene.contents()
      if (JSON.stringify(next) === JSON.stringify(last)) return next
      last = next
    }
  }
  /** Everything in both clusters, when the host cluster's controllers have let go of new machines: each begins tainted. */
  async function withUsable(machines: readonly Manifest[]): Promise<Contents> {
    await scene.administer('host', 'apply', machines)
    for (;;) {
      const contents = await scene.contents()
      const specs = machines.map(({ metadata }) => contents[`host /api/v1/nodes /${metadata.name}`]) as NodeLike[]
      if (specs.every(({ spec }) => spec?.taints === undefined)) return contents
      await systemClock.sleep(200)
    }
  }
  const dryRun = (fill: Readonly<Record<string, string>>, more = '') =>
    scene.follow(`${scene.howTo.command('npm run scale-test -- plan', fill)} ${more}`)
  const resultOf = (run: string, reports = join(scene.folder, 'reports')): Result =>
    resultSchema.parse(JSON.parse(readFileSync(join(reports, run, 'result.json'), 'utf8')))
  /** What the pod of a Job on the host cluster consists of, and what it has said. */
  async function podOf(job: Manifest): Promise<[spec: PodSpec, log: string]> {
    const pods = '/api/v1/namespaces/default/pods'
    const query = `labelSelector=batch.kubernetes.io/job-name=${job.metadata.name}`
    const [{ metadata, spec }] = JSON.parse(await scene.read('host', `${pods}?${query}`)).items
    return [spec, await scene.read('host', `${pods}/${metadata.name}/log`)]
  }

  it('should print every object and the checks in a dry run, and create none', async () => {
    const { status, stdout, stderr } = await dryRun(ownPlan)
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' })
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
    expect(await scene.contents()).toEqual(before)
  }, 900_000)

  it('should give every line of the checklist a verdict and a reason, on both clusters', async () => {
    const { status, stdout } = await scene.follow(scene.howTo.command('npm run scale-test -- doctor'))
    // One machine has both control planes, and each etcd the default quota.
    expect(status, stdout).toBe(1)
    const [, ...sections] = stdout.split(/^(?=(?:host cluster|target) \(context \w+\)$)/m)
    expect(sections).toHaveLength(2)
    for (const section of sections) {
      for (const { id, title } of topics.flatMap(({ lines }) => lines)) {
        const line = section.split('\n').findIndex((text) => text.endsWith(` ${title}`))
        expect(section.split('\n').slice(line, line + 2), id).toEqual([
          expect.stringMatching(/^ {2}(pass|fail|cannot see) /),
          expect.stringMatching(/^ {13}\S/),
        ])
      }
      expect(section).toMatch(/pass +Kubernetes is maintained/)
    }
    const [host = '', target = ''] = sections
    // A run reads neither metrics nor flags of the host cluster, so its user may not.
    expect(host).toMatch(/cannot see Secrets encrypted at rest\n.*; you may not read\n +\/flagz/)
    expect(target).toMatch(
      /fail +Several control-plane nodes\n +no control-plane node is registered, and 1 apiserver answers/,
    )
    expect(target).toMatch(/pass +API server to etcd/)
    expect(target).toMatch(/fail +Odd number of members, all healthy\n +1 member/)
    expect(target).toMatch(/fail +Quota above the default of 2 GiB/)
    expect(await scene.contents()).toEqual(before)
  }, 900_000)

  it('should tell the UIDs when they are not known, and refuse another cluster than the one planned', async () => {
    const { host, target } = scene.cluster
    scene.writeClusters({})
    const unknown = await dryRun(ownPlan)
    expect(unknown.status).toBe(3)
    expect(unknown.stdout).toContain(host.uid)
    expect(unknown.stdout).toContain(target.uid)

    scene.writeClusters({ host: host.uid, target: host.uid })
    const { status, stderr } = await scene.follow(
      `node src/main.ts run ${plan} --target remote --clusters ~/clusters.yaml`,
    )
    expect(status).toBe(3)
    expect(stderr).toContain(target.uid)
    scene.writeClusters({ host: host.uid, target: target.uid })
    expect(await scene.contents()).toEqual(before)
  }, 900_000)

  it('should explain why 45 machines of 110 pods cannot take 5000 nodes one by one, but those of 500 can', async () => {
    const options = '--set fleet.nodesPerProcess=1 --set fleet.pods.hostSelector=e2e=5k'
    try {
      const withMachines = await withUsable(machinesOf(110))
      const crowded = await dryRun({}, options)
      expect(checksOf(crowded)).toContain('112 hollow-node pods > 110 pods')
      expect(checksOf(crowded)).toMatch(/Raise its kubelet's maxPods to 112.*, or pack more nodes into each pod/)
      expect(crowded.status).toBe(3)

      await scene.administer('host', 'delete', machinesOf(110))
      await withUsable(machinesOf(500))
      const roomy = await dryRun({}, options)
      expect({ status: roomy.status, stderr: roomy.stderr }, checksOf(roomy)).toEqual({ status: 0, stderr: '' })
      expect(roomy.stdout.match(/ Node hollow-\d+$/gm)).toHaveLength(5000)
      expect(Object.keys(await scene.contents())).toEqual(Object.keys(withMachines))
    } finally {
      await scene.administer('host', 'delete', machinesOf(500))
    }
    expect(await scene.contents()).toEqual(before)
  }, 900_000)

  it('should run both arms on 20 hollow nodes and leave both clusters as they were, while another run is refused', async () => {
    const ending = new AbortController()
    const command = scene.howTo.command('make scale-test', ownPlan)
    const running = scene.follow(command).finally(() => ending.abort())
    // By then the target has been re-tuned and is the first run's; before, its apiserver is away for some seconds.
    await scene.appearance('target', '/api/v1/nodes', 'hollow-0', ending.signal).catch(() => {})
    const [first = 'none'] = scene.runs()
    const second = ending.signal.aborted
      ? undefined
      : await scene.follow(`node src/main.ts run ${plan} --target remote --clusters ~/clusters.yaml`)
    const { status, stdout, stderr } = await running
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' })
    expect(second?.status).toBe(3)
    expect(second?.stderr).toContain(`${userInfo().username}@${hostname()}, run ${first}, since`)

    const result = resultOf(first)
    expect(result).toMatchObject({ evidence: 'measured', target: 'remote', verdict: 'pass', partial: false })
    expect(result.versions['hollow-node image']).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(result.arms.map(({ profile }) => profile)).toEqual(['untuned', 'tuned'])
    expect(result.checklists?.map(({ cluster, lines }) => [cluster, lines.length])).toEqual([
      ['target (context target)', topics.flatMap(({ lines }) => lines).length],
    ])
    for (const arm of result.arms) {
      expect(arm).toMatchObject({ outcome: 'complete', residue: [], fleet: { nodes: 20, hosts: 2, processes: 5 } })
      expect(fillIn(arm)?.pods).toMatchObject({ expected: 40, ready: 40, unexpected: 0 })
      for (const { stopsMs, pods } of probesIn(arm)) {
        expect(Object.values(stopsMs).every((stopMs) => typeof stopMs === 'number')).toBe(true)
        expect(pods.unexpected).toBe(0)
      }
      const applied = arm.knobs.filter((knob) => knob.status === 'applied').map(({ id }) => id)
      expect(applied).toEqual(expect.arrayContaining(['kubelet.kubeAPIQPS', 'controllerManager.kubeApiQps']))
      expect(arm.knobs.filter((knob) => knob.status === 'differs')).toEqual([])
    }
    const availableMs = result.arms.map((arm) => probesIn(arm)[0]?.stopsMs.available ?? Number.NaN)
    // Two calls for each of 19 pods at five a second, ten of them at once, and at fifty with a hundred.
    expect(availableMs[0]).toBeGreaterThan(((19 * 2 - 10) / 5) * 1000)
    expect(availableMs[1]).toBeLessThan(availableMs[0] ?? 0)
    expect(await scene.contents()).toEqual(before)
    expect(serversBefore.split('\n')).toHaveLength(4)
    expect(await scene.servers()).toBe(serversBefore)
  }, 900_000)

  it('should pass as the CronJob of docs/pipelines.md, and clean up when its Job is deleted', async () => {
    const { objects, jobOf, reports, runs } = scheduleRun(scene, planInPod)
    await scene.administer('host', 'apply', objects)
    try {
      const passing = await jobOf('passing')
      await scene.administer('host', 'apply', [passing])
      await scene.finish('host', pathOf(passing), AbortSignal.timeout(180_000))
      const { status } = JSON.parse(await scene.read('host', pathOf(passing)))
      const [pod, log] = await podOf(passing)
      expect(status.succeeded, log).toBe(1)
      // No token of a ServiceAccount.
      expect(pod.volumes.map(({ name }) => name)).toEqual(['clusters', 'reports'])
      const [run = 'none'] = runs()
      const complete = { outcome: 'complete', residue: [], fleet: { nodes: 5, hosts: 1 } }
      expect(resultOf(run, reports)).toMatchObject({ evidence: 'measured', verdict: 'pass', arms: [complete] })
      expect(statSync(join(reports, run, 'report.html'))).toMatchObject({ uid: 1000, gid: 1000 })

      const deleted = await jobOf('deleted')
      await scene.administer('host', 'apply', [deleted])
      await scene.appearance('target', '/api/v1/nodes', 'hollow-3', AbortSignal.timeout(60_000))
      await scene.administer('host', 'delete', [deleted])
    } finally {
      await scene.administer('host', 'delete', objects)
    }
    await vi.waitFor(async () => expect(await scene.contents()).toEqual(before), { timeout: 90_000, interval: 500 })
    const [, interrupted = 'none'] = runs()
    const stopped = { outcome: 'interrupted', residue: [] }
    expect(resultOf(interrupted, reports)).toMatchObject({ partial: true, arms: [stopped] })
  }, 900_000)

  it('should remove what a killed run left, and only that', async () => {
    const killing = new AbortController()
    const ending = new AbortController()
    const command = `exec node src/main.ts run ${plan} --target remote --clusters ~/clusters.yaml`
    const killed = scene.follow(command, { signal: killing.signal }).finally(() => ending.abort())
    const isKilled = expect(killed).rejects.toMatchObject({ name: 'AbortError' })
    await scene.appearance('target', '/api/v1/nodes', 'hollow-3', ending.signal).finally(() => killing.abort())
    await isKilled
    expect(Object.keys(await scene.contents())).toContain('host /api/v1/namespaces /kubemark')

    const run = scene.runs().at(-1) ?? ''
    // Nobody restored what its program had set.
    expect(await scene.servers()).not.toBe(serversBefore)
    const cleanup = scene.howTo.command('npm run scale-test -- cleanup', { RUN: run })
    const { status, stdout } = await scene.follow(cleanup)
    expect(status, stdout).toBe(0)
    expect(await scene.contents()).toEqual(before)
  }, 900_000)

  it('should have followed every command of the how-to (review 39)', () => {
    expect(scene.howTo.untried()).toEqual([])
  })
})

interface NodeLike {
  spec?: { taints?: unknown }
}

/** What a dry run says after all the objects. */
function checksOf({ stdout }: Outcome): string {
  return stdout.slice(stdout.indexOf('created none'))
}

/** 45 Nodes that say they are machines which take so many pods each. */
function machinesOf(maxPods: number): Manifest[] {
  return Array.from({ length: 45 }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `machine-${index}`, labels: { e2e: '5k' } },
    status: {
      allocatable: { cpu: '16', memory: '64Gi', pods: String(maxPods) },
      capacity: { cpu: '16', memory: '64Gi', pods: String(maxPods) },
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }],
      nodeInfo: { architecture: 'amd64', operatingSystem: 'linux' },
    },
  }))
}
