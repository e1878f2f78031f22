import { describe, expect, it } from 'vitest'
import { settingsOf } from '../../model/settings.ts'
import { profiles, requestsUnder } from '../../testing/profiles.ts'
import { catalogue } from '../../tuning/catalogue.ts'
import type { Knob, KnobValue } from '../../tuning/knob.ts'
import { readValue } from '../../tuning/value.ts'
import { supportOf } from './knobs.ts'

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
  const settingsWith = (profile: string, value: KnobValue) => {
    try {
      return JSON.stringify(settingsOf(requestsUnder(profile, { [id]: value })))
    } catch {
      // A retention that does not go with the profile's mode.
      return 'none'
    }
  }
  return profiles.names.some((profile) => new Set(taken.map((value) => settingsWith(profile, value))).size > 1)
}

describe('supportOf', () => {
  it.each(catalogue.map((knob) => [knob.id, knob] as const))(
    'should claim %s only if it changes something',
    (_, knob) => {
      expect(supportOf(knob, { kubeProxy: true }).supported).toBe(changesSettings(knob))
    },
  )

  it('should not claim a knob that the model has never heard of (review 8)', () => {
    const [known] = catalogue
    const unheard = { ...(known as Knob), id: 'kubelet.syncFrequency' }
    expect(supportOf(unheard, { kubeProxy: true })).toEqual({ supported: false, because: 'not modelled' })
  })

  it('should claim nothing of kube-proxies where there are none', () => {
    const ofProxies = catalogue.filter(({ component }) => component === 'kube-proxy')
    expect(ofProxies.filter((knob) => supportOf(knob, { kubeProxy: false }).supported)).toEqual([])
  })
})
