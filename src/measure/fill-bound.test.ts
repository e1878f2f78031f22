import { describe, expect, it } from 'vitest'
import type { Distribution } from '../result/distribution.ts'
import type { LimiterReading } from '../result/parts.ts'
import type { FillSeen } from './fill-bound.ts'
import { explainFill } from './fill-bound.ts'

const pods = 40_000

function reading(component: string, client: string, [qps, burst]: [number, number], requests = pods): LimiterReading {
  const floorMs = (Math.max(0, requests - burst) / qps) * 1000
  return {
    component,
    client,
    limit: 'limited',
    qps,
    burst,
    requests: {},
    waitedMs: null,
    gatingRequests: requests,
    floorMs,
  }
}

/** Controllers and scheduler with these limits, and a kubelet of ten pods. */
function limitersOf(controllers: [number, number], scheduler: [number, number]): LimiterReading[] {
  return [
    reading('kube-controller-manager', 'controllers', controllers),
    reading('kube-scheduler', 'bindings', scheduler),
    reading('kubelet', 'KubeClient', [50, 100], 20),
  ]
}

function p99(ms: number): Distribution {
  return { count: pods, missing: 0, p50: ms / 2, p90: ms, p99: ms, max: ms }
}

/** Configmaps for 30 s, then Deployments for 2 s, and pods until the end. */
function fillOf(podsMs: number, changes: Partial<FillSeen> = {}): FillSeen {
  const stage = (name: string, objects: number, durationMs: number) => ({
    name,
    objects,
    durationMs,
    intendedPerSecond: 300,
  })
  return {
    durationMs: 30_000 + podsMs,
    stages: [stage('configmaps', 9000, 30_000), stage('deployments', 400, 2000)],
    podPhasesMs: {
      'T0 to created': p99(31_000),
      'created to bound': p99(90_000),
      'bound to started': p99(2000),
      'started to Ready': p99(1500),
    },
    machineBusy: null,
    ...changes,
  }
}

const tuned = limitersOf([500, 100], [50, 100])

describe('explainFill', () => {
  it('should name the scheduler where its bindings account for the time of the pods', () => {
    expect(explainFill(fillOf(805_000), tuned)).toEqual({
      stop: 'filled',
      boundBy: 'kube-scheduler/bindings',
      text: "bound by the kube-scheduler's client limit: (40000 bindings - burst 100) / 50 per second = 13 m 18 s of 13 m 25 s",
    })
  })

  it.each<[string, LimiterReading[], number, string]>([
    ['the controller-manager', limitersOf([20, 30], [50, 100]), 2_010_000, 'kube-controller-manager/controllers'],
    [
      'the kubelets',
      [...limitersOf([-1, 0], [50, 4e4]).slice(1, 2), reading('kubelet', 'KubeClient', [5, 10], 410)],
      82_000,
      'kubelet/KubeClient',
    ],
  ])('should name %s where that one is the slowest', (_, limiters, podsMs, boundBy) => {
    expect(explainFill(fillOf(podsMs), limiters).boundBy).toBe(boundBy)
  })

  it('should say that another limit takes as long, which raising the first alone would not help against', () => {
    expect(explainFill(fillOf(97_300), limitersOf([500, 500], [500, 500]))).toMatchObject({
      boundBy: 'kube-controller-manager/controllers',
      text: "bound by the kube-controller-manager's client limit: (40000 requests - burst 500) / 500 per second = 79.0 s of 97.3 s; the kube-scheduler's needs just as long",
    })
  })

  // The floor is 798 s.
  it.each<[number, string | null, true | undefined]>([
    [1_064_000, 'kube-scheduler/bindings', undefined],
    [1_065_000, null, undefined],
    [726_000, 'kube-scheduler/bindings', undefined],
    [725_000, null, true],
  ])('should take a floor of 798 s for the reason of %d ms only near it', (podsMs, boundBy, contradicts) => {
    const found = explainFill(fillOf(podsMs), tuned)
    expect([found.boundBy, found.contradicts]).toEqual([boundBy, contradicts])
  })

  it('should say whom pods waited for longest where no client limit accounts for the time', () => {
    const { boundBy, text } = explainFill(fillOf(150_000), limitersOf([500, 500], [500, 500]))
    expect(boundBy).toBeNull()
    expect(text).toMatch(/^not bound by a client limit; the tightest, the kube-controller-manager's, accounts for/)
    expect(text).toMatch(/; pods waited longest for the kube-scheduler \(created to bound, p99 90.0 s\)$/)
  })

  it('should say that a limit was not read, which may be what bound it', () => {
    const [controllers, , kubelet] = limitersOf([500, 500], [50, 100])
    const found = explainFill(
      fillOf(805_000),
      [controllers, kubelet].flatMap((one) => one ?? []),
    )
    expect(found).toMatchObject({ boundBy: null, unread: ['kube-scheduler'] })
  })

  it('should name the machine where no limit accounts for the time and it was busy', () => {
    const fast = limitersOf([500, 500], [500, 500])
    expect(explainFill(fillOf(400_000, { machineBusy: 0.95 }), fast).text).toMatch(/^bound by the machine, 95 % busy; /)
    expect(explainFill(fillOf(400_000, { machineBusy: 0.5 }), fast).text).not.toMatch(/the machine/)
    expect(explainFill(fillOf(805_000, { machineBusy: 0.95 }), tuned).boundBy).toBe('kube-scheduler/bindings')
  })

  it('should name the pace, or the apiserver that is slower, where the other objects took most of it', () => {
    const { stages } = fillOf(0)
    expect(explainFill(fillOf(10_000), tuned).text).toBe(
      "bound by the plan's pace: 9,000 configmaps / 300 per second took 30.0 s of 40.0 s",
    )
    const unpaced = stages.map((stage) => ({ ...stage, intendedPerSecond: null }))
    const slow = stages.map((stage) => ({ ...stage, intendedPerSecond: 3000 }))
    for (const changed of [unpaced, slow])
      expect(explainFill(fillOf(10_000, { stages: changed }), tuned).text).toBe(
        'bound by the kube-apiserver: creating 9,000 configmaps took 30.0 s of 40.0 s',
      )
  })

  it('should name the pace of the Deployments where their pods keep up with it', () => {
    const { stages } = fillOf(0)
    const slow = stages.map((stage) =>
      stage.name === 'deployments' ? { ...stage, durationMs: 90_000, intendedPerSecond: 4 } : stage,
    )
    expect(explainFill(fillOf(100_000, { stages: slow }), []).text).toBe(
      "bound by the plan's pace: 400 deployments / 4 per second took 90.0 s of 100.0 s",
    )
  })
})
