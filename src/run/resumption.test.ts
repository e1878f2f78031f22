import { describe, expect, it } from 'vitest'
import type { ArmOutcome } from '../result/result.ts'
import { planForTests } from '../testing/plans.ts'
import type { JournalRecord } from './journal.ts'
import { remainsOf } from './resumption.ts'
import { backAndForth } from './schedule.ts'

const plan = { ...planForTests(), repetitions: 2 }
const { planned } = backAndForth({ plan, target: { onThisMachine: false }, machine: null })

const numbered = (records: object[]) =>
  records.map((record, sequence) => ({ sequence, atMs: 0, ...record })) as JournalRecord[]
const finished = (armId: string, outcome = 'complete', durationMs = 10) => ({
  type: 'arm-finished',
  armId,
  outcome,
  durationMs,
})
const started = (armId: string, stepId: string) => ({ type: 'step-started', armId, stepId })
const kept = (id: string, outcome: ArmOutcome['outcome'] = 'complete') => ({ id, outcome }) as ArmOutcome
const ids = (arms: readonly { id: string }[]) => arms.map(({ id }) => id)

describe('remainsOf', () => {
  it('should go on with the first arm that is not complete, and add up what those before it took', () => {
    const records = numbered([finished('untuned-1', 'complete', 10), finished('tuned-1', 'complete', 0.25)])
    const { done, ahead } = remainsOf(planned, records, [kept('tuned-1'), kept('untuned-1')])
    expect(ids(done.arms)).toEqual(['untuned-1', 'tuned-1'])
    expect(done.durationMs).toBe(10.25)
    expect(ids(ahead)).toEqual(['tuned-2', 'untuned-2'])
  })

  it.each<[string, object[], ArmOutcome[]]>([
    ['was not kept', [finished('untuned-1')], []],
    ['was kept, of which the journal says nothing', [], [kept('untuned-1')]],
    ['failed', [finished('untuned-1', 'failed')], [kept('untuned-1', 'failed')]],
    ['was interrupted', [finished('untuned-1', 'interrupted')], [kept('untuned-1', 'interrupted')]],
  ])('should run an arm again that %s', (_, records, arms) => {
    expect(ids(remainsOf(planned, numbered(records), arms).ahead)).toEqual(ids(planned))
  })

  it('should tell which arms are run again, and which of them left their cluster re-tuned', () => {
    const records = numbered([
      started('untuned-1', 'tuning'),
      { type: 'step-finished', armId: 'untuned-1', stepId: 'clean-up' },
      finished('untuned-1', 'failed'),
      started('tuned-1', 'control-plane'),
      started('tuned-1', 'tuning'),
    ])
    const { begun, leftTuned } = remainsOf(planned, records, [kept('untuned-1', 'failed')])
    expect(ids(begun)).toEqual(['untuned-1', 'tuned-1'])
    expect(ids(leftTuned)).toEqual(['tuned-1'])
  })
})
