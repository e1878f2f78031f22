import { expect, it } from 'vitest'
import { fillOf, lacksOf } from '../../../src/steps/fill/outcome.ts'
import { fillCluster } from '../../../src/steps/fill/step.ts'
import { onePod } from '../../../src/testing/plans.ts'
import { recordingForTests } from '../../../src/testing/recording.ts'
import type { GetRig } from '../rig.ts'
import type { Spoiling } from '../script.ts'
import { runFilled } from './filled.ts'
import { refusal } from './tools.ts'

const unavailable = refusal(503, 'ServiceUnavailable', 'the server is currently unable to handle the request')

/** Work that goes on for a while. */
export function runs(rig: GetRig): void {
  it('should fill a cluster through a storm, completely, and tell of every wait (faults 1, 2)', async () => {
    const { cluster, script } = rig()
    const off = { kind: 'none' } as const
    const limits = { kubelet: off, events: off, controllers: off, scheduler: off }
    const workload = { ...onePod, pods: { ...onePod.pods, total: 4 }, timeout: 60_000 }
    const recording = await recordingForTests(cluster)
    const step = fillCluster({ cluster, workload, seed: 1, nodes: 2, runId: 'run-2', limits, recording })
    script.play({ on: /^create/, times: 2, trouble: unavailable })
    const context = { signal: new AbortController().signal, report: () => {} }
    const outcome = await step.setUp(context)
    expect(lacksOf(outcome)).toEqual([])
    expect(outcome.clientRetries.count).toBeGreaterThanOrEqual(2)
    expect(outcome.clientRetries.waitedMs).toBeGreaterThanOrEqual(100 + 200)
    await step.tearDown?.run(context)
  })

  it('should end a run in a storm without end, and leave nothing behind (fault 2)', async () => {
    const { script } = rig()
    const ended = await runFilled(rig(), 'run-2', {
      onFill: () => script.play({ on: /^create/, trouble: unavailable }),
    })
    expect(ended).toMatchObject({ status: 5, residue: [], failed: [expect.stringContaining('503')] })
    expect(ended.events.at(-1)).toMatchObject({ type: 'run-finished', verdict: 'inconclusive', partial: true })
  })

  it('should end a run at its deadline that a storm has kept from it, say what is missing, and leave nothing behind (fault 2)', async () => {
    const { script } = rig()
    const ended = await runFilled(rig(), 'run-2', {
      onFill: () => script.play({ on: /^create deployments/, trouble: unavailable }),
      timeoutMs: 3000,
    })
    expect(ended).toMatchObject({ status: 4, residue: [] })
    expect(ended.error).toMatchObject({ message: expect.stringMatching(/0 of 2 deployments.*0 of 4 pods Ready/) })
  })

  it('should see a run through whose watches break again and again, and count that (faults 7, 8)', async () => {
    const { cluster, spoilWatches } = rig()
    const { clock } = cluster
    const kinds: Spoiling[] = [
      { status: 410, reason: 'Gone' },
      'reset',
      'end',
      { status: 500, reason: 'InternalError' },
    ]
    let isOver = false
    let spoiled = 0
    const spoiling = async () => {
      for (let index = 0; spoiled < 12 && !isOver; index++) {
        spoiled += spoilWatches('pods', kinds[index % kinds.length] ?? 'end')
        await clock.sleep(50)
      }
    }
    let spoils: Promise<void> | undefined
    const ended = await runFilled(rig(), 'run-8', {
      onFill() {
        spoils = spoiling()
      },
      onEnd() {
        isOver = true
      },
    })
    isOver = true
    await spoils
    expect(ended).toMatchObject({ status: 0, residue: [], failed: [] })
    const [arm] = ended.result.arms
    const watch = arm === undefined ? undefined : fillOf(arm)?.watch
    // It comes back ever later while nothing is told in between.
    expect(watch?.resumed).toBeGreaterThan(0)
    expect(watch?.relisted).toBeGreaterThan(0)
  })
}
