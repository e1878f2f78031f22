import { describe, expect, it } from 'vitest'
import { createProgressLine } from './progress.ts'

describe('createProgressLine', () => {
  it('should show count, rate and time left when work is counted', () => {
    const line = createProgressLine()
    expect(line.update({ done: 0, total: 200, unit: 'pods Ready' }, 1000)).toBe('░░░░░░░░░░░░░░░░░░░░ 0/200 pods Ready')
    expect(line.update({ done: 50, total: 200, unit: 'pods Ready' }, 11_000)).toBe(
      '█████░░░░░░░░░░░░░░░ 50/200 pods Ready, 5.0/s, 30.0 s left',
    )
    expect(line.update({ done: 200, total: 200, unit: 'pods Ready' }, 41_000)).toBe(
      '████████████████████ 200/200 pods Ready, 5.0/s',
    )
  })

  it('should show the words when nothing is counted', () => {
    expect(createProgressLine().update({ text: 'quiet for 10 s' }, 0)).toBe('quiet for 10 s')
  })
})
