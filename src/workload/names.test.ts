import { describe, expect, it } from 'vitest'
import { names } from '../plan/names.ts'
import { namespaceNames, numbered } from './names.ts'

describe('namespaceNames', () => {
  it('should number the namespaces of a class so that names sort as numbers do', () => {
    expect(namespaceNames('large', 2)).toEqual(['scale-test-large-01', 'scale-test-large-02'])
    expect(namespaceNames('large', 100).at(8)).toBe('scale-test-large-009')
  })

  it('should be names that Kubernetes takes, of the longest class and the most namespaces that a plan can have', () => {
    const longest = 'a'.repeat(40)
    expect(names.sizeClass.safeParse(longest).success).toBe(true)
    expect(names.sizeClass.safeParse(`${longest}a`).success).toBe(false)
    expect(names.namespace.safeParse(numbered(`scale-test-${longest}`, 9_999_999_999, 1e10)).success).toBe(true)
  })
})

describe('numbered', () => {
  it('should count from one, with two digits or as many as the last one has', () => {
    expect([numbered('app', 0, 9), numbered('app', 998, 1000)]).toEqual(['app-01', 'app-0999'])
  })
})
