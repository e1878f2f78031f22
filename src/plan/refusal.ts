import { formatCount, plural } from '../base/count.ts'
import type { Mistake } from '../base/errors.ts'
import { Failure } from '../base/errors.ts'
import { excerpt, lineExcerpt } from '../base/excerpt.ts'
import { shownPath } from '../base/file-failures.ts'
import { formatNames } from '../base/names.ts'
import type { Override } from './sources.ts'
import { optionOf } from './sources.ts'
import type { PlacedProblem } from './written.ts'
import { lineAt } from './written.ts'

/** More mistakes are counted, and not shown: they tend to follow from one another. */
const mostShown = 20

/** `Failure('bad-input')` that lists every mistake where it was made, with the line itself. */
export function refusal(problems: readonly PlacedProblem[], overrides: readonly Override[] = []): Failure {
  const inOrder = problems.toSorted(
    ({ place: left }, { place: right }) =>
      left.source.position - right.source.position || (left.offset ?? -1) - (right.offset ?? -1),
  )
  // A file that is included twice has its mistakes once.
  const keyOf = ({ place: { source, offset }, message }: PlacedProblem) => `${source.name}:${offset}:${message}`
  const distinct = [...new Map(inOrder.map((problem) => [keyOf(problem), problem])).values()]
  const [first] = distinct
  if (first !== undefined && distinct.length === 1 && first.place.offset === undefined)
    return new Failure('bad-input', `${told(first)}; nothing was started`, { mistakes: distinct.flatMap(mistakeIn) })
  const more = distinct.length - mostShown
  const blocks = [...distinct.slice(0, mostShown).map(told), ...(more > 0 ? [`and ${formatCount(more)} more`] : [])]
  return new Failure(
    'bad-input',
    `${plural(distinct.length, 'mistake')} in ${placesOf(distinct, overrides)}; nothing was started\n\n${blocks.join('\n\n')}`,
    { mistakes: distinct.slice(0, mostShown).flatMap(mistakeIn) },
  )
}

/** A mistake in a file; none for one on the command line. */
function mistakeIn({ place: { source, offset }, message }: PlacedProblem): Mistake[] {
  if (source.kind === 'override') return []
  return [{ file: source.name, line: offset === undefined ? undefined : lineAt(source.text, offset).line, message }]
}

/** `plans/x.yaml`, `--set`, or `plans/x.yaml with --set fleet.nodes=1`: what is right in a file may be wrong with an override. */
function placesOf(problems: readonly PlacedProblem[], overrides: readonly Override[]): string {
  const files = problems.flatMap(({ place: { source } }) =>
    source.kind === 'override' ? [] : [shownPath(source.name)],
  )
  if (files.length === 0)
    return [...new Set(problems.map(({ place }) => place.source.name.split(' ', 1)[0]))].join(' and ')
  const options = overrides.map(optionOf).map(({ option, text }) => `${option} ${excerpt(text, 40)}`)
  const set = options.length === 0 ? '' : ` with ${options.join(' ')}`
  return `${formatNames([...new Set(files)], 3)}${excerpt(set, 200)}`
}

function told({ place: { source, offset }, message }: PlacedProblem): string {
  const { kind, text } = source
  const name = kind === 'override' ? excerpt(source.name, 80) : shownPath(source.name)
  if (offset === undefined) return `${name} ${message}`
  const { line, column } = lineAt(text, offset)
  const where = kind === 'override' ? name : `${name}:${line}:${column}`
  if (!source.isQuotable) return `${where}  ${message}`
  const gutter = kind === 'override' ? '' : `${line} | `
  const shown = lineExcerpt(text, offset)
  return `${where}  ${message}\n  ${gutter}${shown.line}\n  ${gutter.replace(/\d/g, ' ')}${shown.caret}`
}
