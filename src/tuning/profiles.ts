import { parseDurationMs } from '../base/duration.ts'
import { catalogue, knobById } from './catalogue.ts'
import type { Knob, KnobValue } from './knob.ts'

/** A named set of knob values: the document's era, the built-in values of today, the document's advice. */
export const profileNames = ['untuned', 'stock', 'tuned'] as const
export type ProfileName = (typeof profileNames)[number]

/** One knob and the value an arm asks for. */
export interface KnobRequest {
  knob: Knob
  value: KnobValue
  /** Why the plan departs from the profile. */
  because?: string
}

/** A profile's requests with a plan's overrides on top, in catalogue order; an override of null takes a request away. */
export function requestsOf(
  profile: ProfileName,
  overrides: readonly { knob: string; value: KnobValue | null; because?: string | undefined }[] = [],
): KnobRequest[] {
  const requests = new Map<string, KnobRequest>()
  for (const knob of catalogue) {
    const value = profile === 'stock' ? undefined : knob[profile]
    if (value !== undefined) requests.set(knob.id, { knob, value })
  }
  for (const { knob: id, value, because } of overrides) {
    const knob = knobById(id)
    if (knob === undefined) throw new Error(`unknown knob ${id}: the plan's check lets none through`)
    if (value === null) requests.delete(id)
    else requests.set(id, because === undefined ? { knob, value } : { knob, value, because })
  }
  return catalogue.flatMap((knob) => requests.get(knob.id) ?? [])
}

/**
 * The kubelets' nodeStatusUpdateFrequency as an arm sets it; null where it leaves it alone, which is not the same as its
 * built-in value: see the catalogue.
 */
export function statusPeriodSecondsOf(requests: readonly KnobRequest[]): number | null {
  const value = requests.find(({ knob }) => knob.id === 'kubelet.nodeStatusUpdateFrequency')?.value
  const periodMs = typeof value === 'string' ? parseDurationMs(value) : undefined
  return periodMs === undefined ? null : periodMs / 1000
}
