import { describe, expect, it } from 'vitest'
import { scheduleArms } from './schedule.ts'

describe('scheduleArms', () => {
  it('should go back and forth when arms are repeated', () => {
    const arms = (['untuned', 'tuned'] as const).map((profile) => ({ profile, set: [] }))
    const scheduled = scheduleArms({ arms, repetitions: 3 })
    expect(scheduled.map((arm) => arm.armId)).toEqual([
      'untuned-1',
      'tuned-1',
      'tuned-2',
      'untuned-2',
      'untuned-3',
      'tuned-3',
    ])
    expect(scheduled.map((arm) => arm.order)).toEqual([1, 2, 3, 4, 5, 6])
  })
})
