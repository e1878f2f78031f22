import type { Failure } from '../base/errors.ts'
import { messageOf } from '../base/errors.ts'
import type { ArmOutcome, EndingKind, Result, ThresholdOutcome } from '../result/result.ts'
import { formatActual } from './format.ts'
import { headlineText } from './headline.ts'
import type { Outcome, ProblemType, Suite, TestCase } from './junit-suites.ts'
import { passed, renderSuites } from './junit-suites.ts'
import { armLabel } from './labels.ts'
import type { StepReport } from './step-view.ts'
import { thresholdPlace } from './thresholds.ts'
import type { ReportView } from './view.ts'
import { worsenedText } from './worse.ts'

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

/**
 * Stands for the run as a whole, so that one which never got as far as a step is not taken for a green one. What missed a threshold has
 * a verdict: the threshold's own case fails, and not this one as well.
 */
function verdictCase({ result, partial, verdict, headlines, worse }: ReportView): TestCase {
  const message = [partial ?? [], result.verdict, result.reasons.join('; ')].flat().join(': ')
  const hasVerdict = partial === null && result.verdict !== 'inconclusive'
  const outcome: Outcome = hasVerdict ? passed : { kind: 'error', type: endingTypeOf(result), message }
  const told = [
    ...(hasVerdict && result.verdict === 'fail' ? [message] : []),
    ...headlines.map(headlineText),
    ...worse.map(worsenedText),
  ]
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
