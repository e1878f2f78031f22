import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../run/events.ts'
import { inVirtualTime } from './virtual-progress.ts'

const minute = 60_000
const outline = ['a-1', 'b-1'].map((armId) => ({ armId, title: armId, steps: [] }))

function simulation() {
  let nowMs = 0
  const texts: string[] = []
  const emit = inVirtualTime(
    (event: RunEvent) => {
      if (event.type === 'step-progress') texts.push(event.text ?? '')
    },
    { armMs: () => 20 * minute, nowMs: () => nowMs },
  )
  emit({ type: 'run-started', run: 'r', plan: 'p', target: 'sim', outline })
  return {
    emit,
    texts,
    at(ms: number) {
      nowMs = ms
    },
  }
}

describe('the progress of a simulation', () => {
  it('should be that of the whole run in virtual time, with what is left by this machine’s clock', () => {
    const { emit, texts, at } = simulation()
    at(10_000)
    emit({
      type: 'step-progress',
      armId: 'a-1',
      stepId: 'fill',
      done: 3,
      total: 9,
      unit: 'pods Ready',
      elapsedMs: 10 * minute,
    })
    expect(texts).toEqual(['3/9 pods Ready; 10 of 40 virtual minutes, about 30 s left'])
  })

  it('should correct the forecast by what an arm took', () => {
    const { emit, texts, at } = simulation()
    emit({ type: 'step-finished', armId: 'a-1', stepId: 'fill', durationMs: 9 * minute })
    emit({ type: 'arm-finished', armId: 'a-1', outcome: 'complete', durationMs: 10 * minute })
    at(20_000)
    emit({ type: 'step-progress', armId: 'b-1', stepId: 'fill', elapsedMs: 5 * minute })
    expect(texts).toEqual(['15 of 30 virtual minutes, about 20 s left'])
  })

  it('should never be more than all, and guess nothing at the beginning', () => {
    const { emit, texts, at } = simulation()
    emit({ type: 'step-progress', armId: 'a-1', stepId: 'fill', elapsedMs: 0 })
    at(1e6)
    emit({ type: 'step-progress', armId: 'a-1', stepId: 'fill', elapsedMs: 90 * minute })
    expect(texts).toEqual(['0 of 40 virtual minutes', '90 of 110 virtual minutes, about 4 m left'])
  })
})
