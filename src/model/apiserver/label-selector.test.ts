import { describe, expect, it } from 'vitest'
import { matchesLabels, parseLabelSelector, selectorText } from './label-selector.ts'

const selects = (text: string, labels: Record<string, string>) => parseLabelSelector(text).every((test) => test(labels))

// Messages as kube-apiserver 1.36 was seen to write them.
const refused: Record<string, string> = {
  'tier in web': "unable to parse requirement: found 'web' expected: '('",
  'a b': "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
  'a not in (b)': "unable to parse requirement: found 'not', expected: in, notin, =, ==, !=, gt, lt",
  'a=b,,c': "found ',', expected: identifier after ','",
  'a,': "found '', expected: identifier after ','",
  ',a': "found ',', expected: !, identifier, or 'end of string'",
  'a=!': "unable to parse requirement: found '!', expected: identifier",
  '!': "unable to parse requirement: found '', expected: identifier",
  '!a=b': "found '=', expected: ',' or 'end of string'",
  'a=b c': "found 'c', expected: ',' or 'end of string'",
  'a in (b': "unable to parse requirement: found '', expected: ',' or ')'",
  'a in (b c)': "unable to parse requirement: found 'c', expected: ',' or ')'",
}

describe('parseLabelSelector', () => {
  it.each(Object.entries(refused))('should say what is wrong when the selector is <%s>', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(new Error(message))
  })

  it('should name the value when it is no label', () => {
    expect(() => parseLabelSelector('a=_x_')).toThrow('values[0][a]: Invalid value: "_x_": a valid label must')
    expect(() => parseLabelSelector('a>x')).toThrow("values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators")
    expect(() => parseLabelSelector('-a=c')).toThrow('Invalid value: "-a": name part must consist of')
  })

  it('should select by numbers and by empty values when it says so', () => {
    expect(selects('a>9', { a: '10' })).toBe(true)
    expect(selects('a<9', { a: '10' })).toBe(false)
    expect(selects('a>9', {})).toBe(false)
    expect(selects('a=', { a: '' })).toBe(true)
    expect(selects('a in (b,)', { a: '' })).toBe(true)
    expect(selects('', { a: 'b' })).toBe(true)
  })

  it('should take operators for names when they stand where names do', () => {
    expect(selects('in in (in)', { in: 'in' })).toBe(true)
    expect(selects('notin', { notin: 'x' })).toBe(true)
  })
})

describe('matchesLabels', () => {
  it('should ask for all labels and expressions when there are both', () => {
    const selector = {
      matchLabels: { a: '1' },
      matchExpressions: [
        { key: 'b', operator: 'NotIn', values: ['2'] },
        { key: 'c', operator: 'DoesNotExist' },
      ],
    }
    expect(matchesLabels(selector, { a: '1' })).toBe(true)
    expect(matchesLabels(selector, { a: '1', b: '2' })).toBe(false)
    expect(matchesLabels(selector, { a: '1', c: '' })).toBe(false)
    expect(matchesLabels(selector, undefined)).toBe(false)
    expect(selectorText(selector)).toBe('a=1,b notin (2),!c')
  })
})
