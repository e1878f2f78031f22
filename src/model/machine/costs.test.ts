import { describe, expect, it } from 'vitest'
import type { Calibration } from '../../result/calibration.ts'
import { machineForTests } from '../../testing/model.ts'
import { costsOf } from './costs.ts'

const { calibration } = machineForTests()

/** The calibration with other figures for reads, of which there were 1000 in ten seconds, and for idling. */
function calibrationOf(used: {
  idleMs: number
  apiserverMs: number
  etcdMs: number
  readP50Ms: number | null
}): Calibration {
  const { latenciesMs, phases } = calibration
  const { base, reads } = phases
  const cpuMs = { 'kube-apiserver': used.apiserverMs, etcd: used.etcdMs }
  return {
    ...calibration,
    latenciesMs: { ...latenciesMs, read: { ...latenciesMs.read, p50: used.readP50Ms } },
    phases: {
      ...phases,
      base: { ...base, durationMs: 10_000, cpuMs: { 'kube-apiserver': used.idleMs } },
      reads: { ...reads, units: 1000, durationMs: 10_000, cpuMs },
    },
  }
}

describe('what the model takes from a calibration', () => {
  it('should be the processor time of one request, without what the component takes when idle', () => {
    const costs = costsOf(calibrationOf({ idleMs: 1000, apiserverMs: 3000, etcdMs: 500, readP50Ms: 3 }))
    expect(costs.requests.read.apiserverMs).toBeCloseTo(2, 9)
    expect(costs.requests.read.etcdMs).toBeCloseTo(0.5, 9)
    expect(costs.idleMsPerSecond['kube-apiserver']).toBeCloseTo(100, 9)
    // What is left of a read's latency, for each way.
    expect(costs.networkMs).toBeCloseTo(0.25, 9)
  })

  it('should be nothing for work that took less than idling, and a little for a network that is not seen', () => {
    const costs = costsOf(calibrationOf({ idleMs: 1000, apiserverMs: 900, etcdMs: 0, readP50Ms: 0.01 }))
    expect(costs.requests.read.apiserverMs).toBe(0)
    expect(costs.networkMs).toBe(0.05)
  })

  it('should refuse a calibration in which a latency that is needed was not measured', () => {
    const incomplete = calibrationOf({ idleMs: 0, apiserverMs: 1000, etcdMs: 0, readP50Ms: null })
    expect(() => costsOf(incomplete)).toThrow('the calibration has no latenciesMs.read.p50')
  })

  it('should take an event for a bare write, and give what pods take besides to their other writes', () => {
    const { phases } = calibration
    const taking = (units: number, apiserverMs: number) => ({
      units,
      durationMs: 0,
      cpuMs: { 'kube-apiserver': units * apiserverMs },
    })
    const costs = costsOf({
      ...calibration,
      phases: {
        ...phases,
        reads: { ...phases.reads, ...taking(1000, 0.5) },
        writes: { ...phases.writes, ...taking(1000, 0.75) },
        podStart: {
          ...phases.podStart,
          ...taking(10, 14),
          requests: { 'POST events': 40, 'GET pods': 20, 'POST pods': 10, 'PATCH pods/status': 40 },
        },
      },
    })
    expect(costs.requests.create.apiserverMs).toBeCloseTo(0.75, 9)
    // Of 14 ms, four events take 3 and two reads 1.
    expect(costs.requests.pod.apiserverMs).toBeCloseTo(2, 9)
  })

  it('should tell what a kubelet takes for a pod alone from what it takes for each other pod of the node', () => {
    const { phases } = calibration
    const ofPods = (units: number, perPodMs: number, statuses: number) => ({
      ...phases.podStart,
      units,
      durationMs: 0,
      cpuMs: { 'hollow-node': units * perPodMs },
      requests: { 'PATCH pods/status': units * statuses },
    })
    // Two nodes of eleven pods each, and one node of 101: five others are there on average, and fifty.
    const costs = costsOf({
      ...calibration,
      phases: {
        ...phases,
        nodeStart: { ...phases.nodeStart, units: 2 },
        podStart: ofPods(22, 6, 1),
        crowdStart: ofPods(101, 15, 2),
        podStop: ofPods(22, 4, 1),
        crowdStop: ofPods(101, 8.5, 1),
      },
    })
    expect(costs.kubelet.podStartMs).toBeCloseTo(5, 9)
    expect(costs.kubelet.podStopMs).toBeCloseTo(3.5, 9)
    // A stop is three changes of a pod, of which one counts twice; a start is three and the admission.
    expect(costs.kubelet.changeMsPerPod).toBeCloseTo(0.1 / 4, 9)
    expect(costs.kubelet.admitMsPerPod).toBeCloseTo(0.2 - (3 * 0.1) / 4, 9)
  })

  it('should take pods to cost the same on every node when no crowd was measured', () => {
    const { crowdStart, crowdStop, ...phases } = calibration.phases
    const { changeMsPerPod, admitMsPerPod } = costsOf({ ...calibration, phases }).kubelet
    expect([changeMsPerPod, admitMsPerPod]).toEqual([0, 0])
  })

  it('should be a positive number for every kind of work of the calibration that comes along', () => {
    const numbersOf = (value: unknown): number[] =>
      typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersOf) : [value as number]
    const { idleMsPerSecond: _, ...costs } = costsOf(calibration)
    if (calibration.phases.crowdStart === undefined)
      costs.kubelet = { ...costs.kubelet, changeMsPerPod: 1, admitMsPerPod: 1 }
    for (const cost of numbersOf(costs)) expect(cost).toBeGreaterThan(0)
  })
})
