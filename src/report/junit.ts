import type { Failure } from '../base/errors.ts'
import { messageOf } from '../base/errors.ts'
import type { ArmOutcome, EndingKind, Result, ThresholdOutcome } from '../result/result.ts'
import { formatActual } from './format.ts'
import { armLabel } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { StepReport } from './step-view.ts'
import { thresholdPlace } from './thresholds.ts'
import type { ReportView } from './view.ts'
import { worsenedText } from './worse.ts'

/*
 * Test reports that Jenkins and GitLab take. Of both, the stricter rule counts: junit-10.xsd of Jenkins' xunit plugin says which
 * attributes an element may have (so a suite has a `file`, a case has none, and no element has a `line`), and GitLab's parser
 * (lib/gitlab/ci/parsers/test/junit.rb) shows the text of an element only if there is some, and reads a `type` such as `integer` as the
 * type of that text.
 */

/** What sort of thing a failure or an error is, in its attribute `type`. */
type ProblemType =
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

/** How a test case ended: a failure is a missed threshold or residue, an error is something that could not be measured. */
type Outcome =
  | { kind: 'passed' }
  | { kind: 'failure' | 'error'; type: ProblemType; message: string; details?: string | undefined }
  | { kind: 'skipped'; message: string }

type TestCase = Outcome & {
  group: string
  name: string
  durationMs: number
  output?: string | undefined
}

interface Suite {
  name: string
  /** That its cases are written in. */
  file?: string | undefined
  cases: readonly TestCase[]
  durationMs: number
  startedAt?: string | null
  properties?: Readonly<Record<string, string>>
}

const passed: Outcome = { kind: 'passed' }

const typesOfEndings: Record<EndingKind, ProblemType> = {
  'bad-input': 'bad-plan',
  'safety-refusal': 'refused',
  inconclusive: 'no-data',
  lost: 'lost-cluster',
  infrastructure: 'infrastructure',
  residue: 'residue',
  interrupted: 'interrupted',
  bug: 'bug',
}

/**
 * The run as JUnit test suites, for a release pipeline to gate on: one of the run, and one for each file that has thresholds. Names stay
 * the same from run to run; limits and figures are in messages. Each missed threshold is one failure.
 */
export function renderJunit(view: ReportView): string {
  const { result } = view
  const name = `${result.plan} (${result.evidence})`
  const files = Map.groupBy(result.thresholds, ({ place }) => place?.file)
  const suites: Suite[] = [
    {
      name: `scale-test ${name}`,
      cases: [
        verdictCase(view),
        ...(files.get(undefined) ?? []).map(thresholdCase),
        ...result.arms.flatMap((arm) => armCases(arm, view)),
        ...result.arms.map(cleanUpCase),
      ],
      durationMs: result.durationMs,
      startedAt: result.startedAt,
      properties: propertiesOf(view),
    },
    ...[...files].flatMap(([file, thresholds]): Suite[] =>
      file === undefined
        ? []
        : [{ name: `scale-test ${name} thresholds`, file, cases: thresholds.map(thresholdCase), durationMs: 0 }],
    ),
  ]
  return renderSuites(suites, name)
}

/** What ended before there was anything to report on, such as a plan with mistakes: a suite of one error. */
export function renderJunitOfFailure(name: string, error: unknown, failure: Failure | undefined): string {
  const message = messageOf(error)
  const details = failure?.next === undefined ? message : `${message}\n\n${failure.next}`
  const type = typesOfEndings[failure?.kind ?? 'bug']
  const cases: TestCase[] = [
    { group: 'run', name: 'verdict', durationMs: 0, kind: 'error', type, message: firstLine(message), details },
  ]
  return renderSuites([{ name: `scale-test ${name}`, file: failure?.mistakes[0]?.file, cases, durationMs: 0 }], name)
}

function renderSuites(suites: readonly Suite[], name: string): string {
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

function propertiesOf(view: ReportView): Record<string, string> {
  const { run, plan, planHash, evidence, target, versions } = view.result
  return { run, plan, planHash, evidence, target, ...versions, ...versionsOfArms(view) }
}

/** `kube-apiserver of v1.36` for what not all arms have in common. */
function versionsOfArms({ versions }: ReportView): Record<string, string> {
  const each = versions.flatMap(({ arm, versions: own }) =>
    Object.entries(own).map(([name, version]) => [`${name} of ${arm}`, version]),
  )
  return Object.fromEntries(each)
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

/**
 * Stands for the run as a whole, so that one which never got as far as a step is not taken for a green one. What missed a threshold has
 * a verdict: the threshold's own case fails, and not this one as well.
 */
function verdictCase({ result, partial, verdict, worse }: ReportView): TestCase {
  const message = [partial ?? [], result.verdict, result.reasons.join('; ')].flat().join(': ')
  const hasVerdict = partial === null && result.verdict !== 'inconclusive'
  const outcome: Outcome = hasVerdict ? passed : { kind: 'error', type: endingTypeOf(result), message }
  const told = [...(hasVerdict && result.verdict === 'fail' ? [message] : []), ...worse.map(worsenedText)]
  const output = told.length === 0 ? undefined : [verdict, ...told].join('\n')
  return { group: 'run', name: 'verdict', durationMs: 0, ...outcome, output }
}

/** What kept a run from its verdict. */
function endingTypeOf({ ending, endedBy }: Result): ProblemType {
  if (endedBy !== undefined) return typesOfEndings[endedBy]
  return ending === undefined ? 'no-data' : 'killed'
}

function thresholdCase(threshold: ThresholdOutcome): TestCase {
  const { name, verdict, reason } = threshold
  const actual = formatActual(threshold)
  const found = actual === undefined ? undefined : `actual ${actual}`
  const message = `${name}: ${[found ?? [], reason ?? []].flat().join(': ') || 'no figure'}`
  const place = thresholdPlace(threshold)
  const details = place === undefined ? message : `${message}\n${place}`
  const outcomes: Record<ThresholdOutcome['verdict'], Outcome> = {
    pass: passed,
    fail: { kind: 'failure', type: 'threshold-missed', message, details },
    inconclusive: { kind: 'error', type: 'no-data', message, details },
  }
  return {
    group: 'thresholds',
    name: threshold.id ?? name,
    durationMs: 0,
    ...outcomes[verdict],
    output: found === undefined ? undefined : `${name}: ${found}`,
  }
}

function endingOf({ outcome, error }: ArmOutcome): string {
  return error === undefined ? `arm ${outcome}` : `arm ${outcome}: ${error}`
}

/** One case for the arm and one for each step; a step that other arms ran and this one did not is skipped, its arm says why. */
function armCases(arm: ArmOutcome, { steps, result }: ReportView): TestCase[] {
  const label = armLabel(arm)
  const ending = endingOf(arm)
  const outcome: Outcome =
    arm.outcome === 'complete' ? passed : { kind: 'error', type: typeOfArm(arm, result), message: ending }
  return [
    { group: 'arms', name: label, durationMs: 0, ...outcome },
    ...steps.map((step) => stepCase(step, label, ending)),
  ]
}

/** An arm that did not end its run was inconclusive for a reason of its own. */
function typeOfArm({ outcome, error }: ArmOutcome, { ending, endedBy }: Result): ProblemType {
  if (outcome === 'interrupted') return 'interrupted'
  return endedBy !== undefined && error === ending ? typesOfEndings[endedBy] : 'no-data'
}

function stepCase({ tests, runs }: StepReport, label: string, ending: string): TestCase {
  const identity = { group: tests.group, name: `${label}: ${tests.name}` }
  const run = runs.find((candidate) => candidate.label === label)
  if (run === undefined) return { ...identity, durationMs: 0, kind: 'skipped', message: `not run, ${ending}` }
  const { durationMs, output, error } = run.test
  const ended: Outcome = error === undefined ? passed : { kind: 'error', type: 'no-data', message: error }
  return { ...identity, durationMs, output, ...ended }
}

function cleanUpCase(arm: ArmOutcome): TestCase {
  const name = `${armLabel(arm)}: everything removed and restored`
  const outcome: Outcome =
    arm.residue.length === 0 ? passed : { kind: 'failure', type: 'residue', message: arm.residue.join('; ') }
  return { group: 'clean-up', name, durationMs: 0, ...outcome }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
