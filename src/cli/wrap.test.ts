import { describe, expect, it } from 'vitest'
import { cutAtWord } from './wrap.ts'

describe('cutAtWord', () => {
  const text = 'created 8.81 s, first 117 ms, available 79.2 s'

  it('should leave text alone that fits', () => {
    expect(cutAtWord(text, text.length)).toBe(text)
  })

  it.each([45, 40, 31, 20])('should keep whole phrases within %d columns', (columns) => {
    const cut = cutAtWord(text, columns)
    expect(cut.length).toBeLessThanOrEqual(columns)
    expect(cut).toMatch(/^created 8\.81 s(, first 117 ms)? …$/)
  })

  it('should be a mere sign where nothing fits', () => {
    expect(cutAtWord(text, 5)).toBe('…')
    expect(cutAtWord(text, -3)).toBe('…')
  })
})
