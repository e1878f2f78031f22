import { describe, expect, it } from 'vitest'
import type { ArmOutcome } from '../result/result.ts'
import { sampleResult } from '../testing/results.ts'
import { viewOf } from './view.ts'

describe('report view', () => {
  it('should tell interrupted, failed and killed runs apart', () => {
    const result = sampleResult({ partial: true })
    expect(viewOf(result, []).partial).toBe('partial: unfinished')
    for (const outcome of ['interrupted', 'failed'] as const) {
      const arms = result.arms.map((arm, index): ArmOutcome => (index === 3 ? { ...arm, outcome } : arm))
      expect(viewOf({ ...result, arms }, []).partial).toBe(`partial: ${outcome}`)
    }
    expect(viewOf(sampleResult(), []).partial).toBeNull()
  })
})

describe('knobs', () => {
  it('should put what differs first and what was not applied apart', () => {
    const { differing, same, notApplied } = viewOf(sampleResult(), []).knobs
    expect(differing.map(({ id }) => id)).toContain('kubelet.kubeAPIQPS')
    expect(same.map(({ id }) => id)).toEqual(['kubelet.maxPods', 'etcd.quotaBackendBytes', 'etcd.snapshotCount'])
    expect(notApplied.map(({ id }) => id)).toEqual(['kubeProxy.ipvs.scheduler', 'host.nf_conntrack_max'])
  })

  it('should bring a knob forward when one repetition did not get its value', () => {
    const result = sampleResult()
    const knob = result.arms[2]?.knobs.find(({ id }) => id === 'etcd.snapshotCount')
    if (knob === undefined) throw new Error('the sample has this knob')
    knob.effective = 5000
    knob.status = 'differs'
    const view = viewOf(result, [])
    const found = view.knobs.differing.find(({ id }) => id === 'etcd.snapshotCount')
    expect(found?.cells[1]?.outcomes.map(({ repetitions, knob: { effective } }) => [repetitions, effective])).toEqual([
      [[1], 10_000],
      [[2], 5000],
    ])
    expect(view.caveats).toMatchObject([{ severity: 'bad', places: ['tuned #2: etcd.snapshotCount'] }])
  })

  it('should bring a knob forward when no arm could read it back', () => {
    const result = sampleResult()
    for (const arm of result.arms) {
      const knob = arm.knobs.find(({ id }) => id === 'etcd.snapshotCount')
      Object.assign(knob ?? {}, { effective: null, readFrom: null, status: 'unverified' })
    }
    expect(viewOf(result, []).knobs.differing.map(({ id }) => id)).toContain('etcd.snapshotCount')
  })

  it('should not bring forward what every arm left at the same built-in value', () => {
    const result = sampleResult()
    const builtIn = (value: (name: string) => number) => {
      for (const { name, knobs } of result.arms) {
        const knob = knobs.find(({ id }) => id === 'etcd.snapshotCount')
        Object.assign(knob ?? {}, { requested: null, effective: value(name), status: 'default' })
      }
      return viewOf(result, []).knobs.differing.map(({ id }) => id)
    }
    expect(builtIn(() => 10_000)).not.toContain('etcd.snapshotCount')
    expect(builtIn((name) => (name === 'tuned' ? 10_000 : 100_000))).toContain('etcd.snapshotCount')
  })

  it('should say whose note it is when only one profile has it', () => {
    const result = sampleResult()
    for (const arm of result.arms) {
      const knob = arm.knobs.find(({ id }) => id === 'kubelet.kubeAPIQPS')
      if (knob !== undefined && arm.name === 'tuned') knob.note = 'raised'
    }
    expect(viewOf(result, []).knobs.differing.find(({ id }) => id === 'kubelet.kubeAPIQPS')?.notes).toEqual([
      'tuned: raised',
    ])
  })
})
