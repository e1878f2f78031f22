import { systemClock } from '../base/clock.ts'
import { buildComponents, describeBuild } from '../targets/local/build.ts'
import { locateComponents, requireComponents } from '../targets/local/components.ts'
import { withStatusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'

/** Builds what target local runs, unless it is there; says where it is. */
export async function componentsCommand({ terminal, folders, env, interruption }: Surroundings): Promise<number> {
  const place = locateComponents(folders.components, env)
  if (place.origin === 'cache' && place.missing.length > 0) {
    interruption.hint = 'compilers that still run end by themselves; what they built is not used'
    await withStatusLine(terminal, (onProgress) =>
      buildComponents(place, {
        sourceFolder: folders.components,
        env,
        clock: systemClock,
        signal: interruption.signal,
        onProgress: (progress) => onProgress(describeBuild(progress)),
      }),
    )
  }
  terminal.print(`components are ready: ${requireComponents(locateComponents(folders.components, env))}`)
  return 0
}
