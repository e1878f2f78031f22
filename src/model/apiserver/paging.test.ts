import { describe, expect, it } from 'vitest'
import { benchForTests, refusalOf } from '../../testing/model-objects.ts'
import { createPager } from './paging.ts'

function setUp() {
  const { store, objects } = benchForTests()
  const create = (name: string) => objects.create('configmaps', { metadata: { name, namespace: 'ns' } })
  for (const name of ['a', 'b', 'c']) create(name)
  const pager = createPager(store)
  const page = (continueFrom?: string, limit = 2) =>
    pager.list({ verb: 'list', query: { resource: 'configmaps' }, limit, continueFrom, metadataOnly: false })
  const namesOf = ({ items }: ReturnType<typeof page>) => items?.map(({ metadata }) => metadata.name)
  return { store, create, page, namesOf }
}

describe('createPager', () => {
  it('should give the same page again when its answer was lost', () => {
    const { page, namesOf, create } = setUp()
    const { metadata } = page()
    expect(metadata.remainingItemCount).toBe(1)
    create('d')
    expect(namesOf(page(metadata.continue))).toEqual(['c'])
    expect(namesOf(page(metadata.continue))).toEqual(['c'])
  })

  it('should refuse the rest of a list when its state is forgotten', () => {
    const { store, create, page } = setUp()
    const { metadata } = page()
    create('d')
    store.forgetHistory()
    expect(refusalOf(() => page(metadata.continue))).toMatch(/^410 Expired: The provided continue parameter is too old/)
  })

  it('should give everything when there is no limit', () => {
    const { page, namesOf } = setUp()
    expect(namesOf(page(undefined, 0))).toEqual(['a', 'b', 'c'])
  })
})
