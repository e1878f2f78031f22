import { describe, expect, it } from 'vitest'
import { explainStops, readApiRequests, readLimiters } from './limiters.ts'
import type { ComponentMetrics, MetricSample } from './metrics.ts'

const limited = (qps: number, burst: number) => ({ kind: 'limited', qps, burst }) as const
const limits = { kubelet: limited(5, 10), events: limited(5, 10), controllers: limited(20, 30) }

function waits(
  component: ComponentMetrics['component'],
  byVerb: Record<string, [count: number, waitedSeconds: number]>,
): ComponentMetrics {
  const samples = Object.entries(byVerb).flatMap(([verb, [count, seconds]]): MetricSample[] => [
    { name: 'rest_client_rate_limiter_duration_seconds_count', labels: { verb, host: 'x' }, value: count },
    { name: 'rest_client_rate_limiter_duration_seconds_sum', labels: { verb, host: 'x' }, value: seconds },
  ])
  return { component, instance: component, samples }
}

function answered(counts: Record<string, number>): ComponentMetrics {
  const samples = Object.entries(counts).map(([key, value]): MetricSample => {
    const [verb = '', path = ''] = key.split(' ')
    const [resource = '', subresource = ''] = path.split('/')
    return { name: 'apiserver_request_total', labels: { verb, resource, subresource, code: '200' }, value }
  })
  return { component: 'kube-apiserver', instance: 'kube-apiserver', samples }
}

const before = [
  waits('kubelet', { GET: [12, 0.5] }),
  waits('kube-controller-manager', { POST: [40, 1] }),
  answered({ 'POST pods': 1, 'WATCH pods': 9 }),
]
const after = [
  waits('kubelet', { GET: [211, 40.5], PATCH: [199, 39.5], POST: [600, 90] }),
  waits('kube-controller-manager', { POST: [260, 800], PUT: [20, 3] }),
  answered({ 'POST pods': 200, 'PATCH pods/status': 199, 'WATCH pods': 30 }),
]

describe('readApiRequests', () => {
  it('should count what was answered between the scrapes and leave watches out', () => {
    expect(readApiRequests(before, after)).toEqual({ 'POST pods': 199, 'PATCH pods/status': 199 })
  })
})

describe('readLimiters', () => {
  it('should have no reading, rather than one of zero, for a component that was not read both times', () => {
    const without = (metrics: ComponentMetrics[], component: string) =>
      metrics.filter((one) => one.component !== component)
    const requests = readApiRequests(before, after)
    const clients = (first: ComponentMetrics[], second: ComponentMetrics[]) =>
      readLimiters(first, second, requests, limits).map(({ client }) => client)
    const managerOnce = without(before, 'kube-controller-manager')
    expect(clients(managerOnce, without(after, 'kube-controller-manager'))).toEqual(['KubeClient', 'EventClient'])
    expect(clients(managerOnce, after)).toEqual(['KubeClient', 'EventClient'])
    expect(clients(without(before, 'kubelet'), without(after, 'kubelet'))).toEqual(['controllers'])
    expect(readApiRequests(without(before, 'kube-apiserver'), after)).toEqual({})
  })

  it('should say which limits were not read when none that was accounts for a stop', () => {
    const without = (metrics: ComponentMetrics[]) =>
      metrics.filter((one) => one.component !== 'kube-controller-manager')
    const readings = readLimiters(without(before), without(after), readApiRequests(before, after), limits)
    expect(explainStops({ created: 9000, ready: 600_000 }, readings)).toEqual([
      {
        stop: 'created',
        boundBy: null,
        text: 'no client-side limiter was read for this stop',
        unread: ['kube-controller-manager'],
      },
      {
        stop: 'ready',
        boundBy: null,
        text: expect.stringMatching(/; the limit of the kube-controller-manager was not read$/),
        unread: ['kube-controller-manager'],
      },
    ])
    expect(explainStops({ ready: 80_000 }, readings)).toMatchObject([{ boundBy: 'kubelet/KubeClient' }])
  })

  it('should give the floor of the status writes when pods have no token', () => {
    const [kube, events, controllers] = readLimiters(before, after, readApiRequests(before, after), limits)
    expect(kube).toMatchObject({
      client: 'KubeClient',
      requests: { GET: 199, PATCH: 199 },
      gatingRequests: 398,
      waitedMs: 79_500,
      floorMs: 77_600,
    })
    expect(events).toMatchObject({ client: 'EventClient', requests: { POST: 600 }, waitedMs: 90_000 })
    expect(controllers).toMatchObject({ requests: { POST: 220, PUT: 20 }, gatingRequests: 199, floorMs: 8450 })
  })

  it('should count tokens as a third call per pod when pods have one', () => {
    const requests = { ...readApiRequests(before, after), 'POST serviceaccounts/token': 199 }
    const [kube, events] = readLimiters(before, after, requests, limits)
    expect(kube).toMatchObject({ gatingRequests: 597, floorMs: 117_400 })
    expect(events?.requests).toEqual({ POST: 401 })
  })

  it('should have no floor when the limit could not be read', () => {
    const [kube] = readLimiters(before, after, {}, { ...limits, kubelet: { kind: 'unknown' } })
    expect(kube?.floorMs).toBeNull()
  })
})

describe('explainStops', () => {
  const limiters = readLimiters(before, after, readApiRequests(before, after), limits)

  it('should name the slower limiter when its floor accounts for the stop', () => {
    const [available, created] = explainStops({ available: 79_700, created: 9100 }, limiters)
    expect(available).toEqual({
      stop: 'available',
      boundBy: 'kubelet/KubeClient',
      text: "bound by the kubelet's client limit: (398 requests - burst 10) / 5 per second = 77.6 s of 79.7 s",
    })
    expect(created?.boundBy).toBe('kube-controller-manager/controllers')
  })

  it('should say that no limit accounts for a stop when it came much later', () => {
    expect(explainStops({ ready: 200_000 }, limiters)[0]).toMatchObject({
      boundBy: null,
      text: expect.stringContaining('77.6 s of 3 m 20 s'),
    })
  })

  it('should say that a limit was not felt when all requests fit into the burst', () => {
    const burst = { kubelet: limited(5, 400), controllers: limited(20, 400) }
    const generous = readLimiters(before, after, {}, { ...limits, ...burst })
    expect(explainStops({ ready: 500 }, generous)[0]).toMatchObject({
      boundBy: null,
      text: "no client limit: the kubelet's 398 requests fit into its burst of 400",
    })
  })

  it('should not explain a stop that was not reached', () => {
    expect(explainStops({ ready: null }, limiters)).toEqual([])
  })
})
