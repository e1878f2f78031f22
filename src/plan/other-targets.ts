import { isDeepStrictEqual } from 'node:util'
import type { Plan } from './plan.ts'
import { podsByDefault } from './plan.ts'

type Part = Pick<Plan, 'fleet' | 'probes' | 'simulation' | 'remote' | 'controlPlane'> &
  Partial<Pick<Plan, 'kubernetes' | 'arms' | 'metrics'>>

/**
 * Fields that only some targets look at, and which. A plan is written for all targets: what its file says for others is mentioned,
 * and no more. What the command line says is meant for this run: there such a field is refused.
 */
const fields: Readonly<
  Record<string, { isGiven(plan: Part): boolean; isLookedAt(target: string, plan: Part): boolean }>
> = {
  // On clusters that are there, it chooses the image of hollow nodes.
  kubernetes: {
    isGiven: ({ kubernetes }) => kubernetes !== undefined,
    isLookedAt: (target, plan) =>
      target !== 'remote' || (startsNodes(target, plan) && plan.fleet.pods.image === undefined),
  },
  simulation: {
    // How often arms run there is no matter of other targets.
    isGiven: ({ simulation }) => Object.keys(simulation ?? {}).some((field) => field !== 'repetitions'),
    isLookedAt: (target) => target === 'sim',
  },
  controlPlane: {
    isGiven: ({ controlPlane }) => controlPlane !== undefined,
    isLookedAt: (target) => target === 'local',
  },
  'metrics.prometheus': {
    isGiven: ({ metrics }) => metrics?.prometheus !== undefined,
    isLookedAt: (target) => target !== 'sim',
  },
  remote: {
    isGiven: ({ remote }) => remote !== undefined,
    isLookedAt: (target) => target === 'remote',
  },
  'probes.node': {
    isGiven: ({ probes }) => probes.node !== undefined,
    isLookedAt: (target) => target === 'remote',
  },
  'fleet.source': {
    isGiven: ({ fleet }) => fleet.source !== 'hollow',
    isLookedAt: (target) => target === 'remote',
  },
  'fleet.selector': {
    isGiven: ({ fleet }) => fleet.selector !== undefined,
    isLookedAt: (target) => target === 'remote',
  },
  'fleet.hosts': {
    isGiven: ({ fleet }) => fleet.hosts !== 1,
    isLookedAt: (target, plan) => target !== 'local' && startsNodes(target, plan),
  },
  'fleet.host': {
    isGiven: ({ fleet }) => fleet.host !== undefined,
    isLookedAt: (target, plan) => target !== 'local' && startsNodes(target, plan),
  },
  'fleet.node.containerStarts': {
    isGiven: ({ fleet }) => fleet.node.containerStarts !== undefined,
    isLookedAt: startsNodes,
  },
  'fleet.pods': {
    isGiven: ({ fleet }) => !isDeepStrictEqual(fleet.pods, podsByDefault),
    isLookedAt: (target, plan) =>
      target === 'remote' && (startsNodes(target, plan) || plan.fleet.pods.taints.length > 0),
  },
}

/** Whether a run's nodes are its own, which is so everywhere but on clusters that have some. */
function startsNodes(target: string, { fleet }: Part): boolean {
  return target !== 'remote' || fleet.source === 'hollow'
}

/** What a plan says that its target does not look at. */
export function notLookedAt(plan: Part, target: string): string[] {
  return Object.entries(fields).flatMap(([path, { isGiven, isLookedAt }]) =>
    isGiven(plan) && !isLookedAt(target, plan) ? [path] : [],
  )
}

/** Whether a target looks at what is at a path of a plan, such as `fleet.pods.image`. */
export function isLookedAt(path: string, plan: Part, target: string): boolean {
  return Object.entries(fields).every(
    ([field, { isLookedAt: is }]) => is(target, plan) || !(path === field || path.startsWith(`${field}.`)),
  )
}
