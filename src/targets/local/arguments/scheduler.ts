import type { ControllerConfiguration } from './controller-manager.ts'
import { controllerFlags } from './controller-manager.ts'
import type { Flags } from './flags.ts'
import { toArguments } from './flags.ts'

/** Arguments of kube-scheduler; with a `configFile`, which has its kubeconfig, where it is given settings that are no flags. */
export function schedulerArguments(configuration: ControllerConfiguration, configFile?: string): string[] {
  const { kubeconfig: _, ...flags } = controllerFlags(configuration)
  const source: Flags = configFile === undefined ? { kubeconfig: configuration.kubeconfig } : { config: configFile }
  return toArguments({ ...source, ...flags, ...configuration.knobs })
}
