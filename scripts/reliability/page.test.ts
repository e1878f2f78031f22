import { describe, expect, it } from 'vitest'
import { complaintsAboutRows, reliabilityPage } from './page.ts'
import type { Catalogue } from './rows.ts'
import type { TaggedTest } from './tests.ts'

const catalogues: Catalogue[] = [
  {
    tag: 'fault',
    title: 'Faults',
    introduction: 'What goes wrong.',
    headings: ['what', 'answer'],
    rows: [
      { number: 1, what: 'A pipe | breaks', answer: 'Mends it.', exit: '5' },
      { number: 2, what: 'A host reboots', answer: 'Nothing.', untested: 'there are no hosts' },
    ],
  },
]
const test = (title: string, ...rows: TaggedTest['rows']): TaggedTest => ({ file: 'src/a.test.ts', title, rows })

describe('reliabilityPage', () => {
  it('should name a few tests of each row, and count the others', () => {
    const tests = ['one', 'two', 'three', 'four', 'five', 'six'].map((title) => test(title, 'fault 1'))
    const page = reliabilityPage(catalogues, tests)
    expect(page).toContain('| 1 | A pipe \\| breaks | Mends it. | 5 | one ([a.test.ts](../src/a.test.ts))<br>two')
    expect(page).toContain('four ([a.test.ts](../src/a.test.ts))<br>and 2 more |')
    expect(page).not.toContain('five')
    expect(page).toContain('| 2 | A host reboots | Nothing. |  | none: there are no hosts |')
  })

  it('should show what is missing', () => {
    expect(reliabilityPage(catalogues, [])).toContain('| 5 | **missing** |')
  })
})

describe('complaintsAboutRows', () => {
  it('should be none where each row has a test or a reason', () => {
    expect(complaintsAboutRows(catalogues, [test('one', 'fault 1')])).toEqual([])
  })

  it('should name rows without either, rows with both, and tags of no row', () => {
    expect(complaintsAboutRows(catalogues, [test('two', 'fault 2', 'hostile 9')])).toEqual([
      'fault 1 (A pipe | breaks) has no test: end a title with (fault 1), or say why in scripts/reliability/',
      'fault 2 has a test, and a reason why it has none',
      'src/a.test.ts: "two" names hostile 9, which is no row',
    ])
  })
})
