import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/errors.ts'
import { exitCodeOf } from '../../src/cli/exit.ts'
import { loadPlanFor } from '../../src/cli/plans.ts'
import type { RunEvent } from '../../src/run/events.ts'
import type { RemoteTargetOptions } from '../../src/targets/remote/index.ts'
import { remoteTarget } from '../../src/targets/remote/index.ts'
import { leaseFor } from '../../src/targets/remote/lease.ts'
import { productFolders } from '../../src/testing/folders.ts'
import { armOf } from '../../src/testing/profiles.ts'
import { htmlOf } from '../../src/testing/reports.ts'
import type { SimulatedClusters } from './simulated.ts'
import { run, simulatedClusters } from './simulated.ts'

/** One cluster for both arms, which a program re-tunes for a while. */
function retuned(bench: SimulatedClusters, runId: string, takesMs: number): RemoteTargetOptions {
  const options = bench.options(runId)
  const [shared] = options.plan.remote?.targets ?? []
  if (shared === undefined) throw new Error('a target is missing')
  const { arms: _, ...target } = shared
  return {
    ...options,
    plan: { ...options.plan, remote: { targets: [target], retune: ['./retune.sh'] } },
    runProgram: ({ signal }) => options.clock.sleep(takesMs, signal),
  }
}

const filled = loadPlanFor('smoke', productFolders, {})

describe('the Lease of a target', () => {
  it('should not be had by a second run at any moment of re-tuning, however long that takes (fault 17) (review 1)', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const first = retuned(bench, 'run-1', 590_000)
    const second = remoteTarget(bench.options('run-2'))
    const { signal } = new AbortController()
    const { clock } = first
    const refusals: unknown[] = []
    let isOver = false
    let asking: Promise<void> | undefined
    const { result, error } = await run(first, {
      emit(event) {
        if (event.type !== 'step-started' || event.stepId !== 'control-plane' || asking !== undefined) return
        asking = (async () => {
          for (await clock.sleep(1000); !isOver; await clock.sleep(3700)) {
            const opening = second.open({ arm: { id: 'untuned-1', name: 'untuned', repetition: 1 }, knobs: [], signal })
            refusals.push(await opening.catch(({ kind }: Failure) => kind))
          }
        })()
        void asking.catch(() => {})
      },
    })
    isOver = true
    await asking
    expect(error).toBeUndefined()
    expect(result.arms.map(({ outcome }) => outcome)).toEqual(['complete', 'complete'])
    // What is none of the cluster's own is told apart.
    for (const arm of result.arms) {
      expect(arm).toMatchObject({ controlPlaneReadyMs: null, fleet: { readyMs: null } })
      expect(arm.retunedMs).toBeGreaterThanOrEqual(590_000)
      expect(arm.retunedMs).toBeLessThan(600_000)
      expect(arm.waitedForLeaseMs).toBeLessThan(1000)
    }
    // Twice ten minutes; between two arms the cluster is nobody's for a moment.
    expect(refusals.length).toBeGreaterThan(300)
    expect(new Set(refusals)).toEqual(new Set(['safety-refusal']))
  })

  it('should be waited for when it has expired, and that be told apart from all else', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const options = bench.options('run-1')
    const dead = leaseFor({ runId: 'run-0', who: 'ben@build-7' }, new Date(options.now().getTime() - 90_000))
    await bench.clusters['untuned']?.api.create('leases', dead)
    const { result, error } = await run({
      ...options,
      plan: { ...options.plan, arms: [armOf('untuned')] },
    })
    expect(error).toBeUndefined()
    expect(result.arms[0]?.waitedForLeaseMs).toBeGreaterThanOrEqual(25_000)
    expect(htmlOf(result)).toMatch(/Not included in these times: untuned #1: 25\.\d s waiting for its Lease\./)
  })

  it('should end the program that re-tunes a cluster as soon as it is lost', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const options = retuned(bench, 'run-1', 590_000)
    const api = bench.clusters['untuned']?.api
    const ref = { resource: 'leases', namespace: 'kube-system', name: 'scale-test' } as const
    const stealing = options.clock.sleep(100_000).then(async () => {
      const { uid = '' } = (await api?.get(ref))?.metadata ?? {}
      await api?.delete(ref, { uid })
    })
    const startedMs = options.clock.nowMs()
    const { error } = await run(options)
    await stealing
    expect(error).toMatchObject({ kind: 'lost', message: expect.stringContaining('somebody deleted it') })
    expect(options.clock.nowMs() - startedMs).toBeLessThan(150_000)
  })
})

describe('a cluster that is another one than the plan means (fault 16)', () => {
  it('should be refused, untouched, when a kubeconfig was swapped between two arms (review 2)', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned', 'stock'])
    const before = await bench.contents()
    const version = await lastVersion(bench, 'stock')
    const outcome = await run(bench.options('run-1'), {
      emit(event) {
        if (event.type === 'step-started' && event.stepId === 'clean-up') bench.swap('tuned', 'stock', 'kubeconfig')
      },
    })
    expect(outcome.error).toMatchObject({
      kind: 'safety-refusal',
      message: 'target of tuned (context tuned): expected uid of tuned, but this is uid of stock; it was not touched',
      next: expect.stringContaining('remote.targets[1]'),
    })
    expect(exitCodeOf(outcome, undefined)).toBe(3)
    expect(outcome.result.arms.map(({ residue }) => residue)).toEqual([[], []])
    expect(await bench.contents()).toEqual(before)
    expect(await lastVersion(bench, 'stock')).toBe(version)
  })

  it('should be told of, instead of being found clean, when it is met at the end (review 2)', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned', 'stock'])
    const version = await lastVersion(bench, 'stock')
    const outcome = await run(bench.options('run-1'), {
      emit(event) {
        if (event.type === 'step-started' && event.stepId === 'clean-up') bench.swap('untuned', 'stock', 'address')
      },
    })
    expect(outcome.result.arms[0]?.residue).toEqual([
      expect.stringMatching(
        /Control plane: what was created on untuned may still be there: .*expected .*, but this is/,
      ),
    ])
    expect(exitCodeOf(outcome, undefined)).toBe(6)
    expect(await lastVersion(bench, 'stock')).toBe(version)
  })

  /** That a cluster has given to anything anybody wrote, but for what its nodes write. */
  async function lastVersion(bench: SimulatedClusters, cluster: string): Promise<number> {
    const versions: number[] = []
    const api = bench.clusters[cluster]?.api
    if (api === undefined) throw new Error(`${cluster} is missing`)
    for (const resource of ['namespaces', 'deployments', 'pods', 'configmaps'] as const) {
      for await (const { items } of api.list({ resource }))
        versions.push(...items.map(({ metadata }) => Number(metadata.resourceVersion)))
    }
    return Math.max(...versions)
  }
})

describe('Ctrl-C', () => {
  const steps = [
    'control-plane',
    'tuning',
    'fleet',
    'verify-knobs',
    'fill',
    'probe-target',
    'count-objects',
    'probe/rollout',
    'probe/scale-down',
    'fleet-check',
  ]

  it.each(steps.flatMap((step) => [0, 1, 40, 900].map((afterMs) => [step, afterMs] as const)))(
    'should leave both clusters as they were when it comes in step %s, %d ms after its start',
    async (step, afterMs) => {
      await using bench = await simulatedClusters(['untuned'])
      const before = await bench.contents()
      const interruption = new AbortController()
      const options = retuned(bench, 'run-1', 30_000)
      const plan = { ...options.plan, steps: filled.steps }
      let isHere = false
      const outcome = await run(
        { ...options, plan },
        {
          plan,
          signal: interruption.signal,
          emit(event: RunEvent) {
            if (event.type !== 'step-started' || event.stepId !== step || isHere) return
            isHere = true
            void options.clock
              .sleep(afterMs)
              .then(() => interruption.abort(new Failure('interrupted', 'interrupted by SIGINT')))
          },
        },
      )
      expect(isHere).toBe(true)
      expect(outcome.error).toMatchObject({ kind: 'interrupted' })
      expect(exitCodeOf(outcome, 'SIGINT')).toBe(130)
      expect(outcome.result.arms.flatMap(({ residue }) => residue)).toEqual([])
      expect(await bench.contents()).toEqual(before)
    },
  )
})

describe('pages that nobody answers', () => {
  /** As long as the connection tries: twelve times within two minutes, and an answer is waited for 70 s. */
  const hangingMs = 190_000

  it.each([
    ['step-started', 'control-plane'],
    ['step-finished', 'control-plane'],
    ['step-finished', 'fleet-check'],
  ])('should not be waited for by Ctrl-C after %s %s (review 15)', async (type, step) => {
    await using bench = await simulatedClusters(['untuned'])
    const before = await bench.contents()
    const options = bench.options('run-1')
    const { clock, connect } = options
    if (connect === undefined) throw new Error('the clusters have no connection')
    const interruption = new AbortController()
    let isHanging = false
    const hangs: typeof connect = (to) => {
      const connection = connect(to)
      return {
        ...connection,
        async readText(path, asked) {
          if (isHanging && path.endsWith('/metrics')) await clock.sleep(hangingMs)
          return connection.readText(path, asked)
        },
      }
    }
    let interruptedMs = Number.NaN
    const outcome = await run(
      { ...options, connect: hangs },
      {
        plan: { ...options.plan, arms: [armOf('untuned')] },
        signal: interruption.signal,
        emit(event) {
          if (event.type !== type || !('stepId' in event) || event.stepId !== step) return
          isHanging = true
          void clock.sleep(1000).then(() => {
            interruptedMs = clock.nowMs()
            interruption.abort(new Failure('interrupted', 'interrupted by SIGINT'))
          })
        },
      },
    )
    expect(clock.nowMs() - interruptedMs).toBeLessThan(30_000)
    expect(outcome.result.arms.flatMap(({ residue }) => residue)).toEqual([])
    expect(await bench.contents()).toEqual(before)
  })
})
