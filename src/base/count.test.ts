import { describe, expect, it } from 'vitest'
import { formatCount, plural } from './count.ts'

describe('counts in words', () => {
  it('should keep thousands apart when a count has more than three digits', () => {
    expect([7, 999, 40_000, 1_234_567].map(formatCount)).toEqual(['7', '999', '40,000', '1,234,567'])
  })

  it('should say one thing in the singular, and none or several in the plural', () => {
    expect([0, 1, 2, 1000].map((count) => plural(count, 'node'))).toEqual([
      '0 nodes',
      '1 node',
      '2 nodes',
      '1,000 nodes',
    ])
    expect([1, 3].map((count) => plural(count, 'pod was', 'pods were'))).toEqual(['1 pod was', '3 pods were'])
  })
})
