import { describe, expect, it } from 'vitest'
import { catalogue } from '../../tuning/catalogue.ts'
import type { Knob, KnobValue } from '../../tuning/knob.ts'
import type { ProfileName } from '../../tuning/profiles.ts'
import { profileNames, requestsOf } from '../../tuning/profiles.ts'
import { readValue } from '../../tuning/value.ts'
import { supportOf } from './knobs.ts'
import { settingsOf } from './settings.ts'

/** Values of many kinds, of which a knob takes some. */
const values = [
  1,
  7,
  20_000,
  '7s',
  '20s',
  '90s',
  '7Gi',
  'nftables',
  'iptables',
  'ipvs',
  'wlc',
  'periodic',
  'revision',
  '/pods',
  '/events',
  true,
  'idle',
]

/** Whether some value of a knob makes other settings than another one, whatever the profile. */
function changesSettings({ id, type }: Knob): boolean {
  const taken = values.flatMap((given) => readValue(type, given) ?? [])
  const settingsWith = (profile: ProfileName, value: KnobValue) => {
    try {
      return JSON.stringify(settingsOf(requestsOf(profile, [{ knob: id, value }])))
    } catch {
      // A retention that does not go with the profile's mode.
      return 'none'
    }
  }
  return profileNames.some((profile) => new Set(taken.map((value) => settingsWith(profile, value))).size > 1)
}

describe('supportOf', () => {
  it.each(catalogue.map((knob) => [knob.id, knob] as const))(
    'should claim %s only if it changes something',
    (_, knob) => {
      expect(supportOf(knob, { kubeProxy: true }).supported).toBe(changesSettings(knob))
    },
  )

  it('should not claim a knob that the model has never heard of', () => {
    const [known] = catalogue
    const unheard = { ...(known as Knob), id: 'kubelet.serializeImagePulls' }
    expect(supportOf(unheard, { kubeProxy: true })).toEqual({ supported: false, because: 'not modelled' })
  })

  it('should claim nothing of kube-proxies where there are none', () => {
    const ofProxies = catalogue.filter(({ component }) => component === 'kube-proxy')
    expect(ofProxies.filter((knob) => supportOf(knob, { kubeProxy: false }).supported)).toEqual([])
  })
})

describe('settingsOf', () => {
  const settings = (set: Record<string, KnobValue>) =>
    settingsOf(
      requestsOf(
        'stock',
        Object.entries(set).map(([knob, value]) => ({ knob, value })),
      ),
    )

  it('should be numbers, all of them, for every profile', () => {
    const numbers = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbers) : [value]
    for (const profile of profileNames)
      for (const value of numbers(settingsOf(requestsOf(profile)))) expect(value).not.toBeNaN()
  })

  it('should be the same however a value is written', () => {
    expect(settings({ 'kubelet.nodeStatusUpdateFrequency': '1m30s' }).kubelet).toMatchObject({
      statusUpdateMs: 90_000,
      statusReportMs: 90_000,
    })
    expect(settings({ 'etcd.quotaBackendBytes': '8Gi' }).etcd.quotaBytes).toBe(8_589_934_592)
    expect(settings({ 'etcd.autoCompactionRetention': '30s' }).etcd.compaction).toEqual({
      keep: 'period',
      periodMs: 30_000,
    })
    expect(settings({ 'etcd.autoCompactionRetention': 2 }).etcd.compaction).toEqual({
      keep: 'period',
      periodMs: 7_200_000,
    })
  })

  it.each<[string, KnobValue]>([
    ['kubelet.nodeStatusUpdateFrequency', 10],
    ['kubelet.kubeAPIQPS', 'fifty'],
    ['controllerManager.nodeMonitorPeriod', '0s'],
    ['etcd.quotaBackendBytes', 'much'],
  ])('should throw for %s %s, which no edge lets through, instead of making something of it', (knob, value) => {
    expect(() => settings({ [knob]: value })).toThrow(`${knob} does not take ${value}`)
  })
})
