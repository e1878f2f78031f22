import type { ArmOutcome, ThresholdOutcome, Verdict } from '../result/result.ts'
import { formatActual } from './format.ts'
import { armLabel } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { StepReport } from './step-view.ts'
import type { ReportView } from './view.ts'
import { worsenedText } from './worse.ts'

/** How a test case ended: a failure is a missed threshold or residue, an error is something that could not be measured. */
interface Outcome {
  kind: 'passed' | 'failure' | 'error' | 'skipped'
  message?: string
}

interface TestCase extends Outcome {
  group: string
  name: string
  durationMs: number
  output?: string | undefined
}

const passed: Outcome = { kind: 'passed' }
const kinds: Record<Verdict, Outcome['kind']> = { pass: 'passed', fail: 'failure', inconclusive: 'error' }

/** The run as a JUnit test suite, for a release pipeline to gate on. */
export function renderJunit(view: ReportView): string {
  const { result } = view
  const cases = [
    verdictCase(view),
    ...result.thresholds.map(thresholdCase),
    ...result.arms.flatMap((arm) => armCases(arm, view.steps)),
    ...result.arms.map(cleanUpCase),
  ]
  const suite = `scale-test ${result.plan} (${result.evidence})`
  const count = (kind: Outcome['kind']): number => cases.filter((testCase) => testCase.kind === kind).length
  const counts = markup`tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}" time="${seconds(result.durationMs)}"`
  const properties = {
    run: result.run,
    plan: result.plan,
    planHash: result.planHash,
    evidence: result.evidence,
    target: result.target,
  }
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${suite}" ${counts}>
  <testsuite name="${suite}" ${counts}${result.startedAt !== null && markup` timestamp="${result.startedAt}"`}>
    <properties>
${Object.entries({ ...properties, ...result.versions, ...versionsOfArms(view) }).map(([name, value]) => markup`      <property name="${name}" value="${value}"/>\n`)}    </properties>
${cases.map((testCase) => renderCase(testCase, `scale-test.${result.plan} (${result.evidence})`))}  </testsuite>
</testsuites>
`.markup
}

/** `kube-apiserver of v1.36` for what not all arms have in common. */
function versionsOfArms({ versions }: ReportView): Record<string, string> {
  const each = versions.flatMap(({ arm, versions: own }) =>
    Object.entries(own).map(([name, version]) => [`${name} of ${arm}`, version]),
  )
  return Object.fromEntries(each)
}

function renderCase({ group, name, durationMs, kind, message, output }: TestCase, prefix: string): Markup {
  const inside: Content = [
    kind !== 'passed' && markup`      <${kind} message="${message}">${message}</${kind}>\n`,
    output !== undefined && markup`      <system-out>${output}</system-out>\n`,
  ]
  return markup`    <testcase classname="${prefix}.${group}" name="${name}" time="${seconds(durationMs)}">\n${inside}    </testcase>\n`
}

/** Stands for the run as a whole, so that one which never got as far as a step is not taken for a green one. */
function verdictCase({ result, partial, verdict, worse }: ReportView): TestCase {
  const message = [partial ?? [], result.verdict, result.reasons.join('; ')].flat().join(': ')
  const kind = partial !== null && result.verdict === 'pass' ? 'error' : kinds[result.verdict]
  const output = worse.length === 0 ? undefined : [verdict, ...worse.map(worsenedText)].join('\n')
  return { group: 'run', name: 'verdict', durationMs: 0, kind, message, output }
}

function thresholdCase(threshold: ThresholdOutcome): TestCase {
  const { name, verdict, reason } = threshold
  const actual = formatActual(threshold)
  const found = actual === undefined ? undefined : `actual ${actual}`
  const message = [found ?? [], reason ?? []].flat().join(': ') || 'no figure'
  return { group: 'thresholds', name, durationMs: 0, kind: kinds[verdict], message, output: found }
}

function endingOf({ outcome, error }: ArmOutcome): string {
  return error === undefined ? `arm ${outcome}` : `arm ${outcome}: ${error}`
}

/** One case for the arm and one for each step; a step that other arms ran and this one did not is skipped, its arm says why. */
function armCases(arm: ArmOutcome, steps: readonly StepReport[]): TestCase[] {
  const label = armLabel(arm)
  const ending = endingOf(arm)
  const outcome: Outcome = arm.outcome === 'complete' ? passed : { kind: 'error', message: ending }
  return [
    { group: 'arms', name: label, durationMs: 0, ...outcome },
    ...steps.map(({ tests, runs }): TestCase => {
      const identity = { group: tests.group, name: `${label}: ${tests.name}` }
      const run = runs.find((candidate) => candidate.label === label)
      if (run === undefined) return { ...identity, durationMs: 0, kind: 'skipped', message: `not run, ${ending}` }
      const { durationMs, output, error } = run.test
      const ended: Outcome = error === undefined ? passed : { kind: 'error', message: error }
      return { ...identity, durationMs, output, ...ended }
    }),
  ]
}

function cleanUpCase(arm: ArmOutcome): TestCase {
  const name = `${armLabel(arm)}: everything removed and restored`
  const outcome: Outcome = arm.residue.length === 0 ? passed : { kind: 'failure', message: arm.residue.join('; ') }
  return { group: 'clean-up', name, durationMs: 0, ...outcome }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
