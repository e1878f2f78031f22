import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { tuning } from '../steps/tuning.ts'
import type { Tuning } from '../targets/target.ts'
import { openClusterForTests } from '../testing/simulated-cluster.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import type { RunEventSink } from './events.ts'
import { withStages } from './stages.ts'

const clock = createVirtualClock()
const cluster = await openClusterForTests()

/** Applies for a minute and restores for another; `told` is what came of both. */
function tuningForTests({ applies = async () => {}, restores = async () => {} } = {}) {
  const told: string[] = []
  const work = async (name: string, signal: AbortSignal, then: () => Promise<void>) => {
    told.push(`${name} begins`)
    try {
      await clock.sleep(60_000, signal)
      await then()
    } catch (error) {
      // What is under way takes a moment to end.
      await clock.sleep(500)
      throw error
    } finally {
      told.push(`${name} is over`)
    }
  }
  const port: Tuning = {
    plan: './retune.sh tuned',
    apply: {
      budgetMs: 90_000,
      async run(signal) {
        await work('apply', signal, applies)
        return { ...cluster, opening: { waitedForLeaseMs: 0, retunedMs: 60_000 } }
      },
    },
    restore: { budgetMs: 90_000, run: (signal) => work('restore', signal, restores) },
  }
  return { told, port }
}

function run(port: Tuning, { emit = () => {}, interruption = new AbortController() }: RunOptions = {}) {
  return withStages({ armId: 'tuned-1', clock, signal: interruption.signal, emit }, (stages) =>
    stages.run(tuning(port)),
  )
}

interface RunOptions {
  emit?: RunEventSink
  interruption?: AbortController
}

describe('a step `tuning`', () => {
  it('should say what it is about to do, and how long it took', async () => {
    const { port } = tuningForTests()
    const texts: (string | undefined)[] = []
    await run(port, {
      emit: (event) => void ('text' in event && texts.push(event.text)),
    })
    expect(texts).toEqual(['./retune.sh tuned', 'settings in force after 60.0 s', 'Tuning'])
  })

  it('should restore when the arm is over', async () => {
    const { port, told } = tuningForTests()
    const { outcome, residue } = await run(port)
    expect(outcome).toMatchObject({ status: 'fulfilled' })
    expect(residue).toEqual([])
    expect(told).toEqual(['apply begins', 'apply is over', 'restore begins', 'restore is over'])
  })

  it('should restore when applying failed half-way', async () => {
    const applies = () => Promise.reject(new Failure('infrastructure', 'no such profile'))
    const { port, told } = tuningForTests({ applies })
    const { outcome, residue } = await run(port)
    expect(outcome).toMatchObject({ reason: { message: 'no such profile' } })
    expect(residue).toEqual([])
    expect(told).toEqual(['apply begins', 'apply is over', 'restore begins', 'restore is over'])
  })

  it('should wait for what is still being applied when it is interrupted', async () => {
    const { port, told } = tuningForTests()
    const interruption = new AbortController()
    void clock.sleep(10_000).then(() => interruption.abort(new Failure('interrupted', 'interrupted by SIGINT')))
    const { outcome } = await run(port, { interruption })
    expect(outcome).toMatchObject({ reason: { kind: 'interrupted' } })
    expect(told).toEqual(['apply begins', 'apply is over', 'restore begins', 'restore is over'])
  })

  it('should report settings that are not restored, having tried once, and keep the first error (faults 29, 32)', async () => {
    const { port, told } = tuningForTests({
      applies: () => Promise.reject(new Failure('infrastructure', 'no such profile')),
      restores: () => Promise.reject(new Failure('residue', 'settings may not have been restored')),
    })
    const { outcome, residue } = await run(port)
    expect(outcome).toMatchObject({ reason: { message: 'no such profile' } })
    expect(residue).toEqual(['Tuning: settings may not have been restored'])
    expect(told.filter((one) => one === 'restore begins')).toHaveLength(1)
  })

  it('should restore nothing when applying never began', async () => {
    const { port, told } = tuningForTests()
    const emit: RunEventSink = ({ type }) => {
      if (type === 'step-started') throw new Error('the disk is full')
    }
    const { outcome, residue } = await run(port, { emit })
    expect(outcome).toMatchObject({ reason: { message: 'the disk is full' } })
    expect(residue).toEqual([])
    expect(told).toEqual([])
  })

  it('should leave the settings where nothing puts them back', async () => {
    const { port, told } = tuningForTests()
    const { restore: _, ...rest } = port
    const { residue } = await run(rest)
    expect(residue).toEqual([])
    expect(told).toEqual(['apply begins', 'apply is over'])
  })
})
