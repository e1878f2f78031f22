import type { Plan } from '../plan/plan.ts'

/** What starting containers takes on a hollow node, which has no real ones. */
export interface ContainerStarts {
  timeMs: number
  /** How many a node starts at a time; any number when absent. */
  parallel?: number | undefined
}

/** What a hollow node has and does. */
export interface HollowNode {
  cpu: number
  memory: string
  /** When absent, containers run as soon as they are asked for. */
  containerStarts?: ContainerStarts | undefined
}

/** The hollow nodes of a plan. */
export function hollowNodeOf({ cpu, memory, containerStarts }: Plan['fleet']['node']): HollowNode {
  if (containerStarts === undefined) return { cpu, memory }
  const { time, parallel } = containerStarts
  return { cpu, memory, containerStarts: { timeMs: time, ...(parallel !== undefined && { parallel }) } }
}

/** The least time in which a node starts so many containers, all asked for at once. */
export function startsMs(containers: number, { timeMs, parallel }: ContainerStarts): number {
  return timeMs * (parallel === undefined ? Math.min(containers, 1) : Math.ceil(containers / parallel))
}

/** Flags by which the hollow-node program is told of them. */
export function containerStartFlags({ containerStarts }: HollowNode): Readonly<Record<string, string>> {
  if (containerStarts === undefined) return {}
  const { timeMs, parallel } = containerStarts
  return {
    'container-start-time': `${timeMs}ms`,
    ...(parallel !== undefined && { 'parallel-container-starts': String(parallel) }),
  }
}
