import { expect, it } from 'vitest'
import { recordSteps } from './record-steps.ts'

it('should tell a recording which step the arm is in, and pass all events on', () => {
  const told: string[] = []
  const recording = {
    stepBegan: (step: string, title: string) => void told.push(`${step} began: ${title}`),
    stepEnded: (error?: string) => void told.push(error === undefined ? 'ended' : `failed: ${error}`),
  }
  const outline = { armId: 'a', title: 'a', steps: [{ stepId: 'fleet', title: 'Fleet of 2' }] }
  const emit = recordSteps(recording, outline, ({ type }) => void told.push(type))
  emit({ type: 'step-started', armId: 'a', stepId: 'fleet' })
  emit({ type: 'step-progress', armId: 'a', stepId: 'fleet', done: 1 })
  emit({ type: 'step-finished', armId: 'a', stepId: 'fleet', durationMs: 1 })
  emit({ type: 'step-started', armId: 'a', stepId: 'unheard-of' })
  emit({ type: 'step-failed', armId: 'a', stepId: 'unheard-of', message: 'no' })
  expect(told).toEqual([
    'fleet began: Fleet of 2',
    'step-started',
    'step-progress',
    'ended',
    'step-finished',
    'unheard-of began: unheard-of',
    'step-started',
    'failed: no',
    'step-failed',
  ])
})
