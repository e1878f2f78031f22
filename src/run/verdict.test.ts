import { describe, expect, it } from 'vitest'
import type { Threshold } from '../plan/plan.ts'
import type { ArmOutcome, KnobOutcome } from '../result/result.ts'
import type { FillOutcome } from '../steps/fill/outcome.ts'
import type { ProbeOutcome } from '../steps/probe/outcome.ts'
import { probesIn, stepsDone } from '../testing/outcomes.ts'
import { boundsOf } from './thresholds.ts'
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
  timeoutMs: 30_000,
  atStart: { pods: 1, ready: 1 },
  progress: { created: { done: 5, total: 5 }, available: { done: 5, total: 5 }, ready: { done: 4, total: 5 } },
  machineBusy: null,
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
  const fleet = { flaps: { ...steady, ...flaps }, estimate: null }
  const probes = [{ ...rollout, node: 'hollow-0', ...probe }]
  const steps = stepsDone(fill as FillOutcome | null, probes)
  return { name: 'tuned', repetition: 1, outcome: 'complete', knobs, fleet, steps } as ArmOutcome
}

function judge(
  arms: ArmOutcome[],
  thresholds: Threshold[] = [{ probe: 'up', stop: 'available', of: 'tuned', max: '2s' }],
  interruption?: string,
) {
  return judgeRun({ thresholds: thresholds.flatMap((one) => boundsOf(one)), arms, ending: interruption })
}

describe('judgeRun', () => {
  it('should pass when all is accounted for and thresholds are met', () => {
    expect(judge([armWith()])).toMatchObject({
      verdict: 'pass',
      reasons: ['No pod was lost. The only threshold is met.'],
    })
  })

  it('should fail when a threshold is missed', () => {
    const { verdict, reasons } = judge([armWith({ stopsMs: { created: 10, available: 3000, ready: 900 } })])
    expect([verdict, reasons]).toEqual(['fail', ['missed: tuned up available at most 2.00 s (3.00 s)']])
  })

  it.each([
    [0, 'No threshold was judged.'],
    [1, 'The only threshold is met.'],
    [2, 'Both thresholds are met.'],
    [3, 'All 3 thresholds are met.'],
  ])('should say of %d thresholds met: %s', (count, words) => {
    const max = ['2s', '3s', '4s'].slice(0, count)
    const thresholds = max.map((bound): Threshold => ({ probe: 'up', stop: 'available', of: 'tuned', max: bound }))
    expect(judge([armWith()], thresholds).reasons).toEqual([`No pod was lost. ${words}`])
  })

  const down = { from: 5, to: 1, atStart: { pods: 5, ready: 5 }, stopsMs: { rsCurrent: 1, deleted: 1 } }
  it.each<[string, Partial<ProbeOutcome>, string]>([
    [
      'a stop was not reached',
      { stopsMs: { created: 1, available: 1, ready: null } },
      'timed out after 30.0 s with 4 of 5 Ready; raise probes.sequence[0].timeout',
    ],
    [
      'no pod of a scale-down went',
      {
        ...down,
        stopsMs: { rsCurrent: null, deleted: null },
        progress: { rsCurrent: { done: 1, total: 4 }, deleted: { done: 0, total: 4 } },
      },
      'timed out after 30.0 s with 1 of 4 gone from the ReplicaSet and 0 of 4 deleted; raise probes.sequence[0].timeout',
    ],
    ['a pod was lost after the stops', { pods: { ...pods, ready: 4 } }, '1 pod of 5 was not Ready at the end'],
    ['a pod was replaced', { pods: { ...pods, created: 6, unexpected: 1 } }, '1 pod more than the plan asks for'],
    ['the orchestrator stalled', { eventLoopDelayMaxMs: 1500 }, 'the orchestrator stalled for 1.50 s'],
    ['pods were not deleted', { ...down, pods: { ...pods, deleted: 1 } }, '3 pods of 4 were not deleted'],
    [
      'it started from other pods than planned',
      { ...down, atStart: { pods: 5, ready: 3 }, pods: { ...pods, deleted: 4 } },
      'started from 3 Ready of 5 pods instead of 5',
    ],
    ['a stop is missing', { stopsMs: { created: 1, available: 1 } }, 'ready was not recorded'],
  ])('should be inconclusive when %s, even with thresholds met (fault 23)', (_, probe, doubt) => {
    expect(judge([armWith(probe)], [])).toMatchObject({ verdict: 'inconclusive', reasons: [`tuned #1 up: ${doubt}`] })
  })

  it('should say of a probe that it started before another was finished, and name the timeout of the right one', () => {
    const [up = rollout] = probesIn(armWith({ stopsMs: { created: 1, available: null, ready: null } }))
    const after = { ...up, ...down, name: 'down', pods: { ...pods, deleted: 4 } }
    expect(judge([{ ...armWith(), steps: stepsDone(null, [up, after]) }], []).reasons).toEqual([
      'tuned #1 up: timed out after 30.0 s with 5 of 5 available and 4 of 5 Ready; raise probes.sequence[0].timeout',
      'tuned #1 down: started before up was finished',
    ])
    const late = { ...after, stopsMs: { rsCurrent: 1, deleted: null }, progress: { deleted: { done: 3, total: 4 } } }
    expect(judge([{ ...armWith(), steps: stepsDone(null, [...probesIn(armWith()), late]) }], []).reasons).toEqual([
      'tuned #1 down: timed out after 30.0 s with 3 of 4 deleted; raise probes.sequence[1].timeout',
    ])
  })

  it('should not pass when nothing was measured, whatever the thresholds (fault 35)', () => {
    const arm = armWith()
    const none = { ...arm, steps: [] }
    expect(judge([], [])).toMatchObject({ verdict: 'inconclusive', reasons: ['no arm ran'] })
    expect(judge([none], []).reasons).toEqual(['tuned #1: nothing was measured'])
    expect(judge([{ ...arm, name: 'untuned' }, none], []).reasons).toEqual(['tuned #1: nothing was measured'])
    const again = probesIn(arm).map((probe) => ({ ...probe, name: 'again' }))
    const second = { ...arm, name: 'untuned', steps: stepsDone(null, [...probesIn(arm), ...again]) }
    expect(judge([second, arm], []).reasons).toEqual(['tuned #1: again did not run; it did in another arm'])
    const unfilled = { ...arm, name: 'untuned' }
    const fill = {
      objects: {},
      pods: { ...pods, expected: 5, ready: 5 },
      eventLoopDelayMaxMs: null,
    } as unknown as FillOutcome
    const filled = { ...arm, steps: stepsDone(fill, probesIn(arm)) }
    expect(judge([filled, unfilled], []).reasons).toEqual(['untuned #1: fill did not run; it did in another arm'])
    expect(judge([{ ...arm, outcome: 'failed', error: 'it broke' }], []).reasons).toEqual(['tuned #1: it broke'])
  })

  it('should be inconclusive when a fill that is called complete lacks something', () => {
    const fill = {
      objects: { services: { expected: 3, observed: 2, failed: 0 } },
      pods: { ...pods, expected: 5, ready: 5 },
      eventLoopDelayMaxMs: null,
    }
    expect(judge([armWith({}, [], {}, fill)], []).reasons).toEqual(['tuned #1 fill: 2 of 3 services'])
  })

  it('should be inconclusive when a knob is not what was asked for', () => {
    const knob = { id: 'kubelet.kubeAPIQPS', requested: 50, effective: 5, status: 'differs' } as KnobOutcome
    expect(judge([armWith({}, [knob])])).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['tuned #1: kubelet.kubeAPIQPS should be 50, but is 5'],
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
        'No pod was lost. The only threshold is met.',
        '1 setting of the cluster could not be read back. It is taken on trust.',
      ],
    })
    expect(judge([armWith({}, [knob('unverified')])]).verdict).toBe('inconclusive')
    expect(judge([armWith({}, [knob('differs', 'operator')])]).verdict).toBe('inconclusive')
  })

  it('should pass when nodes flapped and came back, but not when one stayed away or was the probed one (fault 25)', () => {
    expect(judge([armWith({}, [], { count: 7, nodes: ['hollow-5'] })]).verdict).toBe('pass')
    expect(judge([armWith({}, [], { count: 1, nodes: ['hollow-5'], notReadyAtEnd: ['hollow-5'] })])).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['tuned #1: 1 node was not Ready at the end: hollow-5'],
    })
    const short = armWith({}, [], { count: 1, nodes: ['hollow-5'], notReadyAtEnd: ['hollow-5'] })
    Object.assign(short.fleet, { estimate: { coresNeeded: 2.8, cores: 2 } })
    expect(judge([short]).reasons).toEqual([
      'tuned #1: 1 node was not Ready at the end: hollow-5; the idle fleet was expected to need 2.8 of 2 cores',
    ])
    expect(judge([armWith({}, [], { count: 1, nodes: ['hollow-0'] })])).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['tuned #1: hollow-0, where the probes ran, did not stay Ready'],
    })
  })

  it('should be inconclusive when the orchestrator stalled while it filled the cluster (fault 23)', () => {
    expect(
      judge([armWith({}, [], {}, { objects: {}, pods: { ...pods, expected: 5 }, eventLoopDelayMaxMs: 2000 })]),
    ).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['tuned #1 fill: the orchestrator stalled for 2.00 s'],
    })
  })

  it('should be inconclusive when interrupted or when nothing was measured', () => {
    expect(judge([armWith()], [], 'interrupted by SIGINT').verdict).toBe('inconclusive')
    expect(judge([]).verdict).toBe('inconclusive')
  })
})
