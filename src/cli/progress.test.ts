import { describe, expect, it } from 'vitest'
import { createProgressLine } from './progress.ts'

describe('createProgressLine', () => {
  it('should show count, rate and time left when work is counted', () => {
    const line = createProgressLine()
    expect(line.update({ done: 0, total: 200, unit: 'pods Ready' }, 1000)).toBe('░░░░░░░░░░░░░░░░░░░░ 0/200 pods Ready')
    expect(line.update({ done: 50, total: 200, unit: 'pods Ready' }, 11_000)).toBe(
      '█████░░░░░░░░░░░░░░░ 50/200 pods Ready, 5.0/s, 30.0 s left',
    )
  })

  it('should forget the slow start when work has picked up', () => {
    const line = createProgressLine()
    line.update({ done: 0, total: 200 }, 0)
    for (let atMs = 10_000; atMs <= 40_000; atMs += 1000)
      line.update({ done: (atMs - 10_000) / 1000, total: 200 }, atMs)
    expect(line.update({ done: 31, total: 200 }, 41_000)).toMatch(/31\/200, 1\.0\/s, 169\.0 s left/)
  })

  it('should start anew when the step counts something else', () => {
    const line = createProgressLine()
    line.update({ done: 0, total: 1000, unit: 'configmaps' }, 0)
    line.update({ done: 1000, total: 1000, unit: 'configmaps' }, 5000)
    line.update({ done: 0, total: 125, unit: 'services' }, 5100)
    expect(line.update({ done: 50, total: 125, unit: 'services' }, 10_100)).toMatch(/services, 10\.0\/s, 7\.50 s left/)
  })

  it('should show the words beside what is counted', () => {
    const progress = { done: 0, total: 20, unit: 'nodes Ready', text: '3 of 5 pods started' }
    expect(createProgressLine().update(progress, 0)).toBe('░░░░░░░░░░░░░░░░░░░░ 0/20 nodes Ready; 3 of 5 pods started')
  })

  it('should show the words when nothing is counted', () => {
    expect(createProgressLine().update({ text: 'quiet for 10 s' }, 0)).toBe('quiet for 10 s')
  })
})
