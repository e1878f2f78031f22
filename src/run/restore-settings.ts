import { Failure, messageOf } from '../base/errors.ts'
import { asFailure } from '../kube/failures.ts'
import type { Target } from '../targets/target.ts'
import type { Arm } from './schedule.ts'

/**
 * Has the settings of clusters put back which a killed session of this run had changed for these arms. Each target is held meanwhile.
 * Throws `Failure('residue')` where that fails, and as `Target.open` does, once all have been tried.
 */
export async function restoreSettings(
  target: Target,
  arms: readonly Pick<Arm, 'id' | 'name' | 'repetition' | 'kubernetes'>[],
  { signal, print }: { signal: AbortSignal; print: (line: string) => void },
): Promise<void> {
  const failures: Failure[] = []
  for (const arm of arms) {
    try {
      await using opened = await target.open({ arm, wasTuned: true, knobs: [], signal })
      const restore = 'tuning' in opened ? opened.tuning.restore : undefined
      await restore?.run(signal, ({ text }) => {
        if (text !== undefined) print(`${arm.id}: ${text}`)
      })
    } catch (error) {
      // Those of the next arm are to be restored all the same.
      const failure = asFailure(error)
      if (signal.aborted || !(failure instanceof Failure)) throw error
      failures.push(failure)
    }
  }
  const [first, ...others] = failures
  if (first === undefined) return
  if (others.length === 0) throw first
  const nexts = new Set(failures.flatMap(({ next }) => next ?? []))
  throw new Failure('residue', failures.map(messageOf).join('\n'), { next: [...nexts].join('\n'), cause: first })
}
