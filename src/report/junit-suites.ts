import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'

/*
 * Test reports that Jenkins and GitLab take. Of both, the stricter rule counts: junit-10.xsd of Jenkins' xunit plugin says which
 * attributes an element may have (so a suite has a `file`, a case has none, and no element has a `line`), and GitLab's parser
 * (lib/gitlab/ci/parsers/test/junit.rb) shows the text of an element only if there is some, and reads a `type` such as `integer` as the
 * type of that text.
 */

/** What sort of thing a failure or an error is, in its attribute `type`. */
export type ProblemType =
  | 'threshold-missed'
  | 'no-data'
  | 'lost-cluster'
  | 'infrastructure'
  | 'bad-plan'
  | 'refused'
  | 'interrupted'
  | 'killed'
  | 'residue'
  | 'bug'
  | 'regression'

/** How a test case ended: a failure is a missed threshold or residue, an error is something that could not be measured. */
export type Outcome =
  | { kind: 'passed' }
  | { kind: 'failure' | 'error'; type: ProblemType; message: string; details?: string | undefined }
  | { kind: 'skipped'; message: string }

export type TestCase = Outcome & {
  group: string
  name: string
  durationMs: number
  output?: string | undefined
}

/** A suite of cases, and where it comes from. */
export interface Suite {
  name: string
  /** That its cases are written in. */
  file?: string | undefined
  cases: readonly TestCase[]
  durationMs: number
  startedAt?: string | null
  properties?: Readonly<Record<string, string>>
}

export const passed: Outcome = { kind: 'passed' }

/** The suites as one XML document of the name. */
export function renderSuites(suites: readonly Suite[], name: string): string {
  const all = suites.flatMap(({ cases }) => cases)
  const durationMs = Math.max(...suites.map((suite) => suite.durationMs))
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="scale-test ${name}" ${countsOf(all, durationMs)}>
${suites.map((suite) => renderSuite(suite, name))}</testsuites>
`.markup
}

function renderSuite({ name, file, cases, durationMs, startedAt, properties }: Suite, prefix: string): Markup {
  const attributes: Content = [
    countsOf(cases, durationMs),
    markup` skipped="${counted(cases, 'skipped')}"`,
    typeof startedAt === 'string' && markup` timestamp="${startedAt}"`,
    file !== undefined && markup` file="${file}"`,
  ]
  const listed =
    properties !== undefined &&
    markup`    <properties>
${Object.entries(properties).map(([key, value]) => markup`      <property name="${key}" value="${value}"/>\n`)}    </properties>
`
  return markup`  <testsuite name="${name}" ${attributes}>
${listed}${cases.map((testCase) => renderCase(testCase, `scale-test.${prefix}`))}  </testsuite>
`
}

function countsOf(cases: readonly TestCase[], durationMs: number): Markup {
  return markup`tests="${cases.length}" failures="${counted(cases, 'failure')}" errors="${counted(cases, 'error')}" time="${seconds(durationMs)}"`
}

function counted(cases: readonly TestCase[], kind: Outcome['kind']): number {
  return cases.filter((testCase) => testCase.kind === kind).length
}

function renderCase(testCase: TestCase, prefix: string): Markup {
  const { group, name, durationMs, output } = testCase
  const inside: Content = [
    renderOutcome(testCase),
    output !== undefined && markup`      <system-out>${output}</system-out>\n`,
  ]
  return markup`    <testcase classname="${prefix}.${group}" name="${name}" time="${seconds(durationMs)}">\n${inside}    </testcase>\n`
}

function renderOutcome(outcome: Outcome): Content {
  if (outcome.kind === 'passed') return null
  const { kind, message } = outcome
  if (kind === 'skipped') return markup`      <skipped message="${message}">${message}</skipped>\n`
  const { type, details = message } = outcome
  return markup`      <${kind} type="${type}" message="${message}">${details}</${kind}>\n`
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
