import type { Knob, KnobValue } from '../../tuning/knob.ts'
import type { TunedHost } from '../change/host.ts'
import { flagIn, ignoredFlags } from './arguments.ts'
import { readLive } from './differences.ts'
import type { Host } from './section.ts'
import { hostComponents } from './section.ts'
import { sysctlPath, textOf } from './wanted.ts'

/**
 * What a host shows of a knob in its running processes and its kernel; a flag that is absent has its built-in value. Nothing where the host
 * does not run the component, or nobody but the component knows.
 */
export async function readLiveKnob(
  host: Host,
  on: TunedHost,
  { component, setting, stock }: Knob,
): Promise<{ value: KnobValue; from: string }[]> {
  if (setting.via === 'sysctl') {
    const [file] = await on.look([sysctlPath(setting.key)])
    if (file === undefined || file.content === null) return []
    return [{ value: textOf(file).trim(), from: `/proc/sys on ${on.name}` }]
  }
  const name = hostComponents.find((one) => one === component)
  const running = name === undefined ? undefined : host.components[name]
  if (name === undefined || running === undefined) return []
  const { processes } = await readLive(on, { component: name, running })
  return processes.flatMap(({ args, nice, ioPriority }): { value: KnobValue; from: string }[] => {
    if (setting.via === 'flag') {
      if (ignoredFlags(component, args, [setting.flag]).length > 0) return []
      const value = flagIn(args, setting.flag)
      if (value !== undefined) return [{ value, from: `process arguments on ${on.name}` }]
      return stock === null ? [] : [{ value: stock, from: `process arguments on ${on.name} (absent: built-in value)` }]
    }
    if (setting.via !== 'process') return []
    return [
      setting.attribute === 'nice'
        ? { value: nice, from: `/proc on ${on.name}` }
        : { value: ioPriority, from: `ionice -p on ${on.name}` },
    ]
  })
}
