import { describe, expect, it } from 'vitest'
import type { Curve } from '../result/parts.ts'
import { coincidingLines } from './coinciding.ts'

const rising = (to: number, bend = 1): Curve =>
  Array.from({ length: 20 }, (_, index): [number, number] => [1000 * (index + 1), to * ((index + 1) / 20) ** bend])

describe('coinciding lines', () => {
  it('should be named when one hides another, and left alone when they can be told apart', () => {
    const lines = [
      { arm: 'untuned', curve: rising(200, 2) },
      { arm: 'tuned', curve: rising(200) },
      { arm: 'faster', curve: rising(200.5) },
    ]
    expect(coincidingLines(lines)).toBe('The lines of tuned and faster coincide.')
    expect(coincidingLines(lines.slice(0, 2))).toBeUndefined()
  })

  it('should be of the same kind, and of several arms', () => {
    expect(
      coincidingLines([
        { arm: 'tuned', curve: rising(200) },
        { arm: 'tuned', curve: rising(200) },
        { arm: 'untuned', curve: rising(200), dash: 'dashed' },
      ]),
    ).toBeUndefined()
  })

  it('should be told apart when one ends before the other', () => {
    const [short, long] = [rising(200).slice(0, 10), rising(200)]
    expect(
      coincidingLines([
        { arm: 'a', curve: short },
        { arm: 'b', curve: long },
      ]),
    ).toBeUndefined()
  })
})
