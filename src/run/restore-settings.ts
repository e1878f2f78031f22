import { Failure, messageOf } from '../base/errors.ts'
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
  const failures: unknown[] = []
  for (const arm of arms) {
    try {
      await using opened = await target.open({ arm, wasTuned: true, knobs: [], signal })
      const restore = 'tuning' in opened ? opened.tuning.restore : undefined
      await restore?.run(signal, ({ text }) => {
        if (text !== undefined) print(`${arm.id}: ${text}`)
      })
    } catch (error) {
      // Those of the next arm are to be restored all the same.
      failures.push(error)
      if (signal.aborted || !(error instanceof Failure)) break
    }
  }
  const [first, ...others] = failures
  if (others.length === 0 || !(first instanceof Failure)) {
    if (first !== undefined) throw first
    return
  }
  const next = first.next === undefined ? {} : { next: first.next }
  throw new Failure(first.kind, failures.map(messageOf).join('\n'), { ...next, cause: first })
}
