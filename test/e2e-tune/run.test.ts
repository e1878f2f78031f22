import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Result } from '../../src/result/result.ts'
import { endedWell, resultSchema } from '../../src/testing/outcomes.ts'
import { until } from './hosts.ts'
import { kubeletConfig } from './node.ts'
import { describeWithSshHosts } from './requirements.ts'
import type { RunScene } from './run-scene.ts'
import { bootMs, setRunScene, testMs } from './run-scene.ts'
import type { TuningRuns } from './tuning-runs.ts'
import { idlePlan, tuningRuns } from './tuning-runs.ts'

describeWithSshHosts('a control plane and a node on ssh hosts', () => {
  let scene: RunScene
  let runs: TuningRuns
  beforeAll(async () => {
    scene = await setRunScene()
    runs = tuningRuns(scene)
  }, bootMs)
  afterAll(() => scene?.stop(), bootMs)

  it(
    'should have all components as the profile says, and then as they were, when tuned is applied and rolled back',
    async () => {
      const on = ['--clusters', scene.clusters]
      const profile = join(scene.folder, 'tuned-1.37.yaml')
      writeFileSync(profile, tunedProfile)
      const tuned = [...on, '--profile', profile]
      const section = readFileSync(scene.clusters, 'utf8')
      for (const component of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
        expect(section).toMatch(new RegExp(`${component}:\n +unit: ${component}.service\n +health: http`))
      expect(section).toMatch(
        /kubelet:\n +unit: kubelet.service\n +config: \/var\/lib\/kubelet\/config.yaml\n +health: http/,
      )
      expect(await scene.kubelet()).toMatchObject(builtInKubelet)
      const before = await scene.snapshot()

      const planned = await scene.tune(['plan', ...tuned])
      expect(planned).toMatchObject({ status: 0 })
      expect(planned.said).toContain('not set: kubeProxy.mode: ')
      expect(await scene.snapshot()).toBe(before)

      const applied = await scene.tune(['apply', ...tuned, '--yes', '--health-budget', '60'])
      expect(applied.said).toContain('applied; undo it with')
      expect(applied.status).toBe(0)
      const after = await scene.snapshot()
      for (const [program, flags] of Object.entries(tunedFlags)) {
        const line = after.split('\n').find((one) => one.startsWith(`/opt/components/${program} `)) ?? ''
        for (const flag of flags) expect(`${line} `).toContain(` --${flag} `)
      }
      expect(after).toMatch(/^\/opt\/components\/etcd .* nice -20 best-effort: prio 0$/m)
      expect(applied.said).toContain('node1: kubelet is well, with its new settings')
      expect(await scene.kubelet()).toMatchObject(tunedKubelet)
      expect(parse(kubeletFile())).toMatchObject(tunedKubelet)
      const verified = await scene.tune(['verify', ...tuned])
      expect(verified.said).toContain('cp kube-apiserver: as the profile says')
      expect(verified.status).toBe(0)

      const restored = await scene.tune(['rollback', ...on])
      expect(restored).toMatchObject({ status: 0 })
      await scene.untilWell()
      await until('it is as it was', async () => expect(await scene.snapshot()).toBe(before))
      expect(await scene.kubelet()).toMatchObject(builtInKubelet)
      expect(await scene.tune(['verify', ...tuned])).toMatchObject({ status: 1 })
    },
    testMs,
  )

  it('should wait for the pod of the new manifest, and then of the old one, where a kubelet runs a component', {
    timeout: testMs,
  }, async () => {
    const profile = join(scene.folder, 'scheduler.yaml')
    writeFileSync(profile, schedulerProfile)
    const tuned = ['--clusters', scene.clusters, '--profile', profile]
    const mirror = async () => {
      const { metadata, status } = JSON.parse(
        await scene.read('/api/v1/namespaces/kube-system/pods/kube-scheduler-node1'),
      )
      const ready = status.conditions.find(({ type }: { type: string }) => type === 'Ready')?.status
      return { hash: metadata.annotations['kubernetes.io/config.mirror'], ready }
    }
    const before = { snapshot: await scene.snapshot(), ...(await mirror()) }
    const applied = await scene.tune(['apply', ...tuned, '--yes'])
    expect(applied.status, applied.said).toBe(0)
    expect(applied.said).toContain('node1: kube-scheduler is well, with its new settings')
    // No later: it is what `apply` has waited for.
    const during = await mirror()
    expect(during).toMatchObject({ hash: expect.not.stringMatching(before.hash), ready: 'True' })
    expect(await scene.tune(['rollback', '--clusters', scene.clusters])).toMatchObject({ status: 0 })
    await until('it is as it was', async () => {
      expect({ snapshot: await scene.snapshot(), ...(await mirror()) }).toEqual(before)
    })
  })

  const kubeletFile = () => readFileSync(scene.node1.file(kubeletConfig), 'utf8')
  const filesOf = (plan = idlePlan) => runs.files({ plan, deadMan: '30s', section: scene.clusters })
  const measuringTuned = async (saying: (text: string) => Promise<void>) => {
    await saying('untuned: Clean up')
    await runs.measuring('tuned-1')
  }
  const resultOf = (run: string): Result =>
    resultSchema.parse(JSON.parse(readFileSync(join(scene.reports, run, 'result.json'), 'utf8')))

  it('should have the settings of each arm while a run measures it, read back, and its own ones afterwards', {
    timeout: testMs,
  }, async () => {
    const { clusters, plan } = filesOf(rolloutPlan)
    const before = await scene.snapshot()
    let during = ''
    let kubeletDuring = ''
    const { status, said } = await scene.run(plan, clusters, [], async ({ until: saying }) => {
      await measuringTuned(saying)
      during = await scene.snapshot()
      kubeletDuring = kubeletFile()
    })
    expect(endedWell(status, resultOf(runs.newest())), said).toBe(true)
    expect(said).toContain('cp: etcd is well, with its new settings')
    expect(during).toContain(' --kube-api-qps=500 ')
    expect(during).toMatch(/^\/opt\/components\/etcd .* nice -20 best-effort: prio 0$/m)
    expect(kubeletDuring).toMatch(/^# Of this node/)
    expect(parse(kubeletDuring)).toMatchObject(tunedKubelet)
    const { arms } = resultOf(runs.newest())
    expect(arms.map(({ name, outcome, residue }) => [name, outcome, residue])).toEqual([
      ['untuned', 'complete', []],
      ['tuned', 'complete', []],
    ])
    const [untuned = {}, knobs = {}] = arms.map((arm) => Object.fromEntries(arm.knobs.map((knob) => [knob.id, knob])))
    expect(knobs['etcd.heartbeatInterval']).toMatchObject({ status: 'applied', readFrom: 'process arguments on cp' })
    expect(knobs['etcd.nice']).toMatchObject({ status: 'applied', effective: -20 })
    expect(knobs['controllerManager.kubeApiQps']).toMatchObject({ status: 'applied', effective: 500 })
    expect(knobs['host.nf_conntrack_max']).toMatchObject({ status: 'applied', readFrom: '/proc/sys on cp' })
    for (const [id, effective] of Object.entries(tunedKubelet))
      expect(knobs[`kubelet.${id}`]).toMatchObject({ status: 'applied', effective })
    expect(untuned['kubelet.kubeAPIQPS']).toMatchObject({ status: 'applied', effective: 5 })
    expect(await scene.snapshot()).toBe(before)
  })

  it('should be as before when a component does not take the settings of an arm (fault 30)', {
    timeout: testMs,
  }, async () => {
    // The node first, so that it has been changed by then.
    const { clusters, plan } = filesOf()
    const [head = '', cp = '', node1 = '', rest = ''] = readFileSync(clusters, 'utf8').split(
      /(?=^ +- ssh:)|(?=^ +tuneHosts:)/m,
    )
    writeFileSync(clusters, `${head}${node1}${cp}${rest}`)
    const check = scene.cp.file('etc/systemd/system/kube-controller-manager.service.d/10-check.conf')
    mkdirSync(dirname(check))
    writeFileSync(
      check,
      `[Service]\nExecStartPre=/bin/sh -c '! grep -qs kube-api-qps=500 %E/systemd/system/%n.d/90-*'\n`,
    )
    const before = await scene.snapshot()
    const { status, said } = await scene.run(plan, clusters)
    expect(said).toContain('kube-controller-manager')
    expect(status).toBe(5)
    // The run's own lines do not show each.
    const records = readFileSync(join(scene.reports, runs.newest(), 'tuning', 'tuned-1.ndjson'), 'utf8')
    expect(records).toContain('restored /var/lib/kubelet/config.yaml')
    expect(resultOf(runs.newest()).arms.map(({ outcome, residue }) => [outcome, residue])).toEqual([
      ['complete', []],
      ['failed', []],
    ])
    await scene.untilWell()
    expect(await scene.snapshot()).toBe(before)
    rmSync(dirname(check), { recursive: true })
    await scene.cp.inside('systemctl daemon-reload')
  })

  it('should restore itself when the run is killed, and be tuned again when it is resumed (fault 19)', {
    timeout: testMs,
  }, async () => {
    const { clusters, plan } = filesOf()
    const before = await scene.snapshot()
    const killed = await scene.run(plan, clusters, [], async ({ until: saying, kill }) => {
      await measuringTuned(saying)
      kill()
    })
    expect(killed.status).toBeNull()
    await until('both have restored themselves', async () => expect(await scene.snapshot()).toBe(before))
    await scene.untilWell()
    const run = runs.newest()
    const resumed = await scene.resume(run)
    expect(endedWell(resumed.status, resultOf(run)), resumed.said).toBe(true)
    expect(resultOf(run).arms.map(({ outcome, residue }) => [outcome, residue])).toEqual([
      ['complete', []],
      ['complete', []],
    ])
    expect(await scene.snapshot()).toBe(before)
  })
})

/** The same, but pods run under the settings of both arms. */
const rolloutPlan = idlePlan.replace('\narms:', '\n  - probe: { name: rollout, from: 1, to: 5, timeout: 2m }\narms:')

const schedulerProfile = `name: scheduler
description: of the test
set:
  - { knob: scheduler.kubeApiQps, value: 200, because: of the test }
`

const tunedProfile = `name: tuned-1.37
description: Tuned, but for what this version's programs refuse
extends: tuned
set:
  - { knob: controllerManager.concurrentServiceSyncs, value: null, because: 1.37 no longer has the flag }
`

/** Some of what profiles/tuned.yaml means to each program; to the scheduler it means nothing. */
const tunedFlags = {
  etcd: ['heartbeat-interval=250', 'election-timeout=1250', 'snapshot-count=5000', 'auto-compaction-retention=1000'],
  'kube-apiserver': ['default-not-ready-toleration-seconds=30', 'default-unreachable-toleration-seconds=30'],
  'kube-controller-manager': ['node-monitor-period=2s', 'kube-api-qps=500', 'concurrent-namespace-syncs=100'],
}

/** What profiles/tuned.yaml means to a kubelet. */
const tunedKubelet = {
  maxPods: 500,
  nodeStatusUpdateFrequency: '3s',
  kubeAPIQPS: 50,
  kubeAPIBurst: 100,
  eventRecordQPS: 100,
  eventBurst: 100,
}
const builtInKubelet = { maxPods: 110, nodeStatusUpdateFrequency: '10s', eventRecordQPS: 50 }
