import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { listrView } from './listr-view.ts'
import { stylesFor } from './terminal.ts'

const arm = { armId: 'a-1', title: 'a #1', steps: [{ stepId: 'clean-up', title: 'Clean up' }] }
const step = { armId: 'a-1', stepId: 'clean-up' }

let drawn: string

beforeEach(() => {
  drawn = ''
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      drawn += String(text)
      return true
    })
})

afterEach(() => void vi.restoreAllMocks())

/** Longer than a list takes to see that its tasks are done. */
const pause = () => systemClock.sleep(50)

describe('the list of a run', () => {
  it('should stay open until the duration of the last arm is known, and draw it', async () => {
    const { emit, finished } = listrView(
      stylesFor(false),
      () => 0,
      () => 80,
    )
    let isClosed = false
    void finished.then(() => {
      isClosed = true
    })
    emit({ type: 'run-started', run: 'r', plan: 'p', target: 'sim', outline: [arm] })
    emit({ type: 'step-started', ...step })
    emit({ type: 'step-finished', ...step, durationMs: 2000 })
    await pause()
    expect(isClosed).toBe(false)
    emit({ type: 'arm-finished', armId: 'a-1', outcome: 'complete', durationMs: 27_300 })
    emit({ type: 'run-finished', verdict: 'pass', partial: false })
    await finished
    expect(drawn).toMatch(/27\.3 s {2}a #1/)
  })
})
