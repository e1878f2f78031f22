import type { KnobRequest } from '../../tuning/profiles.ts'

/** Flags that kube-scheduler ignores beside a configuration file, which has fields in their place (`schedulerFile` writes them). */
export function isClientLimit(flag: string): boolean {
  return flag === 'kube-api-qps' || flag === 'kube-api-burst'
}

/** Whether kube-scheduler needs a configuration file. */
export function setsSchedulerFields(requests: readonly KnobRequest[]): boolean {
  return requests.some(({ knob }) => knob.setting.via === 'kube-scheduler-config')
}
