import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../../kube/api.ts'
import { benchForTests } from '../../testing/model-objects.ts'
import { parseLabelSelector, selectorText } from './label-selector.ts'
import { createPager } from './paging.ts'
import { selectionOf } from './selectors.ts'

/** Calls, and lets an `ApiError` pass: whatever a client sends, it is a refusal at worst. */
function answered(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

const selector = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom(...'=!(),<>\\. \t', 'in', 'notin', 'a', 'metadata.name', '-', '1'))
    .map((parts) => parts.join('')),
)
const pod = { metadata: { name: 'a', namespace: 'ns', labels: { a: '1' } } }

describe('what clients may send to a simulated apiserver', () => {
  it('should select or be refused, whatever a selector says', () => {
    fc.assert(
      fc.property(
        selector,
        selector,
        fc.constantFrom('pods', 'configmaps'),
        (labelSelector, fieldSelector, resource) => {
          answered(() => selectionOf({ resource, labelSelector, fieldSelector })?.(pod))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('should understand the selector of any workload as it is written', () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/)
    const value = fc.stringMatching(/^([a-zA-Z0-9]{1,5})?$/)
    const labels = fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true })
    fc.assert(
      fc.property(labels, labels, (matchLabels, other) => {
        const tests = parseLabelSelector(selectorText({ matchLabels }))
        const selects = (of: Record<string, string>) => tests.every((test) => test(of))
        expect(selects({ ...other, ...matchLabels })).toBe(true)
        const isIn = Object.entries(matchLabels).every(([label, wanted]) => other[label] === wanted)
        expect(selects(other)).toBe(isIn)
      }),
    )
  })

  it.each([
    ['a>9', '10', true],
    ['a<9', '-1', true],
    ['a<9', '', false],
    ['a>1', '1e3', false],
    ['a<9', 'x', false],
  ])('should compare by %s only with a label that is a whole number: %j', (text, label, is) => {
    expect(parseLabelSelector(text).every((test) => test({ a: label }))).toBe(is)
  })

  it('should go on with a list or refuse to, whatever the token', () => {
    const { store, objects } = benchForTests()
    for (const name of ['a', 'b', 'c']) objects.create('configmaps', { metadata: { name, namespace: 'ns' } })
    const pager = createPager(store)
    const page = (continueFrom?: string) =>
      pager.list({ verb: 'list', query: { resource: 'configmaps' }, limit: 2, continueFrom, metadataOnly: false })
    page()
    const token = fc.oneof(
      fc.string(),
      fc.tuple(fc.integer(), fc.integer()).map((pair) => pair.join('/')),
      fc.constantFrom('1/2', '1/3', '1/4'),
    )
    fc.assert(
      fc.property(token, (continueFrom) => {
        const answer = answered(() => page(continueFrom))
        if (answer instanceof ApiError) return
        // A page that refers to itself would be asked for for ever.
        expect((answer as ReturnType<typeof page>).metadata.continue).not.toBe(continueFrom)
      }),
    )
  })
})
