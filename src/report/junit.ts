import { formatCount } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { formatList } from '../base/names.ts'
import { lacksOf } from '../result/fill.ts'
import type { ArmOutcome, FillOutcome, Result, ThresholdOutcome } from '../result/result.ts'
import { isMachineBound } from '../result/result.ts'
import { formatActual } from './format.ts'
import { armLabel, lastStopMs, stopTimes } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { ProbeRun } from './view.ts'
import { viewOf } from './view.ts'
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

/** The run as a JUnit test suite, for a release pipeline to gate on. */
export function renderJunit(result: Result): string {
  const cases = [
    verdictCase(result),
    ...result.thresholds.map(thresholdCase),
    ...fillCases(result),
    ...probeCases(result),
    ...cleanUpCases(result),
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
${Object.entries({ ...properties, ...result.versions }).map(([name, value]) => markup`      <property name="${name}" value="${value}"/>\n`)}    </properties>
${cases.map((testCase) => renderCase(testCase, `scale-test.${result.plan} (${result.evidence})`))}  </testsuite>
</testsuites>
`.markup
}

function renderCase({ group, name, durationMs, kind, message, output }: TestCase, prefix: string): Markup {
  const inside: Content = [
    kind !== 'passed' && markup`      <${kind} message="${message}">${message}</${kind}>\n`,
    output !== undefined && markup`      <system-out>${output}</system-out>\n`,
  ]
  return markup`    <testcase classname="${prefix}.${group}" name="${name}" time="${seconds(durationMs)}">\n${inside}    </testcase>\n`
}

/** Stands for the run as a whole, so that one which never got as far as a probe is not taken for a green one. */
function verdictCase(result: Result): TestCase {
  const { partial, verdict, worse } = viewOf(result)
  const kinds = { pass: 'passed', fail: 'failure', inconclusive: 'error' } as const
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
  const kinds = { pass: 'passed', fail: 'failure', inconclusive: 'error' } as const
  return { group: 'thresholds', name, durationMs: 0, kind: kinds[verdict], message, output: found }
}

/** One case per arm; when some arms were filled and this one was not, it is skipped: its arm says why. */
function fillCases(result: Result): TestCase[] {
  const { fill: view } = viewOf(result)
  if (view === null) return []
  return result.arms
    .toSorted((a, b) => a.order - b.order)
    .map((arm): TestCase => {
      const identity = { group: 'fill', name: `${armLabel(arm)}: fill: every object counted` }
      return arm.fill === null
        ? { ...identity, durationMs: 0, kind: 'skipped', message: `not filled, ${endingOf(arm)}` }
        : { ...identity, ...fillCase(arm.fill) }
    })
}

function fillCase(fill: FillOutcome): Omit<TestCase, 'group' | 'name'> {
  const { pods, durationMs } = fill
  const lacks = lacksOf(fill)
  const bound = isMachineBound(fill) ? ', machine-bound' : ''
  return {
    durationMs,
    output: `${formatCount(pods.ready)} of ${formatCount(pods.expected)} pods Ready after ${formatDuration(durationMs)}${bound}`,
    ...(lacks.length === 0 ? passed : { kind: 'error', message: formatList(lacks) }),
  }
}

function endingOf({ outcome, error }: ArmOutcome): string {
  return error === undefined ? `arm ${outcome}` : `arm ${outcome}: ${error}`
}

/** One case per arm and probe; a probe that other arms ran and this one did not is skipped, its arm says why. */
function probeCases(result: Result): TestCase[] {
  const { probes } = viewOf(result)
  const arms = result.arms.toSorted((a, b) => a.order - b.order)
  return arms.flatMap((arm): TestCase[] => {
    const label = armLabel(arm)
    const ending = endingOf(arm)
    const outcome: Outcome = arm.outcome === 'complete' ? passed : { kind: 'error', message: ending }
    return [
      { group: 'arms', name: label, durationMs: 0, ...outcome },
      ...probes.map(({ title, runs }): TestCase => {
        const run = runs.find((candidate) => candidate.label === label)
        const identity = { group: 'probes', name: `${label}: ${title}` }
        return run === undefined
          ? { ...identity, durationMs: 0, kind: 'skipped', message: `not run, ${ending}` }
          : { ...identity, ...probeCase(run) }
      }),
    ]
  })
}

function probeCase({ probe, troubles }: ProbeRun): Omit<TestCase, 'group' | 'name'> {
  const stops = stopTimes(probe)
  return {
    durationMs: lastStopMs(probe),
    output: stops.map(({ label, ms }) => `${label} ${ms === null ? 'not reached' : formatDuration(ms)}`).join(', '),
    ...(troubles.length === 0 ? passed : { kind: 'error', message: troubles.join('; ') }),
  }
}

function cleanUpCases(result: Result): TestCase[] {
  return result.arms
    .toSorted((a, b) => a.order - b.order)
    .map((arm) => ({
      group: 'clean-up',
      name: `${armLabel(arm)}: everything removed and restored`,
      durationMs: 0,
      ...(arm.residue.length === 0 ? passed : { kind: 'failure', message: arm.residue.join('; ') }),
    }))
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
