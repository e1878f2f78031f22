import { describe, expect, it } from 'vitest'
import { didYouMean, formatChoice, formatList, formatNames } from './names.ts'

describe('names in messages', () => {
  it('should not list more names than anybody reads', () => {
    expect(formatNames(['a', 'b'], 2)).toBe('a, b')
    expect(formatNames(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more')
  })

  it('should say what there is to choose from', () => {
    expect(formatChoice(['a'])).toBe('a')
    expect(formatChoice(['a', 'b'])).toBe('a or b')
    expect(formatChoice(['a', 'b', 'c'])).toBe('a, b or c')
    expect(formatChoice(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more')
  })

  it('should say all of several phrases as people list them', () => {
    const lists = [[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(formatList)
    expect(lists).toEqual(['', 'a', 'a and b', 'a, b and c'])
  })

  it('should suggest what is close, and nothing else', () => {
    expect(didYouMean('smok', ['smoke', 'single-node'])).toBe('; did you mean smoke?')
    expect(didYouMean('maxpods', ['a.maxPods', 'b.maxPods'])).toBe('; did you mean a.maxPods or b.maxPods?')
    expect(didYouMean('moon', ['smoke', 'single-node'])).toBe('')
  })
})
