import type { Checklist } from '../result/checklist.ts'
import { countsOf } from '../result/checklist.ts'
import type { Block, Section, Table } from './section.ts'

/** What was seen of the clusters' architecture before the run, behind a line to open it with; nothing where it was not looked at. */
export function checklistSections(checklists: readonly Checklist[] = []): Section[] {
  if (checklists.length === 0) return []
  const blocks = checklists.flatMap(({ cluster, lines }): Block[] => {
    const failing = lines.filter(({ verdict }) => verdict === 'fail').map(({ topic, title }) => `${topic}: ${title}`)
    const which = failing.length === 0 ? '' : `. Failing: ${failing.join('; ')}`
    return [
      { kind: 'paragraph', text: `${cluster}: ${countsOf(lines)}${which}.`, brief: true },
      { kind: 'fold', title: `All lines of ${cluster}`, blocks: [tableOf(lines)] },
    ]
  })
  return [{ part: 'account', title: 'Architecture of the clusters', blocks }]
}

function tableOf(lines: Checklist['lines']): Table {
  return {
    kind: 'table',
    caption: 'Judged before the run (docs/checklist.md). A failing line does not stop it.',
    columns: [{ title: 'Line', of: 'labels' }, { title: 'Verdict' }, { title: 'Seen', of: 'text' }],
    groups: [...Map.groupBy(lines, ({ topic }) => topic)].map(([title, its]) => ({
      title,
      rows: its.map(({ title: line, verdict, reason, next }) => [
        line,
        verdict === 'fail' ? { text: verdict, tone: 'bad' as const } : verdict,
        { text: reason, ...(next !== undefined && { detail: next }) },
      ]),
    })),
  }
}
