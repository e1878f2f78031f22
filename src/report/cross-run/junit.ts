import type { Outcome, TestCase } from '../junit-suites.ts'
import { passed, renderSuites } from '../junit-suites.ts'
import type { Finding } from './findings.ts'
import type { CrossRunView } from './view.ts'
import { findingText } from './view.ts'

/** A comparison as a JUnit test suite: a case for each headline figure, with stable names, and one for the verdict. */
export function renderCrossRunJunit(view: CrossRunView): string {
  const { compared, sides } = view
  const name = `compare ${sides[0]?.result.plan ?? ''}`
  const figures = compared.flatMap(({ findings, side }) =>
    findings.filter(({ isHeadline }) => isHeadline).map((finding) => figureCase(finding, side.letter)),
  )
  return renderSuites([{ name: `scale-test ${name}`, cases: [verdictCase(view), ...figures], durationMs: 0 }], name)
}

function verdictCase({ verdict, title, reasons }: CrossRunView): TestCase {
  const outcome: Outcome =
    verdict === 'inconclusive'
      ? { kind: 'error', type: 'no-data', message: title, details: reasons.join('; ') }
      : passed
  return { group: 'run', name: 'verdict', durationMs: 0, ...outcome }
}

function figureCase(finding: Finding, letter: string): TestCase {
  const { arm, label, effect, difference } = finding
  const isRegression = effect === 'worse' && difference.kind === 'shown'
  const outcome: Outcome = isRegression
    ? { kind: 'failure', type: 'regression', message: findingText(finding) }
    : passed
  return { group: letter, name: `${arm} ${label}`, durationMs: 0, ...outcome }
}
