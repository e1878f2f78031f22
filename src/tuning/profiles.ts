import { catalogue } from './catalogue.ts'
import { knobById } from './find-knob.ts'
import type { Knob, KnobValue } from './knob.ts'
import { sigScalability } from './sig-scalability.ts'
import { readValue } from './value.ts'

/** A named set of knob values: the document's era, the built-in values of today, the document's advice, what upstream's own jobs set. */
export const profileNames = ['untuned', 'stock', 'tuned', 'sig-scalability'] as const
export type ProfileName = (typeof profileNames)[number]

const order = new Map(catalogue.map(({ id }, index) => [id, index]))

/** One knob and the value an arm asks for. */
export interface KnobRequest {
  knob: Knob
  value: KnobValue
  /** Why the plan departs from the profile, or the profile from what is built in. */
  because?: string
}

/** A knob that a plan sets otherwise than its profile does; null takes the profile's request away. */
export interface Departure {
  knob: string
  value: KnobValue | null
  because?: string | undefined
}

/** A profile's requests with a plan's departures on top: in the order of the catalogue, then as the plan has them. */
export function requestsOf(profile: ProfileName, departures: readonly Departure[] = []): KnobRequest[] {
  const requests = new Map<string, KnobRequest>()
  if (profile === 'untuned' || profile === 'tuned')
    for (const knob of catalogue) {
      const value = knob[profile]
      if (value !== undefined) requests.set(knob.id, { knob, value })
    }
  const settings = profile === 'sig-scalability' ? sigScalability : []
  for (const { knob: id, value: given, because } of [...settings, ...departures]) {
    const knob = knobById(id)
    if (knob === undefined) throw new Error(`unknown knob ${id}: the plan's check lets none through`)
    if (given === null) {
      requests.delete(id)
      continue
    }
    const value = readValue(knob.type, given)
    if (value === undefined)
      throw new Error(`${id} does not take ${given}: the plan's check lets no such value through`)
    requests.set(id, because === undefined ? { knob, value } : { knob, value, because })
  }
  return [...requests.values()].toSorted((left, right) => orderOf(left.knob) - orderOf(right.knob))
}

/** Every knob that a run looks at: the named ones, and what else any of its arms sets, or takes back. */
export function knobsOf(arms: readonly { profile: ProfileName; set: readonly Departure[] }[]): Knob[] {
  const asked = arms.flatMap(({ profile, set }) => [
    ...requestsOf(profile, set).map(({ knob }) => knob.id),
    ...set.map(({ knob }) => knob),
  ])
  const others = [...new Set(asked)].flatMap((id) => {
    const knob = knobById(id)
    return knob === undefined || order.has(id) ? [] : [knob]
  })
  return [...catalogue, ...others]
}

/** The catalogue's, then as they come. */
function orderOf({ id }: Knob): number {
  return order.get(id) ?? order.size
}
