import { formatCount } from '../../base/count.ts'
import { formatBytes } from '../../base/quantity.ts'
import type { KnobOutcome, Result } from '../../result/result.ts'
import { formatKnobValue, none } from '../format.ts'
import type { ArmPair, Side } from './sides.ts'
import { differencesOfPlans } from './sides.ts'

/** Something that is not the same in all results that are compared. */
export interface WhatDiffers {
  group: 'versions' | 'place' | 'settings' | 'plan' | 'program'
  /** `etcd`, `kubelet.kubeAPIQPS (tuned)`. */
  what: string
  /** One per result, in their order. */
  values: string[]
  /** Of a setting: its id, and the arm that has it in each result. */
  setting?: { id: string; arms: readonly (string | undefined)[] }
}

/** What may be behind a difference of figures: versions, where they ran, the settings in force, the plan, and this program. */
export function whatDiffers(sides: readonly Side[], pairs: readonly (readonly ArmPair[])[]): WhatDiffers[] {
  return [
    ...rowsOf('versions', sides, ({ result }) => versionsOf(result)),
    ...rowsOf('place', sides, ({ result }) => placeOf(result)),
    ...settings(sides, pairs),
    ...plan(sides),
    ...rowsOf('program', sides, ({ result }) => programOf(result)),
  ].filter(({ values }) => new Set(values).size > 1)
}

/** The programs that measure, and not what is measured. */
const ownPrograms = ['scale-test', 'node']

function versionsOf({ versions, arms }: Result): Map<string, string> {
  const told = arms.flatMap((arm) => Object.entries(arm.versions ?? {}))
  const all = Map.groupBy([...Object.entries(versions), ...told], ([component]) => component)
  return new Map(
    [...all]
      .filter(([component]) => !ownPrograms.includes(component))
      .map(([component, entries]) => [component, [...new Set(entries.map(([, version]) => version))].join(', ')]),
  )
}

function programOf({ versions }: Result): Map<string, string> {
  return new Map(ownPrograms.flatMap((name) => (versions[name] === undefined ? [] : [[name, versions[name]]])))
}

function placeOf({ target, evidence, machine }: Result): Map<string, string> {
  return new Map([
    ['target', target],
    ['evidence', evidence],
    ...(machine === null
      ? []
      : ([
          ['cores', formatCount(machine.cores)],
          ['memory', formatBytes(machine.memoryBytes)],
          ['system', machine.system],
        ] as const)),
  ])
}

function rowsOf(
  group: WhatDiffers['group'],
  sides: readonly Side[],
  read: (side: Side) => ReadonlyMap<string, string>,
): WhatDiffers[] {
  const all = sides.map(read)
  const names = new Set(all.flatMap((own) => [...own.keys()]))
  return [...names].map((what) => ({ group, what, values: all.map((own) => own.get(what) ?? none) }))
}

/** What the components of the compared arms say they use. */
function settings(sides: readonly Side[], pairs: readonly (readonly ArmPair[])[]): WhatDiffers[] {
  const [baseline] = sides
  const first = new Set(pairs.flat().map(({ before }) => before))
  return [...first].flatMap((before) => {
    const arms = sides.map((side, index) =>
      side === baseline ? before : pairs[index - 1]?.find((pair) => pair.before === before)?.after,
    )
    const inForce = sides.map(({ result }, index) => knobsOf(result, arms[index]))
    const ids = new Set(inForce.flatMap((own) => [...own.keys()]))
    const label = [...new Set(arms.flatMap((arm) => arm ?? []))].join(' → ')
    return [...ids].map((id) => ({
      group: 'settings' as const,
      what: `${id} (${label})`,
      values: inForce.map((own) => own.get(id) ?? none),
      setting: { id, arms },
    }))
  })
}

function knobsOf({ arms }: Result, arm: string | undefined): Map<string, string> {
  const all = arms.filter(({ name }) => name === arm).flatMap(({ knobs }) => knobs)
  return new Map(
    [...Map.groupBy(all, ({ id }) => id)].map(([id, outcomes]) => [id, [...new Set(outcomes.map(inForce))].join(', ')]),
  )
}

function inForce({ effective, requested, status }: KnobOutcome): string {
  if (effective !== null) return inOrder(formatKnobValue(effective))
  // What has no effect cannot explain anything.
  if (status === 'not-applied' || requested === null) return none
  return `${formatKnobValue(requested)}, not read back`
}

/** Fields of the plans, but for settings: those stand above as they were in force. */
function plan(sides: readonly Side[]): WhatDiffers[] {
  const [baseline, ...others] = sides
  if (baseline === undefined) return []
  const each = others.map((other) => differencesOfPlans(baseline, other) ?? [])
  const fields = new Set(each.flat().flatMap(({ field }) => (field.startsWith('arms.') ? [] : field)))
  return [...fields].map((field) => {
    const own = each.map((differences) => differences.find((difference) => difference.field === field))
    const before = own.find((difference) => difference !== undefined)?.values[0] ?? none
    return {
      group: 'plan' as const,
      what: `plan: ${field}`,
      values: [
        before,
        ...own.map((difference) => (difference === undefined ? before : (difference.values[1] ?? none))),
      ],
    }
  })
}

/** What changed from the baseline to another result for an arm, in a few words: `kubelet.kubeAPIQPS 50 → 40`. */
export function changesFor(all: readonly WhatDiffers[], index: number, pair: ArmPair): string[] {
  return all.flatMap(({ group, what, values, setting }) => {
    const [before = none, after = none] = [values[0], values[index]]
    if (before === after || group === 'program' || group === 'plan') return []
    if (setting === undefined) return [`${what} ${before} → ${after}`]
    const isOfPair = setting.arms[0] === pair.before && setting.arms[index] === pair.after
    return isOfPair ? [`${setting.id} ${before} → ${after}`] : []
  })
}

/** Components tell lists such as `events#0,pods#0` in any order. */
function inOrder(value: string): string {
  return value.includes(',') ? value.split(',').toSorted().join(',') : value
}
