import { systemClock } from '../base/clock.ts'
import type { LoadOptions } from '../kube/credentials.ts'

/** For kubeconfigs that need nothing from outside: no environment, no terminal. */
export const nobodyThere: LoadOptions = {
  env: {},
  stdinIsTerminal: false,
  onPluginLine: () => {},
  clock: systemClock,
  now: () => new Date(),
}
