import { z } from 'zod'
import { excerpt } from '../base/excerpt.ts'

/** Something that two plans say differently, or that only one of them says. */
export interface PlanDifference {
  /** `fleet.nodes`, `steps.rollout.to`, `arms.tuned.kubelet.kubeAPIQPS`. */
  field: string
  /** As written; null where that plan says nothing of it. */
  values: [string | null, string | null]
  /** Kubernetes' version or a setting: what runs are compared for. Anything else makes them different experiments. */
  isUnderTest: boolean
}

const setting = z.looseObject({ knob: z.string(), value: z.unknown() })
const arm = z.looseObject({
  name: z.string().optional(),
  profile: z.string(),
  kubernetes: z.string().optional(),
  base: z.array(setting).default([]),
  set: z.array(setting).default([]),
})
/** As much of a plan.json as says what a run did and with what; older and newer ones have other fields. */
const writtenPlan = z.looseObject({ arms: z.array(arm) })

/** What `plan.json` of a run says, as far as plans are compared by it. */
export type WrittenPlan = z.infer<typeof writtenPlan>

/** The plan in a plan.json; undefined where it is something else. */
export function writtenPlanIn(value: unknown): WrittenPlan | undefined {
  return writtenPlan.safeParse(value).data
}

/** What two plans do differently, of what `conditionsHash` covers; arms that only one of them has are left out. */
export function planDifferences(before: WrittenPlan, after: WrittenPlan): PlanDifference[] {
  const shared = new Set(before.arms.map(nameOf)).intersection(new Set(after.arms.map(nameOf)))
  const [earlier, later] = [fieldsOf(before, shared), fieldsOf(after, shared)]
  return [...new Set([...earlier.keys(), ...later.keys()])].flatMap((field) => {
    const values: [string | null, string | null] = [earlier.get(field) ?? null, later.get(field) ?? null]
    return values[0] === values[1] ? [] : [{ field, values, isUnderTest: isUnderTest(field) }]
  })
}

function isUnderTest(field: string): boolean {
  return field === 'kubernetes' || field.startsWith('arms.')
}

function nameOf({ name, profile }: WrittenPlan['arms'][number]): string {
  return name ?? profile
}

function fieldsOf(plan: WrittenPlan, armNames: ReadonlySet<string>): Map<string, string> {
  const fields = new Map<string, string>()
  for (const key of ['seed', 'kubernetes', 'fleet', 'probes', 'steps', 'simulation', 'faults']) {
    if (plan[key] !== undefined) collect(key, plan[key], fields)
  }
  for (const one of plan.arms.filter((arm) => armNames.has(nameOf(arm)))) {
    const path = `arms.${nameOf(one)}`
    if (one.kubernetes !== undefined) fields.set(`${path}.kubernetes`, one.kubernetes)
    for (const { knob, value } of [...one.base, ...one.set]) {
      if (value === null) fields.delete(`${path}.${knob}`)
      else fields.set(`${path}.${knob}`, written(value))
    }
  }
  return fields
}

/** Every value below a path, by its own path; things with names go by them, so that one more moves no other. */
function collect(path: string, value: unknown, fields: Map<string, string>): void {
  if (typeof value !== 'object' || value === null) {
    fields.set(path, written(value))
    return
  }
  for (const [key, inner] of Object.entries(value)) {
    const name = z.object({ name: z.string() }).safeParse(inner).data?.name
    // Where in the file a step stands changes nothing of what it does.
    if (key !== 'at') collect(`${path}.${name ?? key}`, inner, fields)
  }
}

function written(value: unknown): string {
  return excerpt(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}
