import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { ApiError } from '../kube/api.ts'
import type { Plan } from '../plan/plan.ts'
import type { Result } from '../result/result.ts'
import type { Target } from '../targets/target.ts'
import { plannedPods, stepsOf } from '../testing/plans.ts'
import { armOf } from '../testing/profiles.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import type { RunEvent } from './events.ts'
import { executeRun } from './run.ts'

const plan: Plan = {
  apiVersion: 'scale-test/v1',
  name: 'small',
  seed: 1,
  repetitions: 1,
  warmUp: false,
  material: 0.05,
  metrics: { every: 15_000 },
  fleet: {
    nodes: 1,
    hosts: 1,
    nodesPerProcess: 1,
    node: { cpu: 1, memory: '1Gi' },
    source: 'hollow',
    pods: plannedPods,
    timeout: 1000,
  },
  arms: [armOf('untuned'), armOf('tuned')],
  probes: {
    pod: { image: 'pause', serviceAccountToken: false },
    settle: 0,
  },
  steps: stepsOf(undefined, [{ name: 'fleet', from: 1, to: 2, timeout: 1000 }]),
  thresholds: [{ probe: 'fleet', stop: 'ready', of: 'tuned', max: '1s' }],
}

async function runOn(open: Target['open'], changed = plan, machine: Result['machine'] = null) {
  const events: RunEvent[] = []
  const target: Target = {
    name: 'local',
    evidence: 'measured',
    onThisMachine: true,
    supports: () => ({ supported: true }),
    prepare: async () => {},
    open,
  }
  const outcome = await executeRun({
    runId: 'small-1',
    plan: changed,
    target,
    clock: createVirtualClock(),
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    host: {
      startedAt: '2026-01-01T00:00:00.000Z',
      watchMachine: () => () => ({ eventLoopDelayMaxMs: 0, busy: 0 }),
      readMachine: () => ({
        atMs: 0,
        busyMs: 0,
        totalMs: 0,
        runQueue: 0,
        memoryUsedBytes: 0,
        disksBusyMs: new Map(),
        components: new Map(),
      }),
      machine,
      peakMemoryBytes: () => 0,
    },
    onSample: () => {},
  })
  return { ...outcome, events }
}

describe('executeRun', () => {
  it('should end with a partial, inconclusive result when a cluster does not come up', async () => {
    const { result, error } = await runOn(() => Promise.reject(new Failure('infrastructure', 'etcd died')))
    expect(error).toMatchObject({ kind: 'infrastructure', message: 'etcd died' })
    expect(result).toMatchObject({ partial: true, verdict: 'inconclusive', reasons: ['etcd died'] })
    expect(result.arms).toMatchObject([{ profile: 'untuned', outcome: 'failed', error: 'etcd died' }])
    expect(result.thresholds).toMatchObject([{ verdict: 'inconclusive' }])
  })

  it('should measure the other arms, and later repetitions, when one is inconclusive for a reason of its own (review 15)', async () => {
    const opened: string[] = []
    const open: Target['open'] = async ({ arm: { id } }) => {
      opened.push(id)
      throw new Failure('inconclusive', `${id}: a node is not Ready in time`)
    }
    const outcome = await runOn(open, { ...plan, repetitions: 2 })
    expect(opened).toEqual(['untuned-1', 'tuned-1', 'tuned-2', 'untuned-2'])
    expect(outcome.error).toMatchObject({ kind: 'inconclusive', message: 'untuned-1: a node is not Ready in time' })
    expect(outcome.result).toMatchObject({ partial: true, verdict: 'inconclusive' })
    expect(outcome.result.reasons).toContain('tuned #2: tuned-2: a node is not Ready in time')
  })

  it('should keep a warm-up out of arms and verdict, whatever becomes of it', async () => {
    const opened: string[] = []
    const open: Target['open'] = async ({ arm: { id } }) => {
      opened.push(id)
      throw new Failure('inconclusive', `${id}: a node is not Ready in time`)
    }
    const { result, error, events } = await runOn(open, { ...plan, warmUp: true })
    expect(opened).toEqual(['untuned-0', 'tuned-0', 'untuned-1', 'tuned-1'])
    expect(result.warmUps?.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['untuned-0', 'failed'],
      ['tuned-0', 'failed'],
    ])
    expect(result.arms.map(({ id }) => id)).toEqual(['untuned-1', 'tuned-1'])
    expect(result.reasons.join()).not.toContain('-0')
    expect(error).toMatchObject({ message: 'untuned-1: a node is not Ready in time' })
    const [started] = events
    const titles = started?.type === 'run-started' ? started.outline.map(({ title }) => title) : []
    expect(titles).toEqual(['untuned, warm-up', 'tuned, warm-up', 'untuned', 'tuned'])
  })

  it.each([
    ['the infrastructure fails', 'infrastructure'],
    ['another run has its cluster', 'lost'],
    ['a cluster is another one', 'safety-refusal'],
    ['somebody interrupts it', 'interrupted'],
    ['the program has a bug', undefined],
  ] as const)('should measure nothing more when %s, after an arm that was inconclusive by itself', async (_, kind) => {
    const opened: string[] = []
    const open: Target['open'] = async ({ arm: { id } }) => {
      opened.push(id)
      if (opened.length === 1) throw new Failure('inconclusive', 'a node is not Ready in time')
      throw kind === undefined ? new TypeError('undefined is no function') : new Failure(kind, 'it ended')
    }
    const outcome = await runOn(open, { ...plan, repetitions: 2 })
    expect(opened).toEqual(['untuned-1', 'tuned-1'])
    expect(outcome.error).toMatchObject(kind === undefined ? { name: 'TypeError' } : { kind })
  })

  it('should take a refusal by the apiserver for trouble with the infrastructure, not for a bug', async () => {
    const { error } = await runOn(() => Promise.reject(new ApiError(403, 'Forbidden', 'namespaces is forbidden')))
    expect(error).toMatchObject({ name: 'Failure', kind: 'infrastructure', message: 'namespaces is forbidden' })
  })

  it('should report what an opening left behind when it was given up', async () => {
    const { result } = await runOn(() => Promise.reject(new Failure('residue', 'etcd is still running after SIGKILL')))
    expect(result.arms[0]?.residue).toEqual(['Control plane: etcd is still running after SIGKILL'])
  })

  it('should warn beforehand when the fleet is expected to be too much for the machine', async () => {
    const open = () => Promise.reject(new Failure('infrastructure', 'etcd died'))
    const big = { ...plan, fleet: { ...plan.fleet, nodes: 1000 } }
    const { events } = await runOn(open, big, { cores: 2, memoryBytes: 1, system: 'Linux' })
    const [started] = events
    const titles = started?.type === 'run-started' ? started.outline.map(({ steps }) => steps[1]?.title) : []
    // The tuned profile has every node write its status every 3 s.
    expect(titles).toEqual([
      'Fleet of 1,000 hollow nodes',
      'Fleet of 1,000 hollow nodes (expected to need 2.8 of 2 cores when idle)',
    ])
  })

  it('should tell steps apart even when a probe is called like one of them', async () => {
    const { events } = await runOn(() => Promise.reject(new Failure('infrastructure', 'etcd died')))
    const [started] = events
    const ids = started?.type === 'run-started' ? started.outline[0]?.steps.map((step) => step.stepId) : []
    expect(new Set(ids).size).toBe(8)
  })
})
