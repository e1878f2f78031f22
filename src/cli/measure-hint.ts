import type { Plan } from '../plan/plan.ts'
import type { RunOptions, WhatIfOptions } from './options.ts'

/**
 * The command that measures what `run` has simulated; undefined for what only a simulation can be, a cluster in which things go wrong.
 * `planName` is as it was typed.
 */
export function measureRun(
  plan: Plan,
  planName: string,
  { set = [], repeat, kubernetes }: RunOptions,
): string | undefined {
  if (plan.faults !== undefined) return undefined
  const version = kubernetes === undefined ? [] : ['--kubernetes', kubernetes]
  if (set.length > 0)
    return npmRun(['run', planName, ...onRealOnes(plan), ...repeated(repeat), ...version, ...overridden(set)])
  const where = needsHosts(plan) ? 'TARGET=remote CLUSTERS=clusters.yaml' : 'TARGET=local'
  return `make scale-test PLAN=${shellWord(planName)} ${where}${repeat === undefined ? '' : ` REPEAT=${repeat}`}${kubernetes === undefined ? '' : ` KUBERNETES=${shellWord(kubernetes)}`}`
}

/** The same for `what-if`. */
export function measureWhatIf(
  plan: Plan,
  planName: string,
  { vary, profile, set = [], repeat }: WhatIfOptions,
): string | undefined {
  if (plan.faults !== undefined || needsHosts(plan)) return undefined
  const varied = vary.flatMap((one) => ['--vary', one])
  const like = profile === undefined ? [] : ['--profile', profile]
  return npmRun(['what-if', planName, ...varied, ...like, ...onRealOnes(plan), ...repeated(repeat), ...overridden(set)])
}

/** Any other fleet is started on this machine. */
function needsHosts({ fleet }: Plan): boolean {
  return fleet.hosts > 1
}

function onRealOnes(plan: Plan): string[] {
  return needsHosts(plan) ? ['--target', 'remote', '--clusters', 'clusters.yaml'] : ['--target', 'local']
}

function repeated(repeat: number | undefined): string[] {
  return repeat === undefined ? [] : ['--repeat', String(repeat)]
}

function overridden(set: readonly string[]): string[] {
  return set.flatMap((one) => ['--set', one])
}

function npmRun(words: readonly string[]): string {
  return `npm run scale-test -- ${words.map(shellWord).join(' ')}`
}

/** A text as a shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
