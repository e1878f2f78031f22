import { describe, expect, it } from 'vitest'
import { requestsUnder } from '../testing/profiles.ts'
import { catalogue } from './catalogue.ts'
import { findKnob, knobById } from './find-knob.ts'
import type { Knob } from './knob.ts'
import { knownSettings } from './known-settings.ts'
import { isOpenId, openIdOf, openIdPattern, openKnob } from './open-knobs.ts'
import { renderKnobs } from './render.ts'
import { takeValue } from './take.ts'
import { isValueAsked, readValue } from './value.ts'

function knob(id: string): Knob {
  const found = findKnob(id)
  if ('refusal' in found) throw new Error(found.refusal)
  return found
}

const refusalOf = (id: string) => {
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
    ['kubelt.config.maxPods', /there is no knob kubelt.config.maxPods; did you mean kubelet.maxPods\?/],
  ])('should be refused with what is there instead: %s', (id, refusal) => {
    expect(refusalOf(id)).toMatch(refusal)
  })

  it('should take nothing but its default when it is a gate that this version has locked', () => {
    const locked = knob('kube-apiserver.featureGates.AnyVolumeDataSource')
    expect(takeValue(locked, true)).toEqual({ value: true })
    expect(takeValue(locked, false)).toEqual({ refusal: expect.stringContaining('takes true, which it is locked to') })
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

describe('what components know', () => {
  const entries = Object.entries(knownSettings.components).flatMap(([component, { flags = {}, config = {} }]) => [
    ...Object.keys(flags).map((name) => `${component}.flags.${name}`),
    ...Object.keys(config).map((name) => `${component}.config.${name}`),
  ])

  it('should have a type for each setting that takes its own built-in value', () => {
    const strange = entries.filter((id) => {
      const [, component = '', section = '', name = ''] = /^([^.]+)\.([^.]+)\.(.*)$/.exec(id) ?? []
      const found = isOpenId(id) ? openKnob(id) : undefined
      if (found === undefined || 'refusal' in found) return false
      const settings = knownSettings.components[component]
      const builtIn = (section === 'flags' ? settings?.flags : settings?.config)?.[name]?.default
      return builtIn !== undefined && readValue(found.type, builtIn) === undefined
    })
    expect(strange).toEqual([])
  })

  it('should agree with the built-in values of named knobs', () => {
    const differing = catalogue.flatMap((named) => {
      // Its flag's 0 stands for 2 GiB, which is what etcd then tells.
      if (named.id === 'etcd.quotaBackendBytes') return []
      const id = openIdOf(named)
      const open = id === undefined || !isOpenId(id) ? undefined : openKnob(id)
      if (open === undefined || 'refusal' in open || open.stock === null) return []
      const same = named.stock !== null && isValueAsked(named.type, named.stock, open.stock)
      return same || readValue(named.type, open.stock) === named.stock
        ? []
        : [`${named.id}: ${named.stock}, not ${open.stock}`]
    })
    expect(differing).toEqual([])
  })
})

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
