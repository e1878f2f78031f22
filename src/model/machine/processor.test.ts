import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createProcessor } from './processor.ts'

function benchOf(cores: number) {
  const clock = { nowMs: 0 }
  return { clock, processor: createProcessor(() => clock.nowMs, cores) }
}

describe('processors that components share', () => {
  it('should take what a piece of work costs, one piece after the other of one flow', () => {
    const { processor } = benchOf(1)
    expect([processor.reserve('a', 10), processor.reserve('a', 5)]).toEqual([10, 15])
  })

  it('should give one piece no more than a core, however many are idle', () => {
    const { processor } = benchOf(8)
    expect(processor.reserve('a', 10)).toBe(10)
  })

  it('should give two components equal parts of one core (review 9)', () => {
    const { processor } = benchOf(1)
    processor.reserve('a', 100)
    // The second one is done when both have had ten.
    expect(processor.reserve('b', 10)).toBe(20)
    // And the first one later by what the second took.
    expect(processor.reserve('a', 1)).toBeGreaterThanOrEqual(111)
  })

  it('should give a component with many flows no more than one with a single flow', () => {
    const { processor } = benchOf(1)
    for (let flow = 0; flow < 10; flow++) processor.reserve('a', 100, `flow ${flow}`)
    expect(processor.reserve('b', 10)).toBeCloseTo(20)
  })

  it('should leave the whole core to who is alone again', () => {
    const { processor, clock } = benchOf(1)
    processor.reserve('a', 10)
    clock.nowMs = 10
    expect(processor.reserve('b', 10)).toBe(20)
  })

  it('should count what each component has used', () => {
    const { processor } = benchOf(2)
    processor.reserve('a', 10)
    processor.reserve('a', 5, 'other')
    processor.reserve('b', 1)
    expect(['a', 'b', 'c'].map(processor.usedMs)).toEqual([15, 1, 0])
  })

  it('should never do more than its cores can, nor a piece before it could be done alone', () => {
    const pieces = fc.array(
      fc.record({
        pauseMs: fc.integer({ min: 0, max: 5 }),
        component: fc.constantFrom('a', 'b', 'c'),
        costMs: fc.integer({ min: 1, max: 50 }),
      }),
      { minLength: 1, maxLength: 60 },
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), pieces, (cores, work) => {
        const { processor, clock } = benchOf(cores)
        let totalMs = 0
        let lastMs = 0
        for (const { pauseMs, component, costMs } of work) {
          clock.nowMs += pauseMs
          const doneMs = processor.reserve(component, costMs)
          expect(doneMs).toBeGreaterThanOrEqual(clock.nowMs + costMs - 1e-6)
          totalMs += costMs
          lastMs = Math.max(lastMs, doneMs)
        }
        const busiestMs = Math.max(...['a', 'b', 'c'].map(processor.usedMs))
        expect(lastMs).toBeGreaterThanOrEqual(busiestMs / cores - 1e-6)
        expect(processor.usedMs('a') + processor.usedMs('b') + processor.usedMs('c')).toBe(totalMs)
      }),
    )
  })
})
