import { plural } from '../base/count.ts'
import type { Checklist, Verdict } from '../result/checklist.ts'
import { countsOf, failingIn } from '../result/checklist.ts'
import type { Styles } from './terminal.ts'
import { wrap } from './wrap.ts'

/** As wide as the longest verdict and the spaces around it. */
const indent = ' '.repeat(13)

/** A checklist in lines: every verdict with its reason, then the count. What to do is said once, where it is the same for several lines. */
export function renderChecklist({ cluster, lines }: Checklist, styles: Styles): string[] {
  const said = new Set<string>()
  const topics = Map.groupBy(lines, ({ topic }) => topic)
  const shown = [...topics].flatMap(([topic, its]) => [
    '',
    styles.bold(topic),
    ...its.flatMap(({ verdict, title, reason, next }) => {
      const isNew = next !== undefined && !said.has(next)
      if (next !== undefined) said.add(next)
      return [
        `  ${mark(verdict, styles)} ${title}`,
        ...wrap(reason, indent),
        ...(isNew ? wrap(next, `${indent}  `).map(styles.dim) : []),
      ]
    }),
  ])
  return [styles.bold(cluster), ...shown, '', `${cluster}: ${countsOf(lines)}`]
}

function mark(verdict: Verdict, styles: Styles): string {
  const text = verdict.padEnd(10)
  return verdict === 'pass' ? styles.green(text) : verdict === 'fail' ? styles.red(text) : styles.yellow(text)
}

/** What a run says of a checklist beforehand: how many lines there are of each verdict, and which fail. */
export function checklistNotes(checklists: readonly Checklist[]): string[] {
  return checklists.flatMap(({ cluster, lines }) => {
    const failing = failingIn(lines)
    const titles = failing.map(({ topic, title }) => `${topic}: ${title}`)
    const counts = `${cluster}: checklist ${countsOf(lines)}`
    if (failing.length === 0) return [counts]
    return [
      counts,
      `${plural(failing.length, 'line fails', 'lines fail')} (this does not stop the run): ${titles.join('; ')}`,
    ]
  })
}
