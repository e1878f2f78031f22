import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readNetworkProgramming } from '../../measure/network-programming.ts'
import { calibrationSchema } from '../../result/calibration.ts'
import { requestsUnder } from '../../testing/profiles.ts'
import { simulatedTarget } from './index.ts'

const file = join(import.meta.dirname, '..', '..', 'model', 'calibration.json')
const calibration = calibrationSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
const hardware = { controlPlaneCores: 8, hosts: { count: 2, cores: 16 }, hostMemoryBytes: 2 ** 36 }
const node = { cpu: 8, memory: '16Gi' }
const { signal } = new AbortController()

/** A cluster of 20 nodes whose proxies alone are set up as a profile has it. */
async function openCluster(profile: string, { kubeProxy = true, overrides = {} } = {}) {
  const target = simulatedTarget({ seed: 1, calibration, hardware, kubeProxy })
  const knobs = requestsUnder(profile, overrides).filter(
    ({ knob }) => knob.component === 'kube-proxy' || knob.component === 'host',
  )
  const cluster = await target.open({ arm: { id: `${profile}-1`, name: profile, repetition: 1 }, knobs, signal })
  await cluster.startFleet({ nodes: 20, nodesPerProcess: 10, node }, signal)
  await cluster.clock.sleep(60_000)
  return cluster
}

/** Creates Services, each with three pods, three a second, and reads what the proxies made of it. */
async function programmed(profile: string, options: Parameters<typeof openCluster>[1] = {}) {
  const cluster = await openCluster(profile, options)
  const { api, clock } = cluster
  await api.create('namespaces', { metadata: { name: 'ns' } })
  await clock.sleep(1000)
  const before = await cluster.scrape()
  for (let index = 0; index < 30; index++) {
    const app = `app-${index}`
    const metadata = { name: app, namespace: 'ns' }
    const containers = [{ name: 'main', image: 'pause' }]
    const template = { metadata: { labels: { app } }, spec: { automountServiceAccountToken: false, containers } }
    await api.create('services', { metadata, spec: { selector: { app }, ports: [{ port: 80 }] } })
    await api.create('deployments', { metadata, spec: { replicas: 3, selector: { matchLabels: { app } }, template } })
    await clock.sleep(333)
  }
  await clock.sleep(60_000)
  const after = await cluster.scrape()
  await cluster[Symbol.asyncDispose]()
  return { read: readNetworkProgramming({ before, after }), after }
}

describe('the kube-proxies of a fleet', () => {
  it('should take changes in later with --ipvs-min-sync-period=1s than with 0s, and sync less often', async () => {
    const [{ read: untuned }, { read: tuned }] = [await programmed('untuned'), await programmed('tuned')]
    expect(untuned?.proxies).toBe(10)
    expect(tuned?.proxies).toBe(10)
    expect(tuned?.endpointChanges).toBe(untuned?.endpointChanges)
    expect(tuned?.latencyMs.count).toBe(untuned?.latencyMs.count)
    for (const percentile of ['p50', 'p90', 'p99'] as const) {
      const byMs = (untuned?.latencyMs[percentile] ?? Number.NaN) - (tuned?.latencyMs[percentile] ?? Number.NaN)
      expect(byMs, percentile).toBeGreaterThan(100)
      expect(byMs, percentile).toBeLessThan(1500)
    }
    // While Services come and go every change is a sync of its own; then there is one every 30 s, where the untuned have one every 5 s.
    expect(tuned?.syncs).toBeGreaterThan(1.5 * (untuned?.syncs ?? Number.NaN))
    expect(tuned?.endpointChangesPending).toBe(0)
  })

  it('should sync every --ipvs-sync-period when nothing changes', async () => {
    const perMinute = async (profile: string) => {
      const cluster = await openCluster(profile)
      const before = await cluster.scrape({ components: ['kube-proxy'] })
      await cluster.clock.sleep(600_000)
      const read = readNetworkProgramming({ before, after: await cluster.scrape({ components: ['kube-proxy'] }) })
      await cluster[Symbol.asyncDispose]()
      return (read?.syncs ?? Number.NaN) / (read?.proxies ?? Number.NaN) / 10
    }
    expect(await perMinute('untuned')).toBe(12)
    expect(await perMinute('tuned')).toBe(2)
  })

  it('should go by the periods of their own mode, which the settings of ipvs do not touch', async () => {
    const mode = { overrides: { 'kubeProxy.mode': 'nftables' } }
    const [{ read: untuned }, { read: tuned }] = [await programmed('untuned', mode), await programmed('tuned', mode)]
    expect(tuned?.latencyMs).toEqual(untuned?.latencyMs)
    expect(tuned?.syncs).toBe(untuned?.syncs)
  })

  it('should have no pages where nodes have none, and leave everything else as it is', async () => {
    const { read, after } = await programmed('tuned', { kubeProxy: false })
    expect(read).toBeUndefined()
    expect(after.map(({ component }) => component)).not.toContain('kube-proxy')
  })
})

describe('the connection table of a host', () => {
  const readings = async (profile: string, kubeProxy = true) => {
    const target = simulatedTarget({ seed: 1, calibration, hardware, kubeProxy })
    const knobs = requestsUnder(profile).filter(({ knob }) => target.supports(knob).supported)
    const cluster = await target.open({ arm: { id: 'any-1', name: 'any', repetition: 1 }, knobs, signal })
    const asked = requestsUnder('tuned').map(({ knob }) => knob)
    const read = await cluster.effectiveKnobs(asked.filter((knob) => target.supports(knob).supported))
    await cluster[Symbol.asyncDispose]()
    return new Map(read.map((reading) => [reading.id, reading]))
  }

  it('should be read back as what it has come to be, not as what was asked for', async () => {
    const untuned = await readings('untuned')
    expect(untuned.get('host.nf_conntrack_max')?.effective).toBe(524_288)
    const tuned = await readings('tuned')
    // kube-proxy asks for its cap, which is less.
    expect(tuned.get('host.nf_conntrack_max')).toEqual({
      id: 'host.nf_conntrack_max',
      effective: 2_310_720,
      readFrom: 'the modelled host',
    })
    expect(tuned.get('kubeProxy.conntrack.maxPerCore')?.effective).toBe(144_420)
    expect(tuned.get('kubeProxy.conntrack.min')?.note).toContain('ignores it here')
  })

  it('should be what the sysctl says where no kube-proxy runs', async () => {
    const tuned = await readings('tuned', false)
    expect(tuned.get('host.nf_conntrack_max')).toEqual({
      id: 'host.nf_conntrack_max',
      effective: 2_310_720,
      readFrom: 'the modelled host',
    })
    expect(tuned.has('kubeProxy.conntrack.min')).toBe(false)
  })
})
