import { describe, expect, it } from 'vitest'
import type { Deployment, Pod, ReplicaSet } from '../kube/resources.ts'
import { createProbeTimeline } from './timeline.ts'

interface PodState {
  bound?: boolean
  running?: boolean
  ready?: boolean
  terminating?: boolean
}

function pod(uid: string, { bound, running, ready, terminating }: PodState = {}): Pod {
  return {
    metadata: { name: `pod-${uid}`, uid, ...(terminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { containers: [], ...(bound ? { nodeName: 'n' } : {}) },
    status: { phase: running ? 'Running' : 'Pending', conditions: ready ? [{ type: 'Ready', status: 'True' }] : [] },
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

  it('should not count what was there before T0 when it starts', () => {
    const timeline = rollout()
    expect(timeline.stops()).toEqual({ created: null, available: null, ready: null })
    expect(timeline.done()).toBe(1)
  })

  it('should time each stop at the event that completes it', () => {
    const timeline = rollout()
    timeline.pod({ type: 'ADDED', object: pod('b'), atMs: 1010, exact: true })
    timeline.pod({ type: 'ADDED', object: pod('c'), atMs: 1020, exact: true })
    timeline.pod({ type: 'MODIFIED', object: pod('b', up), atMs: 1500, exact: true })
    expect(timeline.stops()).toEqual({ created: 20, available: null, ready: null })
    timeline.pod({ type: 'MODIFIED', object: pod('c', up), atMs: 1700, exact: true })
    timeline.deployment({
      type: 'MODIFIED',
      object: deployment(3, { ...all(3), observedGeneration: 1 }),
      atMs: 1800,
      exact: true,
    })
    expect(timeline.reachedAll()).toBe(false)
    timeline.deployment({ type: 'MODIFIED', object: deployment(3, all(3)), atMs: 1900, exact: true })
    expect(timeline.stops()).toEqual({ created: 20, available: 900, ready: 700 })
    expect(timeline.reachedAll()).toBe(true)
  })

  it('should keep the first time when a stop is met again', () => {
    const timeline = rollout()
    for (const atMs of [1500, 2500])
      timeline.deployment({ type: 'MODIFIED', object: deployment(3, all(3)), atMs, exact: true })
    expect(timeline.stops().available).toBe(500)
  })

  it('should not take a replacement with the same name for the pod it replaces', () => {
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
