import { plural } from '../../base/count.ts'
import { printable } from '../../base/printable.ts'
import type { SummaryStyles } from '../summary.ts'
import { colours, hanging, joined, plain, wrap } from '../summary.ts'
import type { Finding } from './findings.ts'
import type { Side } from './sides.ts'
import type { CrossRunView } from './view.ts'
import { findingText } from './view.ts'

const mostShown = 8

/** A comparison in a screenful of at most 80 columns; `reportPath` is where its page is. */
export function renderCrossRun(
  view: CrossRunView,
  { reportPath, styles = plain }: { reportPath?: string; styles?: SummaryStyles } = {},
): string {
  return joined([
    [
      styles.bold(styles[colours[view.verdict]](view.title)),
      ...view.reasons.flatMap((reason) => wrap(reason, '  ')),
      ...view.sides.flatMap((side) => hanging(sideText(side))),
    ],
    view.unlike.length === 0
      ? []
      : [styles.yellow('Not the same experiment'), ...view.unlike.flatMap((reason) => hanging(reason))],
    [
      styles.bold('What differs'),
      ...(view.differs.length === 0 ? ['  no differences known'] : []),
      ...limited(view.differs.map(({ what, values }) => `${what}: ${values.join(' → ')}`)),
    ],
    ...view.compared.flatMap(({ side: { letter }, worse, better, toLookAt, nothingShown, others, alone }) => [
      listed(styles.red(`Worse in ${letter}`), worse),
      listed(styles.green(`Better in ${letter}`), better),
      nothingShown === '' || view.reasons.includes(nothingShown) ? [] : wrap(nothingShown, ''),
      listed(`Worth a look in ${letter}: ${toLookAt.length} of ${plural(others, 'other figure')}`, toLookAt),
      alone.length === 0 ? [] : wrap(`${plural(alone.length, 'figure')} only in one of them: see the report.`, ''),
    ]),
    reportPath === undefined ? [] : [`report: ${printable(reportPath)}`],
  ])
}

/** `A  single-node-..., Kubernetes v1.37.2, on local, 4 repetitions`. */
export function sideText({ letter, name, result }: Side): string {
  const version = result.versions['kube-apiserver']
  const repetitions = Math.max(0, ...result.arms.map(({ repetition }) => repetition))
  return [
    `${letter}  ${name}`,
    ...(version === undefined ? [] : [`Kubernetes ${version}`]),
    `${result.evidence} on ${result.target}`,
    plural(repetitions, 'repetition'),
  ].join(', ')
}

function listed(title: string, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return []
  return [title, ...limited(findings.map(findingText))]
}

function limited(texts: readonly string[]): string[] {
  const more = texts.length - mostShown
  return [
    ...texts.slice(0, mostShown).flatMap((text) => hanging(text)),
    ...(more > 0 ? [`  and ${more} more, in the report`] : []),
  ]
}
