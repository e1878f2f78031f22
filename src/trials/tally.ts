import { formatCount, plural } from '../base/count.ts'
import type { FaultKind } from './faults/index.ts'
import { faultKinds } from './faults/index.ts'
import type { InvariantName } from './invariants/index.ts'
import { invariantNames, invariants } from './invariants/index.ts'
import type { Trial } from './trial.ts'

/** What many trials come to. */
export interface Tally {
  note(trial: Trial): void
  /** How many trials there were. */
  seeds(): number
  /** How often each kind of fault has struck. */
  struck(): ReadonlyMap<FaultKind, number>
  verdicts(): ReadonlyMap<string, number>
  /** Invariants that had nothing to look at in any trial: that none of them was broken says nothing. */
  vacuous(): InvariantName[]
  /** What was done, for people. */
  lines(): string[]
}

/** Nothing yet. */
export function createTally(): Tally {
  const verdicts = new Map<string, number>()
  const struck = new Map<FaultKind, number>(faultKinds.map((kind) => [kind, 0]))
  const runsStruck = new Map<FaultKind, number>(faultKinds.map((kind) => [kind, 0]))
  const checked = new Map<InvariantName, number>(invariantNames.map((name) => [name, 0]))
  let seeds = 0
  let unharmed = 0
  let withResidue = 0
  const add = <Key>(counts: Map<Key, number>, key: Key, count: number) =>
    counts.set(key, (counts.get(key) ?? 0) + count)
  const told = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, count]) => `${name} ${formatCount(count)}`).join(', ')
  return {
    note(trial) {
      seeds++
      add(verdicts, trial.verdict, 1)
      for (const fault of trial.faults) add(struck, fault.kind, fault.struck)
      const kinds = new Set(trial.faults.filter((fault) => fault.struck > 0).map(({ kind }) => kind))
      for (const kind of kinds) add(runsStruck, kind, 1)
      if (kinds.size === 0) unharmed++
      if (trial.residue.length > 0) withResidue++
      for (const name of invariantNames) add(checked, name, trial.checked[name])
    },
    seeds: () => seeds,
    struck: () => struck,
    verdicts: () => verdicts,
    vacuous: () => invariantNames.filter((name) => checked.get(name) === 0),
    lines: () => [
      `${plural(seeds, 'run')}: ${told(verdicts)}; ${formatCount(withResidue)} left something behind and said so`,
      'checked:',
      ...checkedLines(Object.fromEntries(checked) as Record<InvariantName, number>),
      `runs struck by: ${told(runsStruck)}; ${plural(unharmed, 'seed')} without a fault`,
    ],
  }
}

/** A line for each invariant: `  created once              53,120 objects`. */
export function checkedLines(checked: Readonly<Record<InvariantName, number>>): string[] {
  const room = Math.max(...invariantNames.map(({ length }) => length))
  return invariantNames.map((name) => {
    const count = checked[name]
    return `  ${name.padEnd(room)}  ${count === 0 ? 'nothing' : plural(count, invariants[name].noun)}`
  })
}
