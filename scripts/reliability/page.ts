import type { Catalogue, Row } from './rows.ts'
import type { RowName, TaggedTest } from './tests.ts'

/** More tests of a row are only counted. */
const mostTests = 4

/** docs/reliability.md: each row with what scale-test does, and the tests that say so. */
export function reliabilityPage(catalogues: readonly Catalogue[], tests: readonly TaggedTest[]): string {
  const sections = catalogues.map((catalogue) =>
    [
      `## ${catalogue.title}`,
      '',
      catalogue.introduction,
      '',
      `| | ${catalogue.headings.join(' | ')} | status | tests |`,
      '|---|---|---|---|---|',
      ...catalogue.rows.map((row) => line(row, testsOf(catalogue, row, tests))),
    ].join('\n'),
  )
  return `${[
    '# Reliability',
    `What can go wrong, what scale-test does about it, and the tests that show it. Written by \`make reliability\` from the titles of the tests; \`make
verify\` checks that no row is missing. The README explains the [exit statuses](../README.md#exit-statuses).`,
    ...sections,
  ].join('\n\n')}\n`
}

function line({ number, what, answer, exit = '', untested }: Row, tests: readonly TaggedTest[]): string {
  return `| ${[String(number), what, answer, exit, testsText(tests, untested)].map(cell).join(' | ')} |`
}

function testsText(tests: readonly TaggedTest[], untested: string | undefined): string {
  if (tests.length === 0) return untested === undefined ? '**missing**' : `none: ${untested}`
  const shown = tests.slice(0, mostTests).map(({ file, title }) => `${title} ([${file.split('/').at(-1)}](../${file}))`)
  const others = tests.length - shown.length
  return [...shown, ...(others > 0 ? [`and ${others} more`] : [])].join('<br>')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/<(?!br>)/g, '&lt;')
}

function testsOf({ tag }: Catalogue, { number }: Row, tests: readonly TaggedTest[]): TaggedTest[] {
  return tests.filter(({ rows }) => rows.includes(`${tag} ${number}`))
}

/** What is wrong with the rows and the tags, as sentences: rows without a test or a reason, and tags of no row. */
export function complaintsAboutRows(catalogues: readonly Catalogue[], tests: readonly TaggedTest[]): string[] {
  const known = new Set<RowName>()
  const missing = catalogues.flatMap((catalogue) =>
    catalogue.rows.flatMap((row) => {
      const name: RowName = `${catalogue.tag} ${row.number}`
      known.add(name)
      const hasTest = testsOf(catalogue, row, tests).length > 0
      if (hasTest && row.untested !== undefined) return [`${name} has a test, and a reason why it has none`]
      if (hasTest || row.untested !== undefined) return []
      return [`${name} (${row.what}) has no test: end a title with (${name}), or say why in scripts/reliability/`]
    }),
  )
  const unknown = tests.flatMap(({ file, title, rows }) =>
    rows.filter((row) => !known.has(row)).map((row) => `${file}: "${title}" names ${row}, which is no row`),
  )
  return [...missing, ...unknown]
}
