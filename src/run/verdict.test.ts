import { describe, expect, it } from 'vitest'
import type { Plan, Threshold } from '../plan/plan.ts'
import type { ArmOutcome, FillOutcome, KnobOutcome, ProbeOutcome } from '../result/result.ts'
import { judgeRun } from './verdict.ts'

const pods = {
  expected: 5,
  created: 5,
  bound: 5,
  started: 5,
  ready: 5,
  deleted: 0,
  unexpected: 0,
  censored: 0,
  censoredWithinMs: 0,
}
const rollout = {
  name: 'up',
  from: 1,
  to: 5,
  stopsMs: { created: 10, available: 1000, ready: 900 },
  stopsVagueByMs: {},
  pods,
  eventLoopDelayMaxMs: 12,
} as ProbeOutcome

const steady = { count: 0, nodes: [], notReadyAtEnd: [] }

function armWith(
  probe: Partial<ProbeOutcome> = {},
  knobs: KnobOutcome[] = [],
  flaps: Partial<ArmOutcome['fleet']['flaps']> = {},
  fill: Partial<FillOutcome> | null = null,
): ArmOutcome {
  const fleet = { flaps: { ...steady, ...flaps } }
  const probes = [{ ...rollout, node: 'hollow-0', ...probe }]
  return { profile: 'tuned', repetition: 1, knobs, fleet, fill, probes } as ArmOutcome
}

function judge(
  arms: ArmOutcome[],
  thresholds: Threshold[] = [{ probe: 'up', stop: 'available', of: 'tuned', max: '2s' }],
  interruption?: string,
) {
  return judgeRun({ thresholds } as unknown as Plan, arms, interruption)
}

describe('judgeRun', () => {
  it('should pass when all is accounted for and thresholds are met', () => {
    expect(judge([armWith()])).toMatchObject({
      verdict: 'pass',
      reasons: ['every pod is accounted for; all 1 thresholds are met'],
    })
  })

  it('should fail when a threshold is missed', () => {
    const { verdict, reasons } = judge([armWith({ stopsMs: { available: 3000 } })])
    expect([verdict, reasons]).toEqual(['fail', ['missed: tuned up available at most 2.00 s (3.00 s)']])
  })

  it.each<[string, Partial<ProbeOutcome>, string]>([
    ['a stop was not reached', { stopsMs: { created: 1, available: 1, ready: null } }, 'ready was not reached'],
    ['a pod never became Ready', { pods: { ...pods, ready: 4 } }, '1 of 5 pods are not accounted for'],
    ['a pod was replaced', { pods: { ...pods, created: 6, unexpected: 1 } }, '1 pods appeared that were not asked for'],
    ['the orchestrator stalled', { eventLoopDelayMaxMs: 1500 }, 'the orchestrator stalled for 1.50 s'],
    ['pods were not deleted', { from: 5, to: 1, pods: { ...pods, deleted: 3 } }, '1 of 5 pods are not accounted for'],
  ])('should be inconclusive when %s, even with thresholds met', (_, probe, doubt) => {
    expect(judge([armWith(probe)])).toMatchObject({ verdict: 'inconclusive', reasons: [`tuned #1 up: ${doubt}`] })
  })

  it('should be inconclusive when a knob is not what was asked for', () => {
    const knob = { id: 'kubelet.kubeAPIQPS', requested: 50, effective: 5, status: 'differs' } as KnobOutcome
    expect(judge([armWith({}, [knob])])).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['tuned #1: kubelet.kubeAPIQPS was to be 50, but is 5'],
    })
  })

  it('should not doubt a run because Kubernetes makes another value of a knob, which the report tells', () => {
    const knob = {
      id: 'host.nf_conntrack_max',
      requested: 2310720,
      effective: 1048576,
      status: 'overruled',
    } as KnobOutcome
    expect(judge([armWith({}, [knob])]).verdict).toBe('pass')
  })

  it('should take on trust, and say so, what the operator sets and nobody could read', () => {
    const knob = (status: KnobOutcome['status'], setBy?: 'operator') =>
      ({ id: 'etcd.snapshotCount', status, requested: 5000, effective: null, ...(setBy && { setBy }) }) as KnobOutcome
    expect(judge([armWith({}, [knob('unverified', 'operator')])])).toMatchObject({
      verdict: 'pass',
      reasons: [
        'every pod is accounted for; all 1 thresholds are met',
        'one setting of the cluster could not be read back and is taken on trust',
      ],
    })
    expect(judge([armWith({}, [knob('unverified')])]).verdict).toBe('inconclusive')
    expect(judge([armWith({}, [knob('differs', 'operator')])]).verdict).toBe('inconclusive')
  })

  it('should pass when nodes flapped and came back, but not when one stayed away or was the probed one', () => {
    expect(judge([armWith({}, [], { count: 7, nodes: ['hollow-5'] })]).verdict).toBe('pass')
    expect(judge([armWith({}, [], { count: 1, nodes: ['hollow-5'], notReadyAtEnd: ['hollow-5'] })])).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['tuned #1: 1 nodes were not Ready at the end: hollow-5'],
    })
    expect(judge([armWith({}, [], { count: 1, nodes: ['hollow-0'] })])).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['tuned #1: hollow-0, the node of the probes, did not stay Ready'],
    })
  })

  it('should be inconclusive when the orchestrator stalled while it filled the cluster', () => {
    expect(judge([armWith({}, [], {}, { eventLoopDelayMaxMs: 2000 })])).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['tuned #1 fill: the orchestrator stalled for 2.00 s'],
    })
  })

  it('should be inconclusive when interrupted or when nothing was measured', () => {
    expect(judge([armWith()], [], 'interrupted by SIGINT').verdict).toBe('inconclusive')
    expect(judge([]).verdict).toBe('inconclusive')
  })
})
