import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment, Pod, ReplicaSet } from '../kube/resources.ts'
import { createProbeTimeline } from './timeline.ts'

interface PodState {
  bound?: boolean
  running?: boolean
  failed?: boolean
  ready?: boolean
  terminating?: boolean
}

function pod(uid: string, { bound, running, failed, ready, terminating }: PodState = {}): Pod {
  return {
    metadata: { name: `pod-${uid}`, uid, ...(terminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { containers: [], ...(bound ? { nodeName: 'n' } : {}) },
    status: {
      phase: failed ? 'Failed' : running ? 'Running' : 'Pending',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  }
}

function deployment(replicas: number, status: NonNullable<Deployment['status']>, generation = 2): Deployment {
  return {
    metadata: { generation },
    spec: { replicas, selector: { matchLabels: {} }, template: { metadata: {}, spec: { containers: [] } } },
    status,
  }
}

const replicaSet = (desired: number, current: number, ready: number): ReplicaSet => ({
  metadata: {},
  spec: { replicas: desired },
  status: { replicas: current, readyReplicas: ready },
})

const up = { bound: true, running: true, ready: true }
const all = (count: number) => ({
  observedGeneration: 2,
  replicas: count,
  updatedReplicas: count,
  availableReplicas: count,
})

/** A pod as the scheduler leaves it when nothing has room for it. */
function homeless(uid: string): Pod {
  const waiting = pod(uid)
  const message = '0/2 nodes are available: 2 Too many pods. preemption: not eligible due to preemptionPolicy=Never.'
  waiting.status?.conditions?.push({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message })
  return waiting
}

describe('a rollout timeline', () => {
  function rollout() {
    const timeline = createProbeTimeline({ from: 1, to: 3 })
    timeline.pod({ type: 'ADDED', object: pod('a', up), atMs: 900, exact: false, notBeforeMs: 0 })
    timeline.deployment({
      type: 'ADDED',
      object: deployment(1, { ...all(1), observedGeneration: 1 }, 1),
      atMs: 900,
      exact: false,
      notBeforeMs: 0,
    })
    timeline.start(1000)
    return timeline
  }

  it('should count the pods that no node has room for at its end, with what the scheduler says (fault 26)', () => {
    const timeline = rollout()
    for (const uid of ['b', 'c']) timeline.pod({ type: 'ADDED', object: homeless(uid), atMs: 1100, exact: true })
    expect(timeline.summary().unschedulable).toEqual({ pods: 2, because: '0/2 nodes are available: 2 Too many pods' })
    timeline.pod({ type: 'MODIFIED', object: pod('b', up), atMs: 1200, exact: true })
    timeline.pod({ type: 'DELETED', object: homeless('c'), atMs: 1300, exact: true })
    expect(timeline.summary().unschedulable).toBeUndefined()
  })

  it('should not count what was there before T0 when it starts', () => {
    const timeline = rollout()
    expect(timeline.stops()).toEqual({ created: null, first: null, available: null, ready: null })
    expect(timeline.done()).toBe(1)
  })

  it('should time each stop at the event that completes it', () => {
    const timeline = rollout()
    timeline.pod({ type: 'ADDED', object: pod('b'), atMs: 1010, exact: true })
    timeline.pod({ type: 'ADDED', object: pod('c'), atMs: 1020, exact: true })
    timeline.pod({ type: 'MODIFIED', object: pod('b', up), atMs: 1500, exact: true })
    expect(timeline.stops()).toEqual({ created: 20, first: 500, available: null, ready: null })
    timeline.pod({ type: 'MODIFIED', object: pod('c', up), atMs: 1700, exact: true })
    timeline.deployment({
      type: 'MODIFIED',
      object: deployment(3, { ...all(3), observedGeneration: 1 }),
      atMs: 1800,
      exact: true,
    })
    expect(timeline.reachedAll()).toBe(false)
    timeline.deployment({ type: 'MODIFIED', object: deployment(3, all(3)), atMs: 1900, exact: true })
    expect(timeline.stops()).toEqual({ created: 20, first: 500, available: 900, ready: 700 })
    expect(timeline.reachedAll()).toBe(true)
  })

  it('should keep the first time when a stop is met again', () => {
    const timeline = rollout()
    for (const atMs of [1500, 2500])
      timeline.deployment({ type: 'MODIFIED', object: deployment(3, all(3)), atMs, exact: true })
    expect(timeline.stops().available).toBe(500)
  })

  it('should not take a replacement with the same name for the pod it replaces (fault 26)', () => {
    const timeline = rollout()
    timeline.pod({ type: 'ADDED', object: pod('b', up), atMs: 1010, exact: true })
    timeline.pod({ type: 'DELETED', object: pod('b', up), atMs: 1020, exact: true })
    timeline.pod({
      type: 'ADDED',
      object: { ...pod('c', up), metadata: { name: 'pod-b', uid: 'c' } },
      atMs: 1030,
      exact: true,
    })
    expect(timeline.stops()).toMatchObject({ created: null, ready: null })
    timeline.pod({ type: 'ADDED', object: pod('d', up), atMs: 1040, exact: true })
    expect(timeline.stops()).toMatchObject({ created: 40, ready: 40 })
    expect(timeline.summary().pods).toMatchObject({ expected: 3, created: 4, deleted: 1, unexpected: 1 })
  })

  it('should count pods that never became Ready as missing, and late sightings as censored', () => {
    const timeline = rollout()
    timeline.pod({ type: 'ADDED', object: pod('b', up), atMs: 1200, exact: false, notBeforeMs: 1050 })
    timeline.pod({ type: 'ADDED', object: pod('c', { bound: true }), atMs: 1100, exact: true })
    const { pods, phasesMs, curves } = timeline.summary()
    expect(pods).toEqual({
      expected: 3,
      created: 3,
      bound: 3,
      started: 2,
      ready: 2,
      deleted: 0,
      unexpected: 0,
      censored: 4,
      censoredWithinMs: 150,
    })
    expect(phasesMs['created to Ready']).toMatchObject({ count: 1, missing: 1, max: null })
    expect(curves).toEqual({
      created: [
        [0, 1],
        [100, 2],
        [200, 3],
      ],
      bound: [
        [0, 1],
        [100, 2],
        [200, 3],
      ],
      ready: [
        [0, 1],
        [200, 2],
      ],
    })
  })
})

describe('a pod that ceases to be Ready', () => {
  type Seen = ['ADDED' | 'MODIFIED' | 'DELETED', uid: string, state: PodState]
  const down: PodState = { bound: true, running: true }

  /** A rollout from 1 to 2 that starts with pod a Ready; each change comes 100 ms after the one before. */
  function rolloutThatSees(changes: Seen[]) {
    const timeline = createProbeTimeline({ from: 1, to: 2 })
    timeline.pod({ type: 'ADDED', object: pod('a', up), atMs: 900, exact: true })
    timeline.start(1000)
    for (const [index, [type, uid, state]] of changes.entries())
      timeline.pod({ type, object: pod(uid, state), atMs: 1100 + 100 * index, exact: true })
    return timeline
  }

  it.each<[string, Seen[], readyMs: number | null, ready: number]>([
    ['stays Ready', [['ADDED', 'b', up]], 100, 2],
    [
      'is NotReady when the other one comes',
      [
        ['MODIFIED', 'a', down],
        ['ADDED', 'b', up],
      ],
      null,
      1,
    ],
    [
      'comes back',
      [
        ['MODIFIED', 'a', down],
        ['ADDED', 'b', up],
        ['MODIFIED', 'a', up],
      ],
      300,
      2,
    ],
    [
      'was evicted',
      [
        ['MODIFIED', 'a', { ...up, ready: false, failed: true }],
        ['ADDED', 'b', up],
      ],
      null,
      1,
    ],
    [
      'failed and kept its condition',
      [
        ['MODIFIED', 'a', { ...up, failed: true }],
        ['ADDED', 'b', up],
      ],
      null,
      1,
    ],
    [
      'is being deleted',
      [
        ['MODIFIED', 'a', { ...up, terminating: true }],
        ['ADDED', 'b', up],
      ],
      null,
      1,
    ],
    [
      'is gone',
      [
        ['DELETED', 'a', up],
        ['ADDED', 'b', up],
      ],
      null,
      1,
    ],
    [
      'was deleted while it ended',
      [
        ['MODIFIED', 'a', { ...up, terminating: true }],
        ['DELETED', 'a', up],
        ['ADDED', 'b', up],
      ],
      null,
      1,
    ],
    [
      'has been replaced',
      [
        ['DELETED', 'a', up],
        ['ADDED', 'c', down],
        ['ADDED', 'b', up],
        ['MODIFIED', 'c', up],
      ],
      400,
      2,
    ],
    [
      'falls after the stop',
      [
        ['ADDED', 'b', up],
        ['MODIFIED', 'a', down],
      ],
      100,
      1,
    ],
    [
      'falls and returns after the stop',
      [
        ['ADDED', 'b', up],
        ['MODIFIED', 'a', down],
        ['MODIFIED', 'a', up],
      ],
      100,
      2,
    ],
  ])('should count it only while it is: it %s (fault 26)', (_, changes, readyMs, ready) => {
    const timeline = rolloutThatSees(changes)
    expect(timeline.stops().ready).toBe(readyMs)
    expect(timeline.done()).toBe(ready)
    const { pods, progress, curves } = timeline.summary()
    expect(pods.ready).toBe(ready)
    expect(progress.ready).toEqual({ done: ready, total: 2 })
    expect(curves['ready']?.at(-1)?.[1]).toBe(ready)
  })

  it('should never count more pods Ready than were so at one moment, whatever comes in whatever order', () => {
    const states: PodState[] = [{}, down, up, { ...up, terminating: true }, { ...up, failed: true }]
    const change = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...states, 'gone' as const))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const timeline = createProbeTimeline({ from: 1, to: 2 })
        timeline.start(0)
        const now = new Map<string, PodState | 'gone'>()
        let first: number | null = null
        for (const [index, [uid, state]] of changes.entries()) {
          if (now.get(uid) === 'gone') continue
          now.set(uid, state)
          const object = pod(uid, state === 'gone' ? up : state)
          timeline.pod({ type: state === 'gone' ? 'DELETED' : 'MODIFIED', object, atMs: 10 + index, exact: true })
          if ([...now.values()].filter((one) => one === up).length >= 2) first ??= 10 + index
        }
        expect(timeline.stops().ready).toBe(first)
        expect(timeline.summary().pods.ready).toBe([...now.values()].filter((one) => one === up).length)
      }),
    )
  })
})

describe('how far a probe came', () => {
  it('should be told of each stop, reached or not, and of its start', () => {
    const timeline = createProbeTimeline({ from: 1, to: 4 })
    timeline.pod({ type: 'ADDED', object: pod('a', up), atMs: 0, exact: true })
    timeline.start(10)
    for (const uid of ['b', 'c']) timeline.pod({ type: 'ADDED', object: pod(uid), atMs: 20, exact: true })
    timeline.pod({ type: 'MODIFIED', object: pod('b', up), atMs: 30, exact: true })
    timeline.deployment({
      type: 'MODIFIED',
      object: deployment(4, { ...all(3), availableReplicas: 2 }),
      atMs: 40,
      exact: true,
    })
    expect(timeline.summary()).toMatchObject({
      atStart: { pods: 1, ready: 1 },
      progress: { created: { done: 3, total: 4 }, available: { done: 2, total: 4 }, ready: { done: 2, total: 4 } },
    })
  })

  it('should be told of a scale-down as what is gone', () => {
    const timeline = createProbeTimeline({ from: 4, to: 1 })
    for (const uid of ['a', 'b', 'c', 'd']) timeline.pod({ type: 'ADDED', object: pod(uid, up), atMs: 0, exact: true })
    timeline.start(10)
    expect(timeline.summary().progress).toEqual({ rsCurrent: { done: 0, total: 3 }, deleted: { done: 0, total: 3 } })
    timeline.replicaSet({ type: 'MODIFIED', object: replicaSet(1, 2, 2), atMs: 20, exact: true })
    timeline.pod({ type: 'DELETED', object: pod('d', up), atMs: 20, exact: true })
    expect(timeline.summary()).toMatchObject({
      atStart: { pods: 4, ready: 4 },
      progress: { rsCurrent: { done: 2, total: 3 }, deleted: { done: 1, total: 3 } },
    })
  })
})

describe('a stop decided by a late sighting', () => {
  it('should say by how much it may have come earlier, and never before T0', () => {
    const timeline = createProbeTimeline({ from: 1, to: 2 })
    timeline.start(1000)
    timeline.deployment({
      type: 'MODIFIED',
      object: deployment(2, all(2)),
      atMs: 1500,
      exact: false,
      notBeforeMs: 1400,
    })
    timeline.pod({ type: 'ADDED', object: pod('a', up), atMs: 1500, exact: true })
    timeline.pod({ type: 'ADDED', object: pod('b', up), atMs: 1600, exact: false, notBeforeMs: 900 })
    expect(timeline.summary()).toMatchObject({
      stopsMs: { available: 500, created: 600, ready: 600 },
      stopsVagueByMs: { available: 100, created: 600, ready: 600 },
    })
  })
})

describe('a scale-down timeline', () => {
  it('should time the ReplicaSet columns and the last deletion apart', () => {
    const timeline = createProbeTimeline({ from: 3, to: 1 })
    for (const uid of ['a', 'b', 'c'])
      timeline.pod({ type: 'ADDED', object: pod(uid, up), atMs: 0, exact: false, notBeforeMs: 0 })
    timeline.replicaSet({ type: 'ADDED', object: replicaSet(3, 3, 3), atMs: 0, exact: false, notBeforeMs: 0 })
    timeline.start(1000)
    timeline.pod({ type: 'MODIFIED', object: pod('b', { ...up, terminating: true }), atMs: 1100, exact: true })
    timeline.replicaSet({ type: 'MODIFIED', object: replicaSet(1, 3, 1), atMs: 1150, exact: true })
    timeline.replicaSet({ type: 'MODIFIED', object: replicaSet(1, 1, 1), atMs: 1200, exact: true })
    timeline.pod({ type: 'DELETED', object: pod('b', { ...up, terminating: true }), atMs: 1300, exact: true })
    expect(timeline.stops()).toEqual({ rsCurrent: 200, deleted: null })
    timeline.pod({ type: 'DELETED', object: pod('c', { ...up, terminating: true }), atMs: 1400, exact: true })
    expect(timeline.stops()).toEqual({ rsCurrent: 200, deleted: 400 })
    const { pods, curves, phasesMs } = timeline.summary()
    expect(pods).toMatchObject({ expected: 3, deleted: 2, unexpected: 0, censored: 0 })
    expect(curves).toEqual({
      remaining: [
        [0, 3],
        [300, 2],
        [400, 1],
      ],
    })
    expect(phasesMs['terminating to deleted']).toMatchObject({ count: 2, p50: 0, max: 200 })
  })

  it('should count pods that were never created or never deleted as missing', () => {
    const rollout = createProbeTimeline({ from: 0, to: 10 })
    rollout.start(0)
    rollout.pod({ type: 'ADDED', object: pod('a', up), atMs: 5, exact: true })
    expect(rollout.summary().phasesMs['created to Ready']).toMatchObject({ count: 1, missing: 9, p50: null })
    const scaleDown = createProbeTimeline({ from: 3, to: 0 })
    for (const uid of ['a', 'b', 'c'])
      scaleDown.pod({ type: 'ADDED', object: pod(uid, up), atMs: 0, exact: false, notBeforeMs: 0 })
    scaleDown.start(10)
    scaleDown.pod({ type: 'DELETED', object: { metadata: { uid: 'a' } }, atMs: 50, exact: false, notBeforeMs: 20 })
    expect(scaleDown.summary().phasesMs['T0 to deleted']).toMatchObject({ count: 1, missing: 2, p50: null })
  })

  it('should thin a curve to a few hundred points and keep its ends', () => {
    const timeline = createProbeTimeline({ from: 1000, to: 1 })
    for (let index = 0; index < 1000; index++)
      timeline.pod({ type: 'ADDED', object: pod(`${index}`, up), atMs: 0, exact: false, notBeforeMs: 0 })
    timeline.start(0)
    for (let index = 1; index < 1000; index++)
      timeline.pod({ type: 'DELETED', object: pod(`${index}`, up), atMs: index, exact: true })
    const remaining = timeline.summary().curves['remaining'] ?? []
    expect(remaining.length).toBeLessThanOrEqual(240)
    expect([remaining[0], remaining.at(-1)]).toEqual([
      [0, 1000],
      [999, 1],
    ])
  })
})
