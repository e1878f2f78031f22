import { describe, expect, it } from 'vitest'
import { Failure } from '../../../base/errors.ts'
import type { ArmOutcome, Result } from '../../../result/result.ts'
import { createdOnce } from './created-once.ts'
import { endsInTime } from './ends-in-time.ts'
import { noPassWithoutData } from './no-pass-without-data.ts'
import type { Sample } from './no-sample-lost.ts'
import { noSampleLost } from './no-sample-lost.ts'
import { nothingLeft } from './nothing-left.ts'
import type { Witness, WitnessedPod } from './witness.ts'

const pod: WitnessedPod = { namespace: 'probe', name: 'web-1', role: 'probe', createdMs: 1000, readyMs: 2000 }
const witnessed = (parts: Partial<Witness> = {}): Witness => ({
  armId: 'tuned-1',
  created: new Map([['configmaps a/b', 1]]),
  pods: new Map([['uid', pod]]),
  left: [],
  ...parts,
})
const probe = { name: 'rollout', from: 0, to: 1, stopsMs: { ready: 5 }, pods: { created: 1, expected: 1 } }
const arm = (parts: object = {}) =>
  ({
    profile: 'tuned',
    outcome: 'complete',
    fill: null,
    probes: [probe],
    residue: [],
    ...parts,
  }) as unknown as ArmOutcome
const sample: Sample = { measured: 'rollout', uid: 'uid', createdMs: 1001, readyMs: 2001, censored: [] }
const result = (parts: object = {}) =>
  ({ verdict: 'pass', partial: false, arms: [arm()], thresholds: [], durationMs: 1000, ...parts }) as unknown as Result

describe('created once', () => {
  it('should hold when every object came to be once', () => expect(createdOnce(witnessed())).toEqual([]))
  it('should be broken when one came to be twice', () =>
    expect(createdOnce(witnessed({ created: new Map([['configmaps a/b', 2]]) }))).toEqual([
      'configmaps a/b was created 2 times',
    ]))
})

describe('nothing left', () => {
  it('should hold when nothing is there, or what is there was told of', () => {
    expect(nothingLeft(witnessed(), arm())).toEqual([])
    expect(nothingLeft(witnessed({ left: ['pods a/b'] }), arm({ residue: ['namespace a is still there'] }))).toEqual([])
  })
  it('should be broken when something is there and nothing was told', () =>
    expect(nothingLeft(witnessed({ left: ['pods a/b'] }), arm())).toHaveLength(1))
})

describe('no sample lost', () => {
  it('should hold when samples say what happened', () => expect(noSampleLost(witnessed(), arm(), [sample])).toEqual([]))
  it.each<[string, Sample[]]>([
    ['a pod has no sample', []],
    ['a sample is of no pod', [sample, { ...sample, uid: 'other' }]],
    ['a moment is told before it was', [{ ...sample, readyMs: 1999 }]],
    ['a moment is told late, as exact', [{ ...sample, readyMs: 60_000 }]],
    ['a moment is told that never was', [{ ...sample, deletedMs: 3000 }]],
  ])('should be broken when %s', (_, samples) => expect(noSampleLost(witnessed(), arm(), samples)).not.toEqual([]))
  it('should hold when a late moment says that it is', () =>
    expect(noSampleLost(witnessed(), arm(), [{ ...sample, readyMs: 60_000, censored: ['readyMs'] }])).toEqual([]))
})

describe('no pass without data', () => {
  it('should hold when everything was measured, and when the verdict is no pass', () => {
    expect(noPassWithoutData(result())).toEqual([])
    expect(noPassWithoutData(result({ verdict: 'inconclusive', partial: true }))).toEqual([])
  })
  it.each<[string, object]>([
    ['the run is partial', { partial: true }],
    ['a stop has no value', { arms: [arm({ probes: [{ ...probe, stopsMs: { ready: null } }] })] }],
    ['an arm has no probe', { arms: [arm({ probes: [] })] }],
    ['an arm failed', { arms: [arm({ outcome: 'failed' })] }],
    ['objects are missing', { arms: [arm({ fill: { objects: { pods: { expected: 2, observed: 1 } } } })] }],
    ['a threshold has no value', { thresholds: [{ name: 'x', actual: null }] }],
  ])('should be broken when %s', (_, parts) => expect(noPassWithoutData(result(parts))).toHaveLength(1))
})

describe('ends in time', () => {
  it('should hold for a run that failed in good order', () =>
    expect(endsInTime({ result: result(), error: new Failure('infrastructure', 'no answer') })).toEqual([]))
  it('should be broken by a bug, and by a run of many hours', () => {
    expect(endsInTime({ result: result(), error: new TypeError('x is not a function') })).toHaveLength(1)
    expect(endsInTime({ result: result({ durationMs: 10 * 3_600_000 }) })).toHaveLength(1)
  })
})
