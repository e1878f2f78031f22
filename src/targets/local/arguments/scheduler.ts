import { fieldsOf } from '../../../kube/status.ts'
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

/** The flags of its client, by the names that a configuration file has for them: beside a file, kube-scheduler ignores the flags. */
const clientFields = { 'kube-api-qps': 'qps', 'kube-api-burst': 'burst' } as const

/**
 * What kube-scheduler is given by `fields` of a configuration file: that file, and the flags that go on beside it
 * (cmd/kube-scheduler/app/options/options.go, ApplyTo: leader election counts in both forms, deprecated flags only without a file).
 */
export function schedulerFile(
  fields: Readonly<Record<string, unknown>>,
  { kubeconfig, knobs = {} }: Pick<ControllerConfiguration, 'kubeconfig' | 'knobs'>,
): { file: object; knobs: Flags } {
  const client: Record<string, unknown> = { ...fieldsOf(fields['clientConnection']), kubeconfig }
  const rest: Record<string, string> = { ...knobs }
  for (const [flag, field] of Object.entries(clientFields)) {
    if (knobs[flag] === undefined) continue
    client[field] = Number(knobs[flag])
    delete rest[flag]
  }
  const header = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' }
  return { file: { ...header, ...fields, clientConnection: client }, knobs: rest }
}
