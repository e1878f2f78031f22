import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { namespaceNames, numbered } from './names.ts'

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const className = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/)

describe('namespaceNames', () => {
  it('should number the namespaces of a class so that names sort as numbers do', () => {
    expect(namespaceNames('large', 0, 2)).toEqual(['scale-test-large-01', 'scale-test-large-02'])
    expect(namespaceNames('large', 0, 100).at(8)).toBe('scale-test-large-009')
  })

  it('should be DNS labels, each only once, however long and alike the classes are called', () => {
    // Long beginnings that all classes share: cut, only their numbers tell them apart.
    const beginning = fc.nat(80).map((length) => 'a'.repeat(length))
    const ends = fc.uniqueArray(className, { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(beginning, ends, fc.integer({ min: 1, max: 120 }), (start, classes, count) => {
        const names = classes.flatMap((end, index) => namespaceNames(start + end, index, count))
        expect(names.filter((name) => !dnsLabel.test(name))).toEqual([])
        expect(new Set(names).size).toBe(names.length)
      }),
    )
  })

  it('should tell a cut name from one that another class has in full', () => {
    const cut = namespaceNames('a'.repeat(60), 1, 1)
    expect(namespaceNames(`${'a'.repeat(40)}-2`, 0, 1)).not.toEqual(cut)
    expect(cut).toEqual([`scale-test-${'a'.repeat(40)}-2-01`])
  })
})

describe('numbered', () => {
  it('should count from one, with two digits or as many as the last one has', () => {
    expect([numbered('app', 0, 9), numbered('app', 998, 1000)]).toEqual(['app-01', 'app-0999'])
  })
})
