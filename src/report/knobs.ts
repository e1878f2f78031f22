import type { ArmOutcome, KnobOutcome } from '../result/result.ts'
import { none } from './format.ts'

/** Every knob once, in the group it is read in. */
export interface KnobView {
  /** Settings that differ between arms, or are not known to be as requested. */
  differing: KnobRow[]
  same: KnobRow[]
  /** No profile that asked for it got it. */
  notApplied: KnobRow[]
}

/** One knob over all profiles. */
export interface KnobRow {
  id: string
  component: string
  setting: string
  /** One per profile; empty when the profile does not know the knob. */
  cells: KnobCell[]
  readFrom: string
  notes: string[]
}

/** What a profile's arms say of a knob: one outcome unless the repetitions disagree. */
export interface KnobCell {
  profile: string
  outcomes: { repetitions: number[]; knob: KnobOutcome }[]
}

/** Sorts every knob of the run into the group it is read in. */
export function knobsOf(arms: readonly ArmOutcome[], profiles: readonly string[]): KnobView {
  const ids = [...new Set(arms.flatMap((arm) => arm.knobs.map((knob) => knob.id)))]
  const rows = ids.map((id) => knobRow(id, arms, profiles))
  const outcomes = (row: KnobRow): KnobOutcome[] => row.cells.flatMap((cell) => cell.outcomes.map(({ knob }) => knob))
  const isNotApplied = (row: KnobRow): boolean => outcomes(row).every((knob) => knob.status === 'not-applied')
  const isDiffering = (row: KnobRow): boolean =>
    row.cells.some((cell) => cell.outcomes.length !== 1) ||
    outcomes(row).some(({ status }) => status !== 'applied' && status !== 'default') ||
    new Set(outcomes(row).map((knob) => `${typeof knob.effective} ${knob.effective}`)).size > 1
  const notApplied = rows.filter(isNotApplied)
  const applied = rows.filter((row) => !isNotApplied(row))
  return {
    differing: applied.filter(isDiffering),
    same: applied.filter((row) => !isDiffering(row)),
    notApplied,
  }
}

function knobRow(id: string, arms: readonly ArmOutcome[], profiles: readonly string[]): KnobRow {
  const all = arms.flatMap((arm) =>
    arm.knobs.filter((knob) => knob.id === id).map((knob) => ({ profile: arm.name, arm, knob })),
  )
  const noted = Map.groupBy(
    all.filter(({ knob }) => knob.note),
    ({ knob }) => knob.note ?? '',
  )
  return {
    id,
    component: all[0]?.knob.component ?? '',
    setting: all[0]?.knob.setting ?? id,
    cells: profiles.map((profile) => {
      const own = all.filter((entry) => entry.profile === profile)
      const distinct = Map.groupBy(own, ({ knob }) => JSON.stringify([knob.requested, knob.effective, knob.status]))
      return {
        profile,
        outcomes: [...distinct.values()].flatMap((same) => {
          const knob = same[0]?.knob
          return knob === undefined ? [] : [{ repetitions: same.map(({ arm }) => arm.repetition), knob }]
        }),
      }
    }),
    readFrom: [...new Set(all.flatMap(({ knob }) => knob.readFrom ?? []))].join(', ') || none,
    notes: [...noted].map(([note, entries]) => {
      const only = new Set(entries.map(({ profile }) => profile))
      return only.size < profiles.length ? `${[...only].join(', ')}: ${note}` : note
    }),
  }
}
