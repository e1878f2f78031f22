import { catalogue } from './catalogue.ts'
import { knobById } from './find-knob.ts'
import type { Knob, KnobValue } from './knob.ts'
import { readValue } from './value.ts'

/** A value that a profile sets, and why. */
export interface ProfileSetting {
  knob: string
  value: KnobValue
  because?: string
}

/** A named set of knob values, with those of all that it extends. */
export interface Profile {
  name: string
  description?: string | undefined
  settings: readonly ProfileSetting[]
}

/** A knob that is set otherwise than before; null takes back what was set. */
export interface Departure {
  knob: string
  value: KnobValue | null
  because?: string
}

/** What an arm asks for: its profile's settings, and its departures from them. */
export interface Asked {
  base: readonly ProfileSetting[]
  set: readonly Departure[]
}

/** One knob and the value an arm asks for. */
export interface KnobRequest {
  knob: Knob
  value: KnobValue
  /** Why the arm departs from its profile, whose own reasons stand in its file. */
  because?: string
}

const order = new Map(catalogue.map(({ id }, index) => [id, index]))

/** Settings with departures on top: in the order of the catalogue, then as they come. */
export function settingsOver(base: readonly ProfileSetting[], departures: readonly Departure[]): ProfileSetting[] {
  const settings = new Map(base.map((setting) => [setting.knob, setting]))
  for (const { value, ...departure } of departures)
    if (value === null) settings.delete(departure.knob)
    else settings.set(departure.knob, { ...departure, value })
  return [...settings.values()].toSorted((left, right) => orderOf(left.knob) - orderOf(right.knob))
}

/** What an arm asks its knobs to be: in the order of the catalogue, then as the arm has them. */
export function requestsOf({ base, set }: Asked): KnobRequest[] {
  const unexplained = base.map(({ because: _, ...setting }) => setting)
  return settingsOver(unexplained, set).map(({ knob: id, value: given, because }) => {
    const knob = knobById(id)
    if (knob === undefined) throw new Error(`unknown knob ${id}: the plan's check lets none through`)
    const value = readValue(knob.type, given)
    if (value === undefined)
      throw new Error(`${id} does not take ${given}: the plan's check lets no such value through`)
    return because === undefined ? { knob, value } : { knob, value, because }
  })
}

/** Every knob that a run looks at: the named ones, and what else any of its arms sets, or takes back. */
export function knobsOf(arms: readonly Asked[]): Knob[] {
  const asked = arms.flatMap(({ base, set }) => [...base, ...set].map(({ knob }) => knob))
  const others = [...new Set(asked)].flatMap((id) => {
    const knob = knobById(id)
    return knob === undefined || order.has(id) ? [] : [knob]
  })
  return [...catalogue, ...others]
}

/** The catalogue's, then as they come. */
function orderOf(id: string): number {
  return order.get(id) ?? order.size
}
