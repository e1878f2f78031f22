import type { Live, TunedHost } from '../change/host.ts'
import { differingFlags } from './arguments.ts'
import type { WantedOf } from './wanted.ts'
import { sysctlPath, textOf } from './wanted.ts'

/** Reads a component of a host live. Nothing of the kernel, which is no process. */
export function readLive(
  on: TunedHost,
  { component, running }: Pick<WantedOf, 'component' | 'running'>,
): Promise<Live> {
  const unit = running !== undefined && 'unit' in running ? running.unit : undefined
  return on.live(component, unit, running?.health)
}

/** How a component is not as wanted, as running processes and the kernel show it; empty when it is. */
export async function differencesOf(on: TunedHost, wanted: WantedOf): Promise<string[]> {
  if (wanted.component === 'kernel') {
    const entries = Object.entries(wanted.expected.sysctls)
    const found = await on.look(entries.map(([key]) => sysctlPath(key)))
    return entries.flatMap(([key, value], index) => {
      const is = textOf(found[index] ?? { content: null }).trim()
      return is === value ? [] : [`${key} is ${is === '' ? 'not there' : is}, not ${value}`]
    })
  }
  return differencesIn(await readLive(on, wanted), wanted)
}

/** The same of what has been read. */
export function differencesIn({ processes, unit, health }: Live, { component, expected }: WantedOf): string[] {
  if (unit !== undefined && unit !== 'active')
    return [component === 'kube-proxy' ? `its DaemonSet has not rolled out: ${unit}` : `its unit is ${unit}`]
  if (processes.length === 0) return [`no ${component} is running`]
  const { flags, priority } = expected
  return [
    ...processes.flatMap(({ args, nice, ioPriority }) => [
      ...differingFlags(args, flags).map(({ name, wanted, found }) =>
        found === null ? `--${name} is not set, not ${wanted}` : `--${name} is ${found}, not ${wanted}`,
      ),
      ...(priority.nice === undefined || priority.nice === nice ? [] : [`nice is ${nice}, not ${priority.nice}`]),
      ...(priority.ioPriority === undefined || priority.ioPriority === ioPriority
        ? []
        : [`I/O priority is ${ioPriority}, not ${priority.ioPriority}`]),
    ]),
    ...(health === undefined || (health >= 200 && health < 300)
      ? []
      : [health === 0 ? 'its health URL does not answer' : `its health URL answers ${health}`]),
  ]
}
