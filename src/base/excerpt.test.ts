import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excerpt, lineExcerpt } from './excerpt.ts'

describe('excerpt', () => {
  it('should show a text in one line, cut and without control characters and secrets', () => {
    expect(excerpt('two\nlines\u001b[2J')).toBe('two lines\ufffd[2J')
    expect(excerpt(`${'a '.repeat(2_500_000)}`, 10)).toBe('a a a a a …')
    expect(excerpt('{"token":"hunter2"}')).toBe('{"token":[hidden]}')
    expect(excerpt('fleet.nodes')).toBe('fleet.nodes')
  })
})

describe('lineExcerpt', () => {
  const at = (text: string, what: string) => lineExcerpt(text, text.indexOf(what))

  it('should show the line of a place, with a caret below it', () => {
    expect(at('a: 1\n  b: 2\r\nc: 3', 'b')).toEqual({ line: '  b: 2', caret: '  ^' })
    expect(at('a: 1\n', 'a')).toEqual({ line: 'a: 1', caret: '^' })
    expect(lineExcerpt('a: 1', 4)).toEqual({ line: 'a: 1', caret: '    ^' })
    expect(lineExcerpt('', 0)).toEqual({ line: '', caret: '^' })
  })

  it('should cut a long line around the place', () => {
    const long = `${'x, '.repeat(1_000_000)}here${', y'.repeat(1_000_000)}`
    const { line, caret } = at(long, 'here')
    expect(line.length).toBe(78)
    expect(line).toMatch(/^….*here.*…$/)
    expect(line.slice(caret.length - 1)).toMatch(/^here/)
    expect(at(long, 'x').line).toMatch(/^x, x/)
  })

  it('should hide secrets, and put the caret where they begin', () => {
    expect(at('{ token: hunter2, arms: [a] }', 'arms')).toEqual({
      line: '{ token: [hidden], arms: [a] }',
      caret: '                   ^',
    })
    expect(at('{ token: hunter2 }', 'ter2')).toEqual({ line: '{ token: [hidden] }', caret: '         ^' })
    expect(at('token: |\n  one\n  hunter2\n', 'hunter2')).toEqual({ line: '[hidden]', caret: '^' })
  })

  it('should keep tabs, so that the caret stands below its place', () => {
    expect(at('\ta:\tb', 'b')).toEqual({ line: '\ta:\tb', caret: '\t  \t^' })
  })

  it('should keep to its width whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), fc.nat(600), (text, offset) => {
        const { line, caret } = lineExcerpt(text, offset)
        expect(Math.max(line.length, caret.length)).toBeLessThanOrEqual(79)
        expect(line).not.toMatch(/\p{Cc}(?<!\t)/u)
        expect(line.isWellFormed()).toBe(true)
      }),
    )
  })
})
