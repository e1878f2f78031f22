import { systemClock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { buildComponents } from '../targets/local/build.ts'
import { locateComponents, requireComponents } from '../targets/local/components.ts'
import { createStatusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'

/** Builds what target local runs, unless it is there; says where it is. */
export async function componentsCommand({ terminal, folders, env, interruption }: Surroundings): Promise<number> {
  const place = locateComponents(folders.components, env)
  if (place.origin === 'cache' && place.missing.length > 0) {
    const status = createStatusLine(terminal, systemClock.nowMs)
    await buildComponents(place, {
      sourceFolder: folders.components,
      env,
      clock: systemClock,
      signal: interruption.signal,
      onProgress: ({ binary, number, of, elapsedMs }) =>
        status.update(`building ${binary} (${number} of ${of}), ${formatDuration(elapsedMs)}`),
    })
    status.clear()
  }
  terminal.print(`components are ready: ${requireComponents(locateComponents(folders.components, env))}`)
  return 0
}
