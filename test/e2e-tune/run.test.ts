import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Result } from '../../src/result/result.ts'
import { resultSchema } from '../../src/testing/outcomes.ts'
import { pauseImage } from '../e2e-remote/images.ts'
import { until } from './hosts.ts'
import { kubeProxyObjects } from './kube-proxy.ts'
import { kubeletConfig } from './node.ts'
import { describeWithSshHosts } from './requirements.ts'
import type { RunScene } from './run-scene.ts'
import { setRunScene } from './run-scene.ts'

const bootMs = 240_000
const testMs = 400_000

describeWithSshHosts('a control plane and a node on ssh hosts', () => {
  let scene: RunScene
  beforeAll(async () => {
    scene = await setRunScene()
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
  /** The clusters file for runs that tune hosts, and a plan of both arms in which nothing happens. */
  const runFiles = ({ planText = idlePlan, deadMan = '30s', section = scene.clusters } = {}) => {
    const clusters = join(scene.folder, 'tuned-clusters.yaml')
    const tuneHosts = `  tuneHosts: { healthBudget: 1m, deadMan: ${deadMan} }\n`
    writeFileSync(clusters, `${readFileSync(section, 'utf8').trimEnd()}\n${tuneHosts}`)
    const plan = join(scene.folder, 'idle.yaml')
    writeFileSync(plan, planText)
    return { clusters, plan }
  }
  const newestRun = () =>
    readdirSync(scene.reports)
      .filter((name) => name.startsWith('idle-'))
      .sort()
      .at(-1) ?? ''
  const measuringTuned = async (saying: (text: string) => Promise<void>) => {
    await saying('untuned: Clean up')
    await measuring('tuned-1')
  }
  const measuring = (arm: string) =>
    until(`it measures ${arm}`, async () => {
      const journal = readFileSync(join(scene.reports, newestRun(), 'journal.ndjson'), 'utf8')
      expect(journal).toMatch(new RegExp(`"type":"step-started","armId":"${arm}","stepId":"observe`))
    })
  const resultOf = (run: string): Result =>
    resultSchema.parse(JSON.parse(readFileSync(join(scene.reports, run, 'result.json'), 'utf8')))

  it('should have the settings of each arm while a run measures it, read back, and its own ones afterwards', {
    timeout: testMs,
  }, async () => {
    const { clusters, plan } = runFiles({ planText: rolloutPlan })
    const before = await scene.snapshot()
    let during = ''
    let kubeletDuring = ''
    const { status, said } = await scene.run(plan, clusters, [], async ({ until: saying }) => {
      await measuringTuned(saying)
      during = await scene.snapshot()
      kubeletDuring = kubeletFile()
    })
    expect(status, said).toBe(0)
    expect(said).toContain('cp: etcd is well, with its new settings')
    expect(during).toContain(' --kube-api-qps=500 ')
    expect(during).toMatch(/^\/opt\/components\/etcd .* nice -20 best-effort: prio 0$/m)
    expect(kubeletDuring).toMatch(/^# Of this node/)
    expect(parse(kubeletDuring)).toMatchObject(tunedKubelet)
    const { arms } = resultOf(newestRun())
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
    const { clusters, plan } = runFiles()
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
    const records = readFileSync(join(scene.reports, newestRun(), 'tuning', 'tuned-1.ndjson'), 'utf8')
    expect(records).toContain('restored /var/lib/kubelet/config.yaml')
    expect(resultOf(newestRun()).arms.map(({ outcome, residue }) => [outcome, residue])).toEqual([
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
    const { clusters, plan } = runFiles()
    const before = await scene.snapshot()
    const killed = await scene.run(plan, clusters, [], async ({ until: saying, kill }) => {
      await measuringTuned(saying)
      kill()
    })
    expect(killed.status).toBeNull()
    await until('both have restored themselves', async () => expect(await scene.snapshot()).toBe(before))
    await scene.untilWell()
    const run = newestRun()
    const resumed = await scene.resume(run)
    expect(resumed.status, resumed.said).toBe(0)
    expect(resultOf(run).arms.map(({ outcome, residue }) => [outcome, residue])).toEqual([
      ['complete', []],
      ['complete', []],
    ])
    expect(await scene.snapshot()).toBe(before)
  })

  describe('and a kube-proxy in a DaemonSet', () => {
    const on = () => ['--clusters', join(scene.folder, 'proxied-clusters.yaml')]
    const profileOf = (set: string) => {
      const path = join(scene.folder, 'proxied.yaml')
      writeFileSync(path, `name: proxied\ndescription: of the test\nset:\n${set}`)
      return ['--profile', path]
    }
    const objects = async () => {
      const [map, set] = await Promise.all(
        [
          '/api/v1/namespaces/kube-system/configmaps/kube-proxy',
          '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy',
        ].map(async (path) => JSON.parse(await scene.read(path))),
      )
      return { data: map.data, annotations: map.metadata.annotations ?? {}, template: set.spec.template }
    }
    /** Whose rules the kernel of node1 has. */
    const rules = async () => {
      // What Debian's iptables writes, nft shows, too.
      const ruleset = await scene.node1.inside('nft list ruleset')
      return {
        mode: await scene.node1.inside('curl -sf http://127.0.0.1:10249/proxyMode'),
        iptables: ruleset.includes('chain KUBE-SERVICES'),
        nftables: ruleset.includes('table ip kube-proxy'),
      }
    }
    const rulesAre = (mode: 'iptables' | 'nftables') =>
      until(`its rules are those of ${mode}`, async () =>
        expect(await rules()).toEqual({ mode, iptables: mode === 'iptables', nftables: mode === 'nftables' }),
      )

    beforeAll(async () => {
      const section = readFileSync(scene.clusters, 'utf8').replace(/^( +)hosts:/m, '$1kubeProxy: {}\n$&')
      writeFileSync(join(scene.folder, 'proxied-clusters.yaml'), section)
      await scene.write(kubeProxyObjects())
      await rulesAre('iptables')
    }, bootMs)

    it('should have the rules of its new mode and none of the old one, and the other way round after a rollback', {
      timeout: testMs,
    }, async () => {
      const tuned = [...on(), ...profileOf('  - { knob: kubeProxy.mode, value: nftables, because: of the test }\n')]
      const before = await objects()
      expect(await scene.discoverAll()).toContain('# kubeProxy: {}')
      const { said } = await scene.tune(['plan', ...tuned])
      expect(said).toContain('-mode: ""\n+mode: "nftables"')
      expect(await objects()).toEqual(before)
      expect(await scene.tune(['apply', ...tuned, '--yes'])).toMatchObject({ status: 0 })
      await rulesAre('nftables')
      const { template } = await objects()
      expect(template.spec.initContainers).toMatchObject([{ name: 'scale-test-cleanup' }])
      expect(await scene.tune(['verify', ...tuned])).toMatchObject({ status: 0 })
      expect(await scene.tune(['rollback', ...on()])).toMatchObject({ status: 0 })
      await rulesAre('iptables')
      expect(await objects()).toEqual(before)
    })

    it('should be read back in a run, and be as before, as all hosts, when a killed run is cleaned up', {
      timeout: testMs,
    }, async () => {
      const { clusters, plan } = runFiles({ planText: proxyPlan, deadMan: '10m', section: on()[1] })
      const before = [await scene.snapshot(), await objects()]
      const killed = await scene.run(plan, clusters, [], async ({ until: saying, kill }) => {
        await saying('Knobs in force')
        await measuring('tuned-1')
        kill()
      })
      expect(killed.status).toBeNull()
      expect(killed.said).toMatch(/Knobs in force: \d+ read back as requested, \d+ not applied$/m)
      await rulesAre('nftables')
      const run = newestRun()
      expect(await scene.cleanup(run, '--dry-run')).toMatchObject({
        status: 0,
        said: expect.stringContaining('would restore the settings that tuned-1 changed'),
      })
      const cleaned = await scene.cleanup(run)
      expect(cleaned.status, cleaned.said).toBe(0)
      await rulesAre('iptables')
      expect([await scene.snapshot(), await objects()]).toEqual(before)
    })

    it('should be as before when it cannot run in the new mode: this kernel has no ipvs', {
      timeout: testMs,
    }, async () => {
      const ipvs = [...on(), ...profileOf('  - { knob: kubeProxy.mode, value: ipvs, because: of the test }\n')]
      const before = await objects()
      const { status, said } = await scene.tune(['apply', ...ipvs, '--yes', '--health-budget', '15'])
      expect(said).toContain('ipvs is deprecated since Kubernetes 1.35')
      expect(said).toContain('its DaemonSet has not rolled out')
      expect(status).toBe(5)
      await rulesAre('iptables')
      expect(await objects()).toEqual(before)
    })
  })
})

const idlePlan = `apiVersion: scale-test/v1
name: idle
target: remote
fleet: { source: none, nodes: 1, node: { cpu: 1, memory: 1Gi } }
probes:
  node: { name: node1 }
  pod: { image: '${pauseImage}', serviceAccountToken: false }
steps:
  - observe: { name: idle, for: 10s }
arms:
  - profile: untuned
  - profile: tuned
    set:
      - { knob: etcd.splitByResource, value: null, because: there is one etcd }
`

/** The same, but pods run under the settings of both arms. */
const rolloutPlan = idlePlan.replace('\narms:', '\n  - probe: { name: rollout, from: 1, to: 5, timeout: 2m }\narms:')

const schedulerProfile = `name: scheduler
description: of the test
set:
  - { knob: scheduler.kubeApiQps, value: 200, because: of the test }
`

/** One arm, whose kube-proxy has another mode; in a namespace, its table of connections is not its to size. */
const proxyPlan = `${idlePlan.slice(0, idlePlan.indexOf('arms:'))}arms:
  - profile: tuned
    set:
      - { knob: etcd.splitByResource, value: null, because: there is one etcd }
      - { knob: kubeProxy.mode, value: nftables, because: this kernel has it }
      - { knob: kubeProxy.ipvs.minSyncPeriod, value: null, because: of its mode }
      - { knob: kubeProxy.ipvs.syncPeriod, value: null, because: of its mode }
      - { knob: kubeProxy.ipvs.scheduler, value: null, because: of its mode }
      - { knob: kubeProxy.conntrack.maxPerCore, value: null, because: of its namespace }
      - { knob: kubeProxy.conntrack.min, value: null, because: of its namespace }
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
