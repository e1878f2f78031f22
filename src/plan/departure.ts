import { z } from 'zod'
import { catalogue } from '../tuning/catalogue.ts'
import { findKnob } from '../tuning/find-knob.ts'
import { openIdPattern } from '../tuning/open-knobs.ts'
import { takeValue } from '../tuning/take.ts'
import type { KnobValue } from '../tuning/value.ts'

/** One knob that a profile sets, or an arm otherwise than its profile does, its value as the knob takes it. */
export const departure = z
  .strictObject({
    knob: z
      .string({ error: 'expected a knob (npm run scale-test -- knobs lists them)' })
      .meta({ anyOf: [{ enum: catalogue.map(({ id }) => id) }, { pattern: openIdPattern }] })
      .describe('A named knob, or any flag, field, feature gate or variable: kube-apiserver.flags.event-ttl'),
    value: z
      .unknown()
      .meta({ type: ['number', 'string', 'boolean', 'array', 'object', 'null'] })
      .describe(
        "`scale-test knobs` shows what each knob takes. null undoes what the profile sets: the component's built-in value applies.",
      ),
    because: z.string().min(1).describe('The reason; reports show it.'),
  })
  .transform(({ knob: id, value: given, because }, context) => {
    const refuse = (field: string, message: string) => {
      context.addIssue({ code: 'custom', path: [field], message })
      return z.NEVER
    }
    const knob = findKnob(id)
    if ('refusal' in knob) return refuse('knob', `${knob.refusal} (npm run scale-test -- knobs lists all)`)
    const taken: { value: KnobValue | null } | { refusal: string } =
      given === null ? { value: null } : takeValue(knob, given)
    if ('refusal' in taken) return refuse('value', taken.refusal)
    return { knob: knob.id, value: taken.value, because }
  })

export type PlannedDeparture = z.infer<typeof departure>
