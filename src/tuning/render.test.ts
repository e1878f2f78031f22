import { describe, expect, it } from 'vitest'
import { requestsUnder } from '../testing/profiles.ts'
import { renderKnobs, schedulerFile } from './render.ts'

describe('renderKnobs', () => {
  it('should put kube-proxy’s gates into its file, beside which it ignores flags', () => {
    const { proxyConfiguration, flags, sysctls } = renderKnobs(
      requestsUnder('stock', {
        'kubeProxy.ipvs.scheduler': 'lc',
        'kube-proxy.featureGates.AllAlpha': false,
        'host.nf_conntrack_max': 262_144,
      }),
    )
    expect(proxyConfiguration).toEqual({ ipvs: { scheduler: 'lc' }, featureGates: { AllAlpha: false } })
    expect(flags).toEqual({})
    expect(sysctls).toEqual({ 'net.netfilter.nf_conntrack_max': '262144' })
  })
})

describe('schedulerFile', () => {
  const { file, flags } = schedulerFile(
    { percentageOfNodesToScore: 20, clientConnection: { acceptContentTypes: 'application/json' } },
    { kubeconfig: '/s/kube-scheduler.kubeconfig', flags: { 'kube-api-qps': '500', v: '4' } },
  )

  it('should hold what the flags of its client would say, which count for nothing beside a file', () => {
    expect(file).toEqual({
      apiVersion: 'kubescheduler.config.k8s.io/v1',
      kind: 'KubeSchedulerConfiguration',
      percentageOfNodesToScore: 20,
      clientConnection: {
        acceptContentTypes: 'application/json',
        kubeconfig: '/s/kube-scheduler.kubeconfig',
        qps: 500,
      },
    })
    expect(flags).toEqual({ v: '4' })
  })
})
