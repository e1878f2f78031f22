import { systemClock } from '../base/clock.ts'
import { buildComponents, describeBuild } from '../components/build.ts'
import type { WantedComponents } from '../components/components.ts'
import {
  locateComponents,
  requireComponents,
  testBinaries,
  toolBinaries,
  versionBinaries,
} from '../components/components.ts'
import { withStatusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'

export interface ComponentsOptions {
  /** `1.36`; the version that components/go.mod pins when absent. */
  kubernetes?: string
}

/** Builds everything that can be built of one version of Kubernetes, unless it is there; says where it is. */
export async function componentsCommand(
  { kubernetes }: ComponentsOptions,
  surroundings: Surroundings,
): Promise<number> {
  const sourceFolder = surroundings.folders.components
  const folder = await ensureComponents({ sourceFolder, kubernetes, binaries: versionBinaries }, surroundings)
  await ensureComponents({ sourceFolder, binaries: [...toolBinaries, ...testBinaries] }, surroundings)
  surroundings.terminal.print(`components are ready: ${folder}`)
  return 0
}

/** The folder that holds what is wanted; builds what the cache lacks, and shows how far it is. */
export async function ensureComponents(
  wanted: WantedComponents,
  { terminal, env, interruption }: Surroundings,
): Promise<string> {
  const place = locateComponents(wanted, env)
  if (place.origin === 'cache' && place.missing.length > 0) {
    interruption.hint = 'compilers still running will exit on their own; their output is not used'
    await withStatusLine(terminal, (onProgress) =>
      buildComponents(place, {
        env,
        clock: systemClock,
        signal: interruption.signal,
        onProgress: (progress) => onProgress(describeBuild(progress)),
      }),
    )
  }
  return requireComponents(locateComponents(wanted, env))
}
