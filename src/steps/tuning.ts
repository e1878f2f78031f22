import { orAborted } from '../base/abort.ts'
import { formatDuration } from '../base/duration.ts'
import type { Cluster, Tuning } from '../targets/target.ts'
import type { Step, StepContext, StepOutline } from './step.ts'

export const tuningOutline: StepOutline = { id: 'tuning', title: 'Tuning' }

/** Gives a cluster the settings of its arm; tearing down puts back what they were, also when that failed half-way. */
export function tuning({ plan, apply, restore }: Tuning): Step<Cluster> {
  let applying: Promise<Cluster> | undefined
  let restoring: Promise<void> | undefined
  const putBack = async ({ signal, report }: StepContext) => {
    if (applying === undefined || restore === undefined) return
    // What is still being changed would be changed behind its back.
    await orAborted(signal, Promise.allSettled([applying]))
    // Once: there is no time for it when what is left is looked at again, and servers half restarted are worse.
    restoring ??= restore.run(signal, report)
    await restoring
  }
  return {
    ...tuningOutline,
    timeoutMs: apply.budgetMs,
    setUp({ signal, report }) {
      report({ text: plan })
      applying = apply.run(signal, report)
      return applying
    },
    summary({ opening }) {
      const after = opening?.retunedMs === undefined ? '' : ` after ${formatDuration(opening.retunedMs)}`
      return `settings in force${after}`
    },
    ...(restore !== undefined && {
      tearDown: { budgetMs: restore.budgetMs, run: putBack },
      // They are somebody's, and stay as they were found, whatever becomes of the nodes.
      whenKept: {
        budgetMs: restore.budgetMs,
        async run(context) {
          await putBack(context)
          return []
        },
      },
    }),
  }
}
