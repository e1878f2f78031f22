import { catalogue, knobById } from './catalogue.ts'
import type { Knob, KnobValue } from './knob.ts'
import { sigScalability } from './sig-scalability.ts'
import { readValue } from './value.ts'

/** A named set of knob values: the document's era, the built-in values of today, the document's advice, what upstream's own jobs set. */
export const profileNames = ['untuned', 'stock', 'tuned', 'sig-scalability'] as const
export type ProfileName = (typeof profileNames)[number]

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

/** A profile's requests with a plan's departures on top, in catalogue order. */
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
  return catalogue.flatMap((knob) => requests.get(knob.id) ?? [])
}
