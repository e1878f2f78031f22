import { describe, expect, it } from 'vitest'
import { requestsUnder } from '../testing/profiles.ts'
import { catalogue } from './catalogue.ts'
import { findKnob, knobById } from './find-knob.ts'
import type { Knob } from './knob.ts'
import { knownSettings } from './known-settings.ts'
import { openIdOf, openIdPattern, openKnob, refusalOf } from './open-knobs.ts'
import { renderKnobs } from './render.ts'
import { takeValue } from './take.ts'
import { readValue } from './value.ts'

function knob(id: string): Knob {
  const found = findKnob(id)
  if ('refusal' in found) throw new Error(found.refusal)
  return found
}

/** Versions that lack a knob that has a name: before it came, or since it went. */
const lacking: Readonly<Record<string, readonly string[]>> = {
  'controllerManager.concurrentServiceSyncs': ['1.37'],
  'controllerManager.concurrentResourceclaimSyncs': ['1.35', '1.34'],
}

const whyNone = (id: string) => {
  const found = findKnob(id)
  return 'refusal' in found ? found.refusal : undefined
}

describe('an open knob', () => {
  it.each([
    ['kube-apiserver.flags.min-request-timeout', 800, 1800],
    ['kube-controller-manager.flags.controllers', ['*', '-ttl-controller'], '*'],
    ['kube-apiserver.featureGates.WatchList', false, true],
    ['kube-apiserver.env.GOGC', 50, null],
    ['kube-scheduler.config.podMaxBackoffSeconds', 20, 10],
    ['kubelet.config.seccompDefault', true, false],
    ['kubelet.config.kubeReserved', { cpu: '100m' }, null],
    ['kubelet.config.syncFrequency', '1m30s', '60s'],
    ['kube-proxy.config.winkernel.networkName', 'x', null],
    ['etcd.flags.compaction-sleep-interval', '50ms', '0s'],
    ['etcd.featureGates.TxnModeWriteWithSharedBuffer', false, true],
  ])('should be anything that its component knows, with its built-in value: %s', (id, value, stock) => {
    expect(takeValue(knob(id), value)).toHaveProperty('value')
    expect(knob(id)).toMatchObject({ id, stock })
  })

  it.each([
    [
      'kube-apiserver.flags.max-request-inflight',
      /no flag "max-request-inflight"; did you mean max-requests-inflight\?/,
    ],
    ['kube-apiserver.flags.toString', /no flag/],
    ['kube-apiserver.featureGates.WatchLists', /no feature gate "WatchLists"; did you mean WatchList\?/],
    ['kube-apiserver.env.GOGCC', /no environment variable "GOGCC"; did you mean GOGC\?/],
    ['etcd.env.ETCD_QUOTA_BACKEND_BYTES', /no environment variable/],
    ['kube-scheduler.config.percentageOfNodeToScore', /did you mean percentageOfNodesToScore\?/],
    ['kubelet.flags.v', /kubelet has no "flags"; it takes kubelet.config.NAME/],
    ['kube-apiserver.flags.etcd-servers', /scale-test sets --etcd-servers of kube-apiserver itself/],
    ['kube-scheduler.config.clientConnection.kubeconfig', /scale-test sets clientConnection.kubeconfig/],
    ['kube-scheduler.flags.profiling', /set kube-scheduler.config.enableProfiling/],
    ['kube-apiserver.flags.feature-gates', /kube-apiserver.featureGates.NAME/],
    ['kubelet.config.featureGates', /kubelet.featureGates.NAME/],
    ['kube-scheduler.flags.write-config-to', /scale-test sets --write-config-to/],
    ['kubelt.config.maxPods', /there is no knob kubelt.config.maxPods; did you mean kubelet.maxPods\?/],
  ])('should be refused with what is there instead: %s', (id, refusal) => {
    expect(whyNone(id)).toMatch(refusal)
  })

  it('should be refused where its version has locked a gate to something else, or does not know it', () => {
    const locked = knob('kube-apiserver.featureGates.AnyVolumeDataSource')
    expect(refusalOf(locked, false, '1.36')).toBe(
      'feature gate AnyVolumeDataSource is locked to true in kube-apiserver 1.36',
    )
    expect(refusalOf(locked, true, '1.36')).toBeUndefined()
    const gone = knob('controllerManager.concurrentServiceSyncs')
    expect(refusalOf(gone, 5, '1.36')).toBeUndefined()
    expect(refusalOf(gone, 5, undefined)).toMatch(/^kube-controller-manager 1.37 has no flag/)
  })

  it('should take no list or map that JSON cannot keep', () => {
    const map = knob('kubelet.config.evictionHard')
    expect(takeValue(map, { 'memory.available': '1Gi' })).toHaveProperty('value')
    for (const value of [
      { a: Number.NaN },
      { a: [Number.POSITIVE_INFINITY] },
      { a: new Date(0) },
      { a: 2 ** 60 },
      [],
      '{',
    ])
      expect(takeValue(map, value)).toHaveProperty('refusal')
  })

  it('should be the named knob where what it sets has a name, so that no setting has two', () => {
    expect(knob('kubelet.config.maxPods').id).toBe('kubelet.maxPods')
    expect(knob('kube-controller-manager.flags.kube-api-qps').id).toBe('controllerManager.kubeApiQps')
    expect(knob('kube-scheduler.config.clientConnection.burst').id).toBe('scheduler.kubeApiBurst')
    for (const named of catalogue) {
      const id = openIdOf(named)
      if (id !== undefined) expect(knobById(id)).toBe(named)
    }
  })

  it('should be a gate where a variable would set one of client-go, which Kubernetes’ programs do not look at', () => {
    expect(knob('kube-controller-manager.env.KUBE_FEATURE_WatchListClient').id).toBe(
      'kube-controller-manager.featureGates.WatchListClient',
    )
  })

  it('should have an id that editors accept', () => {
    for (const id of ['kube-apiserver.flags.v', 'kubelet.config.evictionHard', 'etcd.env.GOGC'])
      expect(id).toMatch(new RegExp(openIdPattern))
    for (const id of ['kubelet.flags.v', 'kubelet.maxPods', 'host.env.X'])
      expect(id).not.toMatch(new RegExp(openIdPattern))
  })
})

describe.each(knownSettings.map((known) => [known.version, known] as const))(
  'what components of %s know',
  (version, known) => {
    const entries = Object.entries(known.components).flatMap(([component, { flags = {}, config = {} }]) => [
      ...Object.entries(flags).map(([name, flag]) => [`${component}.flags.${name}`, flag.default] as const),
      ...Object.entries(config).map(([name, field]) => [`${component}.config.${name}`, field.default] as const),
    ])

    it('should have a type for each setting that takes its own built-in value', () => {
      const strange = entries.filter(([id, builtIn]) => {
        const found = openKnob(id)
        return builtIn !== undefined && !('refusal' in found) && readValue(found.type, builtIn) === undefined
      })
      expect(strange).toEqual([])
    })

    it('should include every knob that has a name, with the same built-in value in all versions but where it is said', () => {
      const builtIn = new Map<string, unknown>(entries)
      const differing = catalogue.flatMap((named) => {
        const id = openIdOf(named)
        const refusal = refusalOf(named, null, version)
        if (refusal !== undefined) return lacking[named.id]?.includes(version) === true ? [] : [refusal]
        // Its flag's 0 stands for 2 GiB, which is what etcd then tells.
        if (id === undefined || named.id === 'etcd.quotaBackendBytes') return []
        const value = readValue(named.type, builtIn.get(id))
        return value === undefined || value === named.stock ? [] : [`${named.id}: ${value}, not ${named.stock}`]
      })
      expect(differing).toEqual([])
    })
  },
)

describe('open knobs that are rendered', () => {
  const rendered = renderKnobs(
    requestsUnder('stock', {
      'kubelet.config.memorySwap.swapBehavior': 'NoSwap',
      'kubelet.config.evictionHard': '{"memory.available":"1Gi"}',
      'kubelet.featureGates.WatchListClient': false,
      'kube-apiserver.featureGates.WatchList': false,
      'kube-apiserver.featureGates.APIResponseCompression': true,
      'kube-apiserver.env.GOGC': 50,
      'kubelet.env.GOMEMLIMIT': '4GiB',
      'kube-scheduler.config.profiles': '[{"schedulerName":"x"}]',
    }),
  )

  it('should be nested fields, one flag of all gates, and variables', () => {
    expect(rendered.kubeletConfiguration).toEqual({
      memorySwap: { swapBehavior: 'NoSwap' },
      evictionHard: { 'memory.available': '1Gi' },
      featureGates: { WatchListClient: false },
    })
    expect(rendered.flags).toEqual({
      'kube-apiserver': { 'feature-gates': 'WatchList=false,APIResponseCompression=true' },
    })
    expect(rendered.environment).toEqual({ 'kube-apiserver': { GOGC: '50' }, kubelet: { GOMEMLIMIT: '4294967296' } })
    expect(rendered.schedulerConfiguration).toEqual({ profiles: [{ schedulerName: 'x' }] })
  })
})
