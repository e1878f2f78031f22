import { labelValueErrors, qualifiedNameErrors } from './names.ts'

type Labels = Readonly<Record<string, string>>

/** Whether labels are selected. */
export type LabelTest = (labels: Labels) => boolean

/** The selector of a workload (meta/v1 LabelSelector). */
export interface LabelSelector {
  matchLabels?: Labels
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** Whether a workload's selector selects labels; one that is empty selects everything. */
export function matchesLabels(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Labels = {},
): boolean {
  for (const key in matchLabels) if (labels[key] !== matchLabels[key]) return false
  return matchExpressions.every(({ key, operator, values = [] }) => testOf(key, operator.toLowerCase(), values)(labels))
}

/** A workload's selector as text: `a=b,c in (d,e)`. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const parts = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      const isSet = operator === 'In' || operator === 'NotIn'
      const alone = operator === 'Exists' ? key : `!${key}`
      return { key, text: isSet ? `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})` : alone }
    }),
  ]
  return parts
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ text }) => text)
    .join(',')
}

function testOf(key: string, operator: string, values: readonly string[]): LabelTest {
  const [value] = values
  switch (operator) {
    case 'exists':
      return (labels) => labels[key] !== undefined
    case '!':
    case 'doesnotexist':
      return (labels) => labels[key] === undefined
    case 'in':
    case '=':
    case '==':
      return (labels) => labels[key] !== undefined && values.includes(labels[key])
    // These also select what does not have the label.
    case 'notin':
    case '!=':
      return (labels) => labels[key] === undefined || !values.includes(labels[key])
    case '>':
      return (labels) => compared(labels[key], value) > 0
    default:
      return (labels) => compared(labels[key], value) < 0
  }
}

/** By how much one whole number is larger than another; NaN, which is neither more nor less, where one of them is none. */
function compared(label: string | undefined, value: string | undefined): number {
  const [left, right] = [label, value].map((text) => (isWhole(text) ? Number(text) : Number.NaN)) as [number, number]
  return left - right
}

function isWhole(text: string | undefined): text is string {
  return text !== undefined && /^[-+]?\d+$/.test(text)
}

const operators: ReadonlySet<string> = new Set(['=', '==', '!=', '>', '<', 'in', 'notin'])
const symbols: ReadonlySet<string> = new Set(['', ',', '(', ')', '!', '=', '==', '!=', '>', '<'])

/**
 * Reads a selector as queries have it (apimachinery/pkg/labels/selector.go, whose parser and messages this follows). Throws `Error` with
 * the server's message.
 */
export function parseLabelSelector(text: string): LabelTest[] {
  // A part is an operator, or whatever stands between operators and spaces.
  const tokens = text.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? []
  let next = 0
  const peek = () => tokens[next] ?? ''
  const take = () => tokens[next++] ?? ''
  const isName = (token: string) => !symbols.has(token)
  const ends = (token: string) => token === '' || token === ','

  const requirement = (): LabelTest => {
    const isNegated = peek() === '!'
    if (isNegated) next++
    const key = take()
    if (!isName(key)) throw new Error(`found '${key}', expected: identifier`)
    const [keyError] = qualifiedNameErrors(key)
    if (keyError !== undefined) throw new Error(`<nil>: Invalid value: ${JSON.stringify(key)}: ${keyError}`)
    if (isNegated) return testOf(key, '!', [])
    if (ends(peek())) return testOf(key, 'exists', [])
    const operator = take()
    if (!operators.has(operator)) throw new Error(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`)
    const values = operator === 'in' || operator === 'notin' ? set() : [single()]
    for (const [index, value] of values.entries()) checkValue(key, operator, value, index)
    return testOf(key, operator, values)
  }

  const single = (): string => {
    if (ends(peek())) return ''
    const value = take()
    if (!isName(value)) throw new Error(`found '${value}', expected: identifier`)
    return value
  }

  const set = (): string[] => {
    const open = take()
    if (open !== '(') throw new Error(`found '${open}' expected: '('`)
    const values: string[] = []
    for (;;) {
      // Between two commas, and beside a parenthesis, is the empty value.
      values.push(isName(peek()) ? take() : '')
      const after = take()
      if (after === ')') return values
      if (after !== ',') throw new Error(`found '${after}', expected: ',' or ')'`)
    }
  }

  const tests: LabelTest[] = []
  while (next < tokens.length) {
    if (!isName(peek()) && peek() !== '!')
      throw new Error(`found '${peek()}', expected: !, identifier, or 'end of string'`)
    try {
      tests.push(requirement())
    } catch (error) {
      throw new Error(`unable to parse requirement: ${(error as Error).message}`)
    }
    const after = take()
    if (!ends(after)) throw new Error(`found '${after}', expected: ',' or 'end of string'`)
    if (after === ',' && !isName(peek()) && peek() !== '!')
      throw new Error(`found '${peek()}', expected: identifier after ','`)
  }
  return tests
}

function checkValue(key: string, operator: string, value: string, index: number): void {
  const [error] = labelValueErrors(value)
  if (error !== undefined)
    throw new Error(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${error}`)
  if ((operator === '>' || operator === '<') && !isWhole(value)) {
    const why = "for 'Gt', 'Lt' operators, the value must be an integer"
    throw new Error(`values[${index}]: Invalid value: ${JSON.stringify(value)}: ${why}`)
  }
}
