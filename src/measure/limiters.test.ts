import { describe, expect, it } from 'vitest'
import { explainStops, readApiRequests, readLimiters } from './limiters.ts'
import type { ComponentMetrics, ComponentName, MetricSample } from './metrics.ts'
import { processStart } from './metrics.ts'

const limited = (qps: number, burst: number) => ({ kind: 'limited', qps, burst }) as const
const limits = {
  kubelet: limited(5, 10),
  events: limited(5, 10),
  controllers: limited(20, 30),
  scheduler: limited(50, 100),
}
const off = { kind: 'none' } as const
const unknown = { kind: 'unknown' } as const

function pageOf(component: ComponentName, samples: MetricSample[]): ComponentMetrics {
  return { component, instance: component, samples: [{ name: processStart, labels: {}, value: 1000 }, ...samples] }
}

function waits(
  component: ComponentName,
  byVerb: Record<string, [count: number, waitedSeconds: number]>,
): ComponentMetrics {
  const samples = Object.entries(byVerb).flatMap(([verb, [count, seconds]]): MetricSample[] => [
    { name: 'rest_client_rate_limiter_duration_seconds_count', labels: { verb, host: 'x' }, value: count },
    { name: 'rest_client_rate_limiter_duration_seconds_sum', labels: { verb, host: 'x' }, value: seconds },
  ])
  return pageOf(component, samples)
}

function answered(counts: Record<string, number>): ComponentMetrics {
  const samples = Object.entries(counts).map(([key, value]): MetricSample => {
    const [verb = '', path = ''] = key.split(' ')
    const [resource = '', subresource = ''] = path.split('/')
    return { name: 'apiserver_request_total', labels: { verb, resource, subresource, code: '200' }, value }
  })
  return pageOf('kube-apiserver', samples)
}

const before = [
  waits('kubelet', { GET: [12, 0.5] }),
  waits('kube-controller-manager', { POST: [40, 1] }),
  waits('kube-scheduler', { POST: [10, 0] }),
  answered({ 'POST pods': 1, 'WATCH pods': 9 }),
]
const after = [
  waits('kubelet', { GET: [211, 40.5], PATCH: [199, 39.5], POST: [600, 90] }),
  waits('kube-controller-manager', { POST: [260, 800], PUT: [20, 3] }),
  waits('kube-scheduler', { POST: [408, 190] }),
  answered({ 'POST pods': 200, 'PATCH pods/status': 199, 'POST events': 610, 'WATCH pods': 30 }),
]
const requests = { 'POST pods': 199, 'PATCH pods/status': 199, 'POST events': 610 }
const rollout = { podsCreated: 199, podsBound: 199, podsDeleted: 0, tokens: 0 }

describe('readApiRequests', () => {
  it('should count what was answered between the scrapes and leave watches out', () => {
    expect(readApiRequests({ before, after })).toEqual(requests)
  })
})

describe('readLimiters', () => {
  it('should have no reading, rather than one of zero, for a component that was not read both times', () => {
    const without = (metrics: ComponentMetrics[], component: string) =>
      metrics.filter((one) => one.component !== component)
    const clients = (first: ComponentMetrics[], second: ComponentMetrics[]) =>
      readLimiters({ before: first, after: second }, requests, limits, rollout).map(({ client }) => client)
    const managerOnce = without(before, 'kube-controller-manager')
    const kubelets = ['KubeClient', 'EventClient']
    expect(clients(managerOnce, without(after, 'kube-controller-manager'))).toEqual([...kubelets, 'bindings'])
    expect(clients(managerOnce, after)).toEqual([...kubelets, 'bindings'])
    expect(clients(without(before, 'kubelet'), without(after, 'kubelet'))).toEqual(['controllers', 'bindings'])
    expect(clients(without(before, 'kube-scheduler'), after)).toEqual([...kubelets, 'controllers'])
    expect(readApiRequests({ before: without(before, 'kube-apiserver'), after })).toBeUndefined()
  })

  it('should say which limits were not read when none that was accounts for a stop', () => {
    const without = (metrics: ComponentMetrics[]) =>
      metrics.filter((one) => one.component !== 'kube-controller-manager')
    const readings = readLimiters({ before: without(before), after: without(after) }, requests, limits, rollout)
    const unread = ['kube-controller-manager']
    const text = expect.stringMatching(/the kube-controller-manager's client limit was not read$/)
    expect(explainStops({ created: 9000, ready: 600_000 }, readings)).toEqual([
      { stop: 'created', boundBy: null, text, unread },
      { stop: 'ready', boundBy: null, text, unread },
    ])
    expect(explainStops({ ready: 80_000 }, readings)).toMatchObject([{ boundBy: 'kubelet/KubeClient' }])
  })

  it('should give the floor of the status writes when pods have no token', () => {
    const [kube, events, controllers, bindings] = readLimiters({ before, after }, requests, limits, rollout)
    expect(kube).toMatchObject({
      client: 'KubeClient',
      limit: 'limited',
      requests: { GET: 199, PATCH: 199 },
      gatingRequests: 398,
      waitedMs: 79_500,
      floorMs: 77_600,
    })
    expect(events).toMatchObject({ client: 'EventClient', requests: { POST: 600 }, waitedMs: 90_000 })
    expect(controllers).toMatchObject({ requests: { POST: 220, PUT: 20 }, gatingRequests: 199, floorMs: 8450 })
    // Its page has bindings and events under one verb.
    expect(bindings).toMatchObject({ requests: { POST: 199 }, gatingRequests: 199, floorMs: 1980, waitedMs: null })
  })

  it('should count tokens as a third call per pod when pods have one, and not know whose waits those of POST are (review 7)', () => {
    const tokens = { ...rollout, tokens: 199 }
    const shared = { ...requests, 'POST serviceaccounts/token': 250 }
    const [kube, events] = readLimiters({ before, after }, shared, limits, tokens)
    expect(kube).toMatchObject({ requests: { POST: 199 }, gatingRequests: 597, floorMs: 117_400, waitedMs: null })
    expect(events).toMatchObject({ requests: { POST: 401 }, waitedMs: null })
  })

  it('should give all waits of POST to KubeClient when nobody wrote an event', () => {
    const { 'POST events': _, ...quiet } = requests
    const [kube, events] = readLimiters({ before, after }, { ...quiet, 'POST serviceaccounts/token': 600 }, limits, {
      ...rollout,
      tokens: 600,
    })
    expect(kube).toMatchObject({ waitedMs: 169_500, gatingRequests: 998 })
    expect(events).toMatchObject({ requests: { POST: 0 }, waitedMs: 0 })
  })

  it('should not know whose POSTs were when the apiserver was not read', () => {
    const [kube, events] = readLimiters({ before, after }, undefined, limits, rollout)
    expect([kube?.waitedMs, kube?.gatingRequests, events?.waitedMs]).toEqual([null, 398, null])
    expect(readLimiters({ before, after }, undefined, limits, { ...rollout, tokens: 199 })).toMatchObject([
      { client: 'controllers' },
      { client: 'bindings' },
    ])
  })

  it('should count the pods that the probe saw come and go, and no more than the controllers wrote (review 6)', () => {
    const gating = (podsCreated: number, podsDeleted: number) =>
      readLimiters({ before, after }, { 'POST pods': 9999 }, limits, { ...rollout, podsCreated, podsDeleted }).find(
        ({ client }) => client === 'controllers',
      )?.gatingRequests
    expect([gating(199, 0), gating(1000, 0), gating(150, 150)]).toEqual([199, 220, 150])
  })

  it('should have no floor where the limit is switched off, as where it was not read', () => {
    const floors = (limit: typeof off | typeof unknown) =>
      readLimiters({ before, after }, requests, { ...limits, kubelet: limit }, rollout)[0]
    expect(floors(off)).toMatchObject({ limit: 'none', floorMs: null, qps: null })
    expect(floors(unknown)).toMatchObject({ limit: 'unknown', floorMs: null, qps: null })
  })

  it('should know that nothing waited where the limit is switched off, though nothing is counted then', () => {
    const pages = [pageOf('kube-controller-manager', [])]
    const of = (controllers: typeof off | ReturnType<typeof limited>) =>
      readLimiters({ before: pages, after: pages }, undefined, { ...limits, controllers }, rollout)
    expect(of(off)).toMatchObject([{ limit: 'none', waitedMs: 0, requests: {}, gatingRequests: 199 }])
    expect(of(limited(20, 30))).toEqual([])
  })
})

describe('explainStops', () => {
  const limiters = readLimiters({ before, after }, requests, limits, rollout)

  it('should name the slower limiter when its floor accounts for the stop', () => {
    const [available, created] = explainStops({ available: 79_700, created: 9100 }, limiters)
    expect(available).toEqual({
      stop: 'available',
      boundBy: 'kubelet/KubeClient',
      text: "bound by the kubelet's client limit: (398 requests - burst 10) / 5 per second = 77.6 s of 79.7 s",
    })
    expect(created?.boundBy).toBe('kube-controller-manager/controllers')
  })

  it('should name the scheduler for pods that wait to be bound, and not for their creation or their end', () => {
    const slow = { ...limits, kubelet: off, scheduler: limited(5, 10) }
    const readings = readLimiters({ before, after }, requests, slow, { ...rollout, podsDeleted: 199 })
    const [available, ready, ...others] = explainStops(
      { available: 38_000, ready: 39_000, created: 38_000, deleted: 38_000 },
      readings,
    )
    expect(available).toEqual({
      stop: 'available',
      boundBy: 'kube-scheduler/bindings',
      text: "bound by the kube-scheduler's client limit: (199 bindings - burst 10) / 5 per second = 37.8 s of 38.0 s",
    })
    expect(ready?.boundBy).toBe('kube-scheduler/bindings')
    expect(others.map(({ boundBy }) => boundBy)).toEqual([null, null])
  })

  it('should not know what bound a stop where the scheduler was not read and no other limit accounts for it', () => {
    const [available] = explainStops(
      { available: 200_000 },
      limiters.filter(({ component }) => component !== 'kube-scheduler'),
    )
    expect(available).toMatchObject({ boundBy: null, unread: ['kube-scheduler'] })
  })

  it('should say that no limit accounts for a stop when it came much later', () => {
    expect(explainStops({ ready: 200_000 }, limiters)[0]).toMatchObject({
      boundBy: null,
      text: expect.stringContaining('77.6 s of 3 m 20 s'),
    })
  })

  // The floor is 8.45 s.
  it.each<[number, string | null, boolean]>([
    [11_300, null, false],
    [11_200, 'kube-controller-manager/controllers', false],
    [8000, 'kube-controller-manager/controllers', false],
    [7700, 'kube-controller-manager/controllers', false],
    [7650, null, true],
    [10, null, true],
    [0, null, true],
  ])(
    'should take a floor of 8.45 s for the reason of a stop at %d ms only near it (review 6)',
    (created, boundBy, contradicts) => {
      const [explanation] = explainStops({ created }, limiters)
      expect([explanation?.boundBy, explanation?.contradicts ?? false]).toEqual([boundBy, contradicts])
    },
  )

  it('should give both figures when the arithmetic contradicts the time', () => {
    expect(explainStops({ created: 4000 }, limiters)[0]?.text).toBe(
      "the arithmetic contradicts this time: the kube-controller-manager's client limit needs (199 requests - burst 30) / 20 per second = 8.45 s, but it took 4.00 s",
    )
  })

  it('should say that a limit was not felt when all requests fit into the burst', () => {
    const generous = { ...limits, kubelet: limited(5, 400), controllers: limited(20, 400), scheduler: limited(50, 400) }
    const readings = readLimiters({ before, after }, requests, generous, rollout)
    const text = "no client limit: the kube-controller-manager's 199 requests fit into its burst of 400"
    const quiet = readings.map((reading) => ({ ...reading, waitedMs: 0 }))
    expect(explainStops({ created: 500, ready: 500 }, quiet)).toEqual([
      { stop: 'created', boundBy: null, text },
      {
        stop: 'ready',
        boundBy: null,
        text: `${text}, the kube-scheduler's 199 requests fit into its burst of 400, the kubelet's 398 requests fit into its burst of 400`,
      },
    ])
  })

  it('should tell a limit that is switched off from one that was not read', () => {
    const explain = (changed: Partial<typeof limits | Record<keyof typeof limits, typeof off | typeof unknown>>) =>
      explainStops({ ready: 200_000 }, readLimiters({ before, after }, requests, { ...limits, ...changed }, rollout))[0]
    expect(explain({ kubelet: off, controllers: off, scheduler: off })).toEqual({
      stop: 'ready',
      boundBy: null,
      text: "the kube-controller-manager's client limit is switched off; the kube-scheduler's client limit is switched off; the kubelet's client limit is switched off",
    })
    expect(explain({ kubelet: off, controllers: unknown, scheduler: off })).toMatchObject({
      text: "the kube-scheduler's client limit is switched off; the kubelet's client limit is switched off; the kube-controller-manager's client limit was not read",
      unread: ['kube-controller-manager'],
    })
    const tightest = explain({ controllers: off })
    expect(tightest?.text).toMatch(/77.6 s of 3 m 20 s; the kube-controller-manager's client limit is switched off$/)
    expect(tightest).not.toHaveProperty('unread')
  })

  it('should not say that requests fit into a burst when they waited: the bucket was not full', () => {
    const readings = readLimiters({ before, after }, requests, { ...limits, kubelet: limited(5, 400) }, rollout)
    expect(explainStops({ ready: 90_000 }, readings)).toEqual([
      {
        stop: 'ready',
        boundBy: null,
        unsure: true,
        text: "not known: the kubelet's bucket of 400 was not full at the start, and its 398 requests waited 79.5 s in total",
      },
    ])
    const lessThanFull = readings.map((reading) => ({ ...reading, waitedMs: 300 }))
    expect(explainStops({ ready: 90_000 }, lessThanFull)[0]).not.toHaveProperty('unsure')
  })

  // The floor is 77.6 s.
  it.each<[number, number, string | null, true | undefined]>([
    [79_700, 70_000, 'kubelet/KubeClient', undefined],
    [200_000, 50_000, null, undefined],
    [200_000, 120_000, null, true],
    [200_000, 200_000, null, true],
  ])('should not know what bound a stop of %d ms that was seen up to %d ms late', (ready, byMs, boundBy, unsure) => {
    const [explanation] = explainStops({ ready }, limiters, { ready: byMs })
    expect([explanation?.boundBy, explanation?.unsure]).toEqual([boundBy, unsure])
  })

  it('should not explain a stop that was not reached', () => {
    expect(explainStops({ ready: null }, limiters)).toEqual([])
  })
})
