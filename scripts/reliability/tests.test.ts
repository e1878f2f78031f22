import { describe, expect, it } from 'vitest'
import { taggedTestsIn } from './tests.ts'

describe('taggedTestsIn', () => {
  it('should find what has tags at its end, in its group, and nothing else', () => {
    const source = `
describe('signals', () => {
  it.each([['SIGHUP', '(fault 99)']])('should end on %s (faults 18, 36) (review 3)', () => {})
  it('should say (fault 7) is a fault', () => {})
  it("should keep 'quotes' (fault 7a)", () => {})
})
it(\`should stand alone: \${one} (hostile 12)\`, () => {})
describeWithComponents('a run (fault 22)', () => {
  it('should go on', () => {})
})
`
    expect(taggedTestsIn('a.test.ts', source).filter(({ title }) => title !== 'signals: ')).toEqual([
      { file: 'a.test.ts', title: 'signals: should end on …', rows: ['fault 18', 'fault 36', 'review 3'] },
      { file: 'a.test.ts', title: "signals: should keep 'quotes'", rows: ['fault 7'] },
      { file: 'a.test.ts', title: 'should stand alone: …', rows: ['hostile 12'] },
      { file: 'a.test.ts', title: 'a run', rows: ['fault 22'] },
    ])
  })

  it('should find Go tests by their comments', () => {
    const source =
      '// A relay that dies is told of. (fault 39)\nfunc TestDeath(t *testing.T) {\n}\n\nfunc TestLife(t *testing.T) {}\n'
    expect(taggedTestsIn('a_test.go', source)).toEqual([{ file: 'a_test.go', title: 'TestDeath', rows: ['fault 39'] }])
  })

  it('should not pass over a tag that is none', () => {
    expect(() => taggedTestsIn('a.test.ts', "it('should be (faults seven, 8)', () => {})")).toThrow(/write \(fault 7\)/)
  })
})
