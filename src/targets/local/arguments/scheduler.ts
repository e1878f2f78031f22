import type { ControllerConfiguration } from './controller-manager.ts'
import { controllerFlags } from './controller-manager.ts'
import { toArguments } from './flags.ts'

/** Arguments of kube-scheduler. */
export function schedulerArguments(configuration: ControllerConfiguration): string[] {
  return toArguments({ ...controllerFlags(configuration), ...configuration.knobs })
}
