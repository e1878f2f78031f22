import { describe, expect, it } from 'vitest'
import { wordsOf } from './words.ts'

describe('words of a text', () => {
  it.each([
    ['20 per second = 33 m 19 s of 34 m 15 s', ['20', 'per', 'second', '=', '33 m 19 s', 'of', '34 m 15 s']],
    ['within chance: 11.5 s to 14.2 s', ['within', 'chance:', '11.5 s', 'to', '14.2 s']],
    ['(p99 313 ms), 93 % busy, 2.0 GiB', ['(p99', '313 ms),', '93 %', 'busy,', '2.0 GiB']],
    ['199 requests and 5 stops', ['199', 'requests', 'and', '5', 'stops']],
    ['at 5  m', ['at', '5', '', 'm']],
    ['', ['']],
  ])('should keep the figures of %j with their units', (text, words) => {
    expect(wordsOf(text)).toEqual(words)
  })
})
