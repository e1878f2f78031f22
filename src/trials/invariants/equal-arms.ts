import type { PlannedArm } from '../../plan/plan.ts'
import { armName } from '../../plan/plan.ts'
import type { ArmOutcome } from '../../result/result.ts'
import type { Evidence, Finding } from './evidence.ts'
import { together } from './evidence.ts'

/**
 * Arms that are set alike give the same figures and samples in the same repetition, to the last bit, whatever they are called and wherever
 * they stand in the run: so what differs between arms is what their knobs do.
 */
export function equalArms({ plan, result, samples }: Pick<Evidence, 'plan' | 'result' | 'samples'>): Finding {
  const ofArm = ({ id, name: _, order: __, ...outcome }: ArmOutcome) => ({
    ...outcome,
    samples: samples.filter(({ armId }) => armId === id).map(({ armId: _, ...sample }) => sample),
  })
  const alike = Map.groupBy(plan.arms, settingsOf)
  const findings = [...alike.values()].flatMap((arms) => {
    const names = arms.map(armName)
    const outcomes = result.arms.filter(({ name }) => names.includes(name))
    return [...Map.groupBy(outcomes, ({ repetition }) => repetition).values()].flatMap(([first, ...others]) =>
      others.map((other): Finding => {
        const place = first && difference(ofArm(first), ofArm(other))
        if (place === undefined) return { checked: 1, violations: [] }
        return {
          checked: 1,
          violations: [`${other.name} has the same settings as ${first?.name}, but differs: ${place}`],
        }
      }),
    )
  })
  return together(findings)
}

function settingsOf({ profile, base, set }: PlannedArm): string {
  return JSON.stringify([profile, ...[base, set].map((one) => one.map(({ knob, value }) => [knob, value]).toSorted())])
}

/** Where two values differ first, and how: `steps.1.outcome.stopsMs.deleted is 762 and 114`; undefined where they do not. */
function difference(one: unknown, other: unknown, path: readonly string[] = []): string | undefined {
  if (Object.is(one, other)) return undefined
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return `${path.join('.')} is ${String(one)} and ${String(other)}`
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  for (const key of keys) {
    const place = difference(one[key as keyof typeof one], other[key as keyof typeof other], [...path, key])
    if (place !== undefined) return place
  }
  return undefined
}
