import { markup } from '../markup.ts'
import type { Finding } from './findings.ts'
import type { CrossRunView } from './view.ts'
import { findingText } from './view.ts'

/** A comparison as a JUnit test suite: a case for each headline figure, with stable names, and one for the verdict. */
export function renderCrossRunJunit({ title, compared, verdict, reasons, sides }: CrossRunView): string {
  const suite = `scale-test compare ${sides[0]?.result.plan ?? ''}`
  const cases = compared.flatMap(({ findings, side }) =>
    findings.filter(({ isHeadline }) => isHeadline).map((finding) => ({ finding, letter: side.letter })),
  )
  const missed = cases.filter(({ finding }) => isRegression(finding))
  const errors = verdict === 'inconclusive' ? 1 : 0
  const counts = markup`tests="${cases.length + 1}" failures="${missed.length}" errors="${errors}"`
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${suite}" ${counts}>
  <testsuite name="${suite}" ${counts} time="0.000">
    <testcase classname="${suite}" name="verdict" time="0.000">
${verdict === 'inconclusive' ? markup`      <error type="no-data" message="${title}">${reasons.join('; ')}</error>\n` : ''}    </testcase>
${cases.map(
  ({
    finding,
    letter,
  }) => markup`    <testcase classname="${`${suite}.${letter}`}" name="${`${finding.arm} ${finding.label}`}" time="0.000">
${isRegression(finding) ? markup`      <failure type="regression" message="${findingText(finding)}">${findingText(finding)}</failure>\n` : ''}    </testcase>
`,
)}  </testsuite>
</testsuites>
`.markup
}

function isRegression({ effect, difference }: Finding): boolean {
  return effect === 'worse' && difference.kind === 'shown'
}
