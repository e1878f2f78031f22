import { createTwoFilesPatch } from 'diff'
import { Failure } from '../../base/errors.ts'
import type { Host } from '../hosts/section.ts'
import type { HostSettings, WantedOf } from '../hosts/wanted.ts'
import { textOf, wantedOn } from '../hosts/wanted.ts'
import type { TunedHost } from './host.ts'

/** What is to happen on one host. */
export interface HostPlan {
  on: TunedHost
  wanted: WantedOf[]
}

/**
 * Looks at every host, and says what has to change there; changes nothing. Throws what the first host in the way throws, and
 * `Failure('safety-refusal')` with all reasons why hosts could not be changed.
 */
export async function planHosts(
  hosts: readonly { host: Host; on: TunedHost }[],
  settings: HostSettings,
): Promise<HostPlan[]> {
  const plans: HostPlan[] = []
  const obstacles: string[] = []
  for (const { host, on } of hosts) {
    const wanted = await wantedOn(host, on, settings)
    const paths = wanted.flatMap(({ changes }) => changes.map(({ path }) => path))
    // A host that is right already may still hold the changes of the run that made it so.
    if (paths.length > 0) obstacles.push(...(await on.obstacles(paths)).map((obstacle) => `${on.name}: ${obstacle}`))
    plans.push({ on, wanted })
  }
  if (obstacles.length > 0)
    throw new Failure('safety-refusal', ['hosts cannot be changed; nothing was touched', ...obstacles].join('\n  '))
  return plans
}

/** All that changes on a host. */
export function changesOf({ wanted }: HostPlan): WantedOf['changes'] {
  return wanted.flatMap(({ changes }) => changes)
}

/** A unified diff of what changes on a host; empty where nothing does. */
export function diffOf(plan: HostPlan): string {
  return changesOf(plan)
    .map(({ path, old, content }) =>
      createTwoFilesPatch(
        old.content === null ? '/dev/null' : `${plan.on.name}:${path}`,
        `${plan.on.name}:${path}`,
        textOf(old),
        textOf({ content }),
        undefined,
        undefined,
        { context: 2 },
      ).replace(/^(?:Index: .*\n)?=+\n/, ''),
    )
    .join('')
}
