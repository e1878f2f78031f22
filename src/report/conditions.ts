import { formatCount } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { isMachineBound, machineBoundAbove } from '../result/parts.ts'
import type { EvidenceWords } from './evidence.ts'
import { formatShare, none, orNone } from './format.ts'
import type { Cell, Section } from './section.ts'
import type { RunReport, StepReport } from './step-view.ts'

/** The section in which steps account for what they measured, and the conditions they all have in common. */
export const accountTitle = 'Pods and conditions'

/** The conditions that every step was measured under; nothing when none ran. */
export function conditionsSection(steps: readonly StepReport[], { conditions }: EvidenceWords): Section[] {
  if (steps.length === 0) return []
  const titles = ['machine busy', 'event loop delay, max', 'watch resumed', 'listed again', 'fell silent']
  return [
    {
      part: 'account',
      title: accountTitle,
      blocks: [
        {
          kind: 'table',
          brief: true,
          caption: `${conditions}. Above ${formatShare(machineBoundAbove)} busy the machine itself is the limit, and times are upper bounds.`,
          columns: [{ title: 'Arm' }, ...titles.map((title) => ({ title, of: 'figures' as const }))],
          groups: steps.map(({ title, runs }) => ({ title, rows: runs.map(conditionCells) })),
        },
      ],
    },
  ]
}

function conditionCells({ arm, label, conditions }: RunReport): Cell[] {
  const { machineBusy, eventLoopDelayMaxMs, watch } = conditions
  const busy = orNone(machineBusy, formatShare)
  const counts = [watch?.resumed, watch?.relisted, watch?.silent]
  return [
    { text: label, arm },
    isMachineBound(conditions) ? { text: busy, tone: 'bad', detail: 'machine-bound' } : busy,
    orNone(eventLoopDelayMaxMs, formatDuration),
    ...counts.map((count) => (count === undefined ? none : formatCount(count))),
  ]
}
