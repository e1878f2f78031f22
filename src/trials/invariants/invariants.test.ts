import { describe, expect, it } from 'vitest'
import { Failure } from '../../base/errors.ts'
import type { Plan } from '../../plan/plan.ts'
import type { PlannedWorkload } from '../../plan/workload.ts'
import type { Result } from '../../result/result.ts'
import type { PodTimeline, SampleLine } from '../../result/sample-line.ts'
import type { FillOutcome } from '../../steps/fill/outcome.ts'
import type { ProbeOutcome } from '../../steps/probe/outcome.ts'
import { stepsDone } from '../../testing/outcomes.ts'
import { stepsOf } from '../../testing/plans.ts'
import { armOf } from '../../testing/profiles.ts'
import type { FaultKind } from '../faults/index.ts'
import { createdOnce as checkCreatedOnce } from './created-once.ts'
import { endsAfterFaults as checkEndsAfterFaults } from './ends-after-faults.ts'
import { endsInTime as checkEndsInTime } from './ends-in-time.ts'
import { equalArms as checkEqualArms } from './equal-arms.ts'
import { everyArmSeen as checkEveryArmSeen } from './every-arm-seen.ts'
import type { Evidence, Finding, Recovery } from './evidence.ts'
import { checkedIn, examine, invariantNames, violationsIn } from './index.ts'
import { noFailureWithoutCause as checkNoFailureWithoutCause } from './no-failure-without-cause.ts'
import { noPassWithoutData as checkNoPassWithoutData } from './no-pass-without-data.ts'
import { noSampleLost as checkNoSampleLost } from './no-sample-lost.ts'
import { noStopTooEarly as checkNoStopTooEarly } from './no-stop-too-early.ts'
import { nothingLeft as checkNothingLeft } from './nothing-left.ts'
import { recovers as checkRecovers } from './recovers.ts'
import type { OwnObject, Witness, WitnessedPod } from './witness.ts'

/** An invariant, as what it complains of. */
const complaints =
  <E>(check: (evidence: E) => Finding) =>
  (evidence: E) =>
    check(evidence).violations
const everyArmSeen = complaints(checkEveryArmSeen)
const endsAfterFaults = complaints(checkEndsAfterFaults)
const recovers = complaints(checkRecovers)
const createdOnce = complaints(checkCreatedOnce)
const endsInTime = complaints(checkEndsInTime)
const equalArms = complaints(checkEqualArms)
const noFailureWithoutCause = complaints(checkNoFailureWithoutCause)
const noPassWithoutData = complaints(checkNoPassWithoutData)
const noSampleLost = complaints(checkNoSampleLost)
const noStopTooEarly = complaints(checkNoStopTooEarly)
const nothingLeft = complaints(checkNothingLeft)
const violationsOf = (one: Evidence) => violationsIn(examine(one))

const workload = {
  namespaces: 1,
  sizeClasses: [{ name: 'small', share: 1, minimumPods: 1 }],
  pods: { total: 1, deploymentsPerNamespace: 1, image: 'pause', serviceAccountToken: false, mountingShare: 0 },
  services: 0,
  serviceAccounts: 0,
  pace: { concurrency: 1 },
  timeout: 60_000,
} as unknown as PlannedWorkload

const plan = {
  seed: 1,
  repetitions: 1,
  fleet: { nodes: 1, timeout: 60_000 },
  steps: stepsOf(workload, [{ name: 'rollout', from: 1, to: 2, timeout: 60_000 }]),
  arms: [armOf('tuned')],
  probes: { settle: 0 },
} as unknown as Plan

const own = (resource: OwnObject['resource'], role?: string, created = 1): OwnObject => ({ resource, role, created })
const pod = (parts: Partial<WitnessedPod> = {}): WitnessedPod => ({
  namespace: 'run-7-probe',
  name: 'probe-1',
  role: 'probe',
  createdMs: 20_000,
  readyMs: 21_000,
  ...parts,
})
const filled = pod({
  namespace: 'scale-test-small-01',
  name: 'app-1',
  role: 'workload',
  createdMs: 1000,
  readyMs: 2000,
})

const witness: Witness = {
  armId: 'tuned-1',
  nowMs: () => 50_000,
  own: new Map([
    ['namespaces /scale-test-small-01', own('namespaces', 'workload')],
    ['configmaps scale-test-small-01/scale-test-watch-lag', own('configmaps', 'canary')],
    ['deployments scale-test-small-01/app-01', own('deployments', 'workload')],
    ['namespaces /run-7-probe', own('namespaces')],
    ['deployments run-7-probe/probe', own('deployments')],
  ]),
  pods: new Map([
    ['w', filled],
    ['p1', pod()],
    ['p2', pod({ name: 'probe-2', createdMs: 30_100, readyMs: 30_500 })],
  ]),
  scaled: [
    { atMs: 19_000, replicas: 1 },
    { atMs: 30_010, replicas: 2 },
  ],
  left: () => [],
  there: () => [],
  conclude: () => {},
  concludedMs: () => 50_000,
}

const probe = {
  name: 'rollout',
  from: 1,
  to: 2,
  stopsMs: { created: 101, ready: 502, available: 510 },
  pods: { expected: 2, created: 2, ready: 2, deleted: 0, unexpected: 0 },
}
const fill = {
  objects: {
    namespaces: { expected: 1, observed: 1, failed: 0 },
    deployments: { expected: 1, observed: 1, failed: 0 },
    pods: { expected: 1, observed: 1, failed: 0 },
  },
  pods: { expected: 1, created: 1, ready: 1, unexpected: 0 },
}
/** Steps with as much of their outcomes as the invariants look at. */
const doneWith = (filling: object | null, probes: object[]) =>
  stepsDone(filling as FillOutcome | null, probes as ProbeOutcome[])
const arm = {
  id: 'tuned-1',
  name: 'tuned',
  profile: 'tuned',
  repetition: 1,
  outcome: 'complete',
  controlPlaneReadyMs: 0,
  fleet: { flaps: { count: 0, nodes: [], notReadyAtEnd: [] } },
  steps: doneWith(fill, [probe]),
  residue: [] as string[],
}
const sample = (uid: string, createdMs: number, readyMs: number): PodTimeline => ({
  name: uid,
  uid,
  createdMs,
  readyMs,
  censored: [],
})
const taken = (probe: string, atMs: number, pods: readonly PodTimeline[]): SampleLine[] => [
  ...pods.map((pod) => ({ armId: 'tuned-1', atMs, kind: 'pod' as const, probe, ...pod })),
  { armId: 'tuned-1', atMs, kind: 'pods', probe, count: pods.length },
]
const rollout = [sample('p1', 20_001, 21_001), sample('p2', 30_101, 30_501)]

const recovered: Recovery = {
  wentOnMs: 20_000,
  cleanedAfterMs: 5000,
  residue: [],
  left: [],
  again: { verdict: 'pass', reasons: [] } as unknown as Result,
  leftAgain: [],
}

/** What is known of a good run, with some of it replaced. */
function evidence(
  parts: {
    result?: object
    arm?: object
    probe?: object
    fill?: object
    witness?: Partial<Witness>
    samples?: PodTimeline[]
    filled?: PodTimeline[]
    error?: unknown
    struck?: FaultKind[]
    wasHurried?: boolean
    recovery?: Partial<Recovery>
  } = {},
): Evidence {
  const outcome = { ...arm, steps: doneWith({ ...fill, ...parts.fill }, [{ ...probe, ...parts.probe }]), ...parts.arm }
  return {
    plan,
    result: {
      run: 'run-7',
      verdict: 'pass',
      reasons: [],
      partial: false,
      durationMs: 60_000,
      arms: [outcome],
      thresholds: [],
      ...parts.result,
    } as unknown as Result,
    error: parts.error,
    samples: [
      ...taken('fill', 10_000, parts.filled ?? [sample('w', 1001, 2001)]),
      ...taken('rollout', 40_000, parts.samples ?? rollout),
    ],
    witnesses: [{ ...witness, ...parts.witness }],
    struck: new Set(parts.struck),
    wasHurried: parts.wasHurried ?? false,
    recovery: { ...recovered, ...parts.recovery },
  }
}

const withOwn = (key: string, object: OwnObject): Partial<Witness> => ({
  own: new Map([...witness.own, [key, object]]),
})
const withPod = (uid: string, one: WitnessedPod): Partial<Witness> => ({ pods: new Map([...witness.pods, [uid, one]]) })

describe('the invariants', () => {
  it('should all hold for a good run', () => expect(violationsOf(evidence())).toEqual([]))
  it('should name the one that is broken', () =>
    expect(violationsOf(evidence({ result: { partial: true } }))).toEqual([
      'no pass without data: passed although the run is partial',
    ]))
})

describe('what the invariants look at', () => {
  it('should be counted: objects, samples, stops, arms', () =>
    expect(checkedIn(examine(evidence()))).toEqual({
      'every arm seen': 1,
      'created once': 8,
      'nothing left': 8,
      'no sample lost': 3,
      'no stop too early': 3,
      'no pass without data': 1,
      'equal arms': 0,
      'ends in time': 1,
      'ends after faults': 1,
      recovers: 1,
      'no failure without cause': 1,
    }))

  it('should be nothing where a run has none of it', () => {
    const nothing = checkedIn(
      examine(evidence({ arm: { steps: [] }, witness: { own: new Map(), pods: new Map() }, samples: [], filled: [] })),
    )
    expect(invariantNames.filter((name) => nothing[name] === 0)).toEqual([
      'created once',
      'nothing left',
      'no sample lost',
      'no stop too early',
      'equal arms',
    ])
  })

  it('should be every arm: a cluster of which the run says nothing is a complaint, and an arm whose cluster nobody saw (review 36)', () => {
    expect(everyArmSeen(evidence({ witness: { armId: 'tuned-2' } }))).toEqual([
      'nobody saw the cluster of tuned-1',
      'the run says nothing of the cluster of tuned-2',
    ])
    const { witnesses: _, ...blind } = evidence()
    expect(everyArmSeen({ ...blind, witnesses: [] })).toEqual(['nobody saw the cluster of tuned-1'])
    expect(everyArmSeen({ ...evidence({ arm: { controlPlaneReadyMs: null } }), witnesses: [] })).toEqual([])
  })
})

describe('created once', () => {
  it.each<[string, Partial<Witness>, string]>([
    [
      'an object came to be twice',
      withOwn('namespaces /run-7-probe', own('namespaces', undefined, 2)),
      'namespaces /run-7-probe was created 2 times',
    ],
    [
      'an object is not in the plan',
      withOwn('secrets a/b', own('secrets')),
      'secrets a/b was created and is not in the plan',
    ],
    ['there are more pods', withPod('x', pod({ name: 'x' })), 'there were 3 probe pods, of 2 planned'],
  ])('should be broken when %s', (_, changed, told) =>
    expect(createdOnce(evidence({ witness: changed }))).toEqual([told]),
  )
  it('should hold for more pods when the run tells of them, or they came after its last look', () => {
    const more = withPod('x', pod({ name: 'x' }))
    const flaps = { count: 1, nodes: ['a'], notReadyAtEnd: ['a'] }
    expect(createdOnce(evidence({ witness: more, arm: { fleet: { flaps } } }))).toEqual([])
    expect(createdOnce(evidence({ witness: withPod('x', pod({ createdMs: 50_000 })) }))).toEqual([])
  })
})

describe('nothing left', () => {
  const left = [{ key: 'pods a/b', namespace: 'a' }]
  it('should hold when what is there was told of by the name of its namespace', () =>
    expect(
      nothingLeft(
        evidence({
          witness: { left: () => left },
          arm: { residue: ['Fill: namespace a is still there: Terminating'] },
        }),
      ),
    ).toEqual([]))
  it('should be broken when nothing was told, or something else', () => {
    expect(nothingLeft(evidence({ witness: { left: () => left } }))).toHaveLength(1)
    expect(
      nothingLeft(evidence({ witness: { left: () => left }, arm: { residue: ['Fill: not done after 10 m'] } })),
    ).toHaveLength(1)
    expect(
      nothingLeft(evidence({ witness: { left: () => left }, arm: { residue: ['Fill: namespace ab is still there'] } })),
    ).toEqual(['1 objects were left in tuned-1 and not reported: pods a/b'])
  })
})

describe('no sample lost', () => {
  it.each<[string, Parameters<typeof evidence>[0]]>([
    ['a pod of a probe has no sample', { samples: rollout.slice(1) }],
    ['a pod of the fill has no sample', { filled: [] }],
    ['a pod has two samples', { samples: [...rollout, rollout[0]!] }],
    ['a sample is of no pod', { samples: [...rollout, sample('other', 1, 2)] }],
    ['a moment is told before it was', { samples: [rollout[0]!, sample('p2', 30_099, 30_501)] }],
    ['a moment is told late, as exact', { samples: [rollout[0]!, sample('p2', 30_101, 39_000)] }],
    ['a moment is told that never was', { samples: [{ ...rollout[0]!, deletedMs: 39_000 }, rollout[1]!] }],
    [
      'a stop was reached without the samples for it',
      { samples: [rollout[0]!, { ...rollout[1]!, readyMs: undefined! }] },
    ],
    ['a count is more than there is', { fill: { objects: { namespaces: { expected: 1, observed: 2, failed: 0 } } } }],
    ['a count is right by accident', { fill: { objects: { namespaces: { expected: 0, observed: 0, failed: 0 } } } }],
    ['the fill counts pods it has no samples of', { fill: { pods: { ...fill.pods, created: 2 } } }],
  ])('should be broken when %s', (_, parts) => expect(noSampleLost(evidence(parts))).not.toEqual([]))
  it('should be broken when a probe that was begun has handed nothing over', () => {
    const { samples, ...others } = evidence({ arm: { steps: doneWith(fill, []) } })
    // The fill's pod and count, and a pod of the rollout, whose count never came.
    expect(noSampleLost({ ...others, samples: samples.slice(0, 3) })).toEqual([
      'no samples of rollout were handed over',
    ])
  })
  it('should hold when a late moment says that it is', () =>
    expect(
      noSampleLost(evidence({ samples: [rollout[0]!, { ...sample('p2', 30_101, 39_000), censored: ['readyMs'] }] })),
    ).toEqual([]))
})

describe('no stop too early', () => {
  it('should be broken by a stop that is told sooner than it came', () =>
    expect(noStopTooEarly(evidence({ probe: { stopsMs: { created: 50, ready: 502, available: 400 } } }))).toEqual([
      'rollout: created was reported as 50 ms but took at least 90 ms',
      'rollout: available was reported as 400 ms but took at least 490 ms',
    ]))
  it('should be broken by a stop that never came', () => {
    const never = new Map([...witness.pods].filter(([uid]) => uid !== 'p2'))
    expect(noStopTooEarly(evidence({ witness: { pods: never } }))).toContain(
      'rollout: created was reported but was not reached',
    )
  })
})

describe('no pass without data', () => {
  it.each<[string, Parameters<typeof evidence>[0]]>([
    ['the run is partial', { result: { partial: true } }],
    ['the run was ended', { error: new Failure('infrastructure', 'no answer') }],
    ['an arm is missing', { result: { arms: [] } }],
    ['an arm failed', { arm: { outcome: 'failed' } }],
    ['nothing was filled', { arm: { steps: doneWith(null, [probe]) } }],
    ['an object is missing', { fill: { objects: { pods: { expected: 2, observed: 1, failed: 0 } } } }],
    ['a pod of the fill is not Ready', { fill: { pods: { ...fill.pods, ready: 0 } } }],
    ['a stop has no value', { probe: { stopsMs: { created: 1, ready: null } } }],
    ['a pod of a probe is not Ready', { probe: { pods: { ...probe.pods, ready: 1 } } }],
    ['a probe is missing', { arm: { steps: doneWith(fill, []) } }],
    ['nodes are away', { arm: { fleet: { flaps: { count: 1, nodes: ['a'], notReadyAtEnd: ['a'] } } } }],
    ['a threshold is open', { result: { thresholds: [{ name: 'x', verdict: 'inconclusive', actual: null }] } }],
  ])('should be broken when %s', (_, parts) => {
    expect(noPassWithoutData(evidence(parts))).toHaveLength(1)
    const { result, ...others } = evidence(parts)
    expect(noPassWithoutData({ ...others, result: { ...result, verdict: 'inconclusive' } })).toEqual([])
  })
})

describe('equal arms', () => {
  const again = { ...arm, id: 'tuned-again-1', name: 'tuned-again', order: 2 }
  const runOf = (second: object, set: Plan['arms'][number]['set'] = []) => {
    const { plan: one, result, samples, ...others } = evidence()
    const arms = [...result.arms, { ...again, ...second } as unknown as Result['arms'][number]]
    const twice = samples.flatMap((taken) => [taken, { ...taken, armId: 'tuned-again-1' }])
    const planned = { ...one, arms: [...one.arms, { ...armOf('tuned', set), name: 'tuned-again' }] }
    return { ...others, plan: planned, result: { ...result, arms }, samples: twice }
  }
  const slower = { steps: doneWith(fill, [{ ...probe, stopsMs: { ...probe.stopsMs, ready: 503 } }]) }
  it('should hold when they are, and for arms that are not set alike', () => {
    expect(equalArms(runOf({}))).toEqual([])
    const set = [{ knob: 'kubelet.maxPods', value: 500, because: 'it differs' }]
    expect(equalArms(runOf(slower, set))).toEqual([])
    expect(equalArms(runOf({ ...slower, repetition: 2 }))).toEqual([])
  })
  it('should be broken by a figure or a sample that differs', () => {
    expect(equalArms(runOf(slower))).toEqual([
      'tuned-again has the same settings as tuned, but differs: steps.1.outcome.stopsMs.ready is 502 and 503',
    ])
    const run = runOf({})
    expect(equalArms({ ...run, samples: run.samples.slice(0, -1) })).toHaveLength(1)
  })
})

describe('ends after faults', () => {
  it('should be broken by a run that goes on long after its last fault, and have nothing to look at where faults never end', () => {
    expect(endsAfterFaults(evidence({ recovery: { wentOnMs: 170_000 } }))).toEqual([
      'the run went on for 170 s after its last fault was over',
    ])
    expect(checkEndsAfterFaults(evidence({ recovery: { wentOnMs: null } }))).toEqual({ checked: 0, violations: [] })
  })
})

describe('recovers (review 37)', () => {
  const left = [{ key: 'pods a/b', namespace: 'a' }]
  it.each<[string, Partial<Recovery>]>([
    ['cleanup cannot remove everything', { residue: ['namespace a is still there'] }],
    ['something is left all the same', { left, leftAgain: left }],
    ['cleanup takes too long', { cleanedAfterMs: 91_000 }],
    ['the next run does not pass', { again: { verdict: 'inconclusive', reasons: ['a'] } as unknown as Result }],
    ['the next run leaves something', { leftAgain: left }],
  ])('should be broken when %s', (_, recovery) => expect(recovers(evidence({ recovery }))).toHaveLength(1))
})

describe('ends in time', () => {
  it('should hold for a run that failed in good order', () =>
    expect(endsInTime(evidence({ error: new Failure('infrastructure', 'no answer') }))).toEqual([]))
  it('should be broken by a bug, and by a run that takes longer than its plan allows', () => {
    expect(endsInTime(evidence({ error: new TypeError('x is not a function') }))).toHaveLength(1)
    expect(endsInTime(evidence({ result: { durationMs: 3_600_000 } }))).toHaveLength(1)
  })
})

describe('no failure without cause', () => {
  const failed = (message: string) => ({
    result: { verdict: 'inconclusive', reasons: [message] },
    error: new Failure('infrastructure', message),
  })
  it('should be broken by a run that nothing happened to, or nothing that matters, and that does not pass', () => {
    const inconclusive = { result: { verdict: 'inconclusive' } }
    expect(noFailureWithoutCause(evidence(inconclusive))).toHaveLength(1)
    expect(noFailureWithoutCause(evidence({ ...inconclusive, struck: ['expired-watches'] }))).toHaveLength(1)
    expect(noFailureWithoutCause(evidence({ ...inconclusive, struck: ['dying-nodes'] }))).toEqual([])
    expect(noFailureWithoutCause(evidence({ ...inconclusive, wasHurried: true }))).toEqual([])
  })
  it('should be broken by what is left behind without a reason', () =>
    expect(noFailureWithoutCause(evidence({ arm: { residue: ['Fill: still there'] } }))).toHaveLength(1))
  it.each<[string, FaultKind, number]>([
    ['create namespaces: socket hang up (0 ECONNRESET)', 'lost-replies', 0],
    ['patch deployments/scale: no (503 ServiceUnavailable)', 'storms', 0],
    ['patch deployments/scale: no (503 ServiceUnavailable)', 'lost-replies', 1],
    ['create namespaces: it exists (409 AlreadyExists)', 'lost-replies', 1],
    ['watch: gone (410 Expired)', 'expired-watches', 2],
  ])('should ask for the cause of %s beside %s', (message, kind, complaints) =>
    expect(noFailureWithoutCause(evidence({ ...failed(message), struck: [kind] }))).toHaveLength(complaints),
  )
})
