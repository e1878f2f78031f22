import type { Target } from '../targets/target.ts'
import type { Arm } from './schedule.ts'

/**
 * Has the settings of clusters put back which a killed session of this run had changed for these arms. Each target is held meanwhile.
 * Throws `Failure('residue')` where that fails, and as `Target.open` does.
 */
export async function restoreSettings(
  target: Target,
  arms: readonly Pick<Arm, 'id' | 'name' | 'repetition' | 'kubernetes'>[],
  { signal, print }: { signal: AbortSignal; print: (line: string) => void },
): Promise<void> {
  for (const arm of arms) {
    await using opened = await target.open({ arm, wasTuned: true, knobs: [], signal })
    const restore = 'tuning' in opened ? opened.tuning.restore : undefined
    await restore?.run(signal, ({ text }) => {
      if (text !== undefined) print(`${arm.id}: ${text}`)
    })
  }
}
