import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from './hosts.ts'
import { kubeProxyObjects } from './kube-proxy.ts'
import { describeWithSshHosts } from './requirements.ts'
import type { RunScene } from './run-scene.ts'
import { bootMs, setRunScene, testMs } from './run-scene.ts'
import type { TuningRuns } from './tuning-runs.ts'
import { idlePlan, tuningRuns } from './tuning-runs.ts'

describeWithSshHosts('a kube-proxy in a DaemonSet, on a node that is an ssh host', () => {
  let scene: RunScene
  let runs: TuningRuns

  const section = () => join(scene.folder, 'proxied-clusters.yaml')
  const on = () => ['--clusters', section()]
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
    scene = await setRunScene()
    runs = tuningRuns(scene)
    const text = readFileSync(scene.clusters, 'utf8').replace(/^( +)hosts:/m, '$1kubeProxy: {}\n$&')
    writeFileSync(section(), text)
    await scene.write(kubeProxyObjects())
    await rulesAre('iptables')
  }, bootMs)
  afterAll(() => scene?.stop(), bootMs)

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
    const { clusters, plan } = runs.files({ plan: proxyPlan, deadMan: '10m', section: section() })
    const before = [await scene.snapshot(), await objects()]
    const killed = await scene.run(plan, clusters, [], async ({ until: saying, kill }) => {
      await saying('Knobs in force')
      await runs.measuring('tuned-1')
      kill()
    })
    expect(killed.status).toBeNull()
    expect(killed.said).toMatch(/Knobs in force: \d+ read back as requested, \d+ not applied$/m)
    await rulesAre('nftables')
    const run = runs.newest()
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
    const { status, said } = await scene.tune(['apply', ...ipvs, '--yes', '--health-budget', '30'])
    expect(said).toContain('ipvs is deprecated since Kubernetes 1.35')
    expect(said).toContain('its DaemonSet has not rolled out')
    expect(status).toBe(5)
    await rulesAre('iptables')
    expect(await objects()).toEqual(before)
  })
})

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
