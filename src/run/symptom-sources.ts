import type { SymptomTurn } from '../measure/symptoms/watch.ts'
import { prometheusPages } from '../record/prometheus.ts'
import type { SymptomSources } from '../record/symptoms.ts'
import { processName } from '../result/parts.ts'
import { labelsText, valueText } from '../result/symptom.ts'
import type { RunContext } from './context.ts'
import type { Arm } from './schedule.ts'

/** Where an arm's symptoms are looked for, as its plan says, and who is told of them. */
export function symptomSources(
  { id: armId, plan: { metrics } }: Pick<Arm, 'id' | 'plan'>,
  { clock, signal, target, emit }: Pick<RunContext, 'clock' | 'signal' | 'target' | 'emit'>,
): SymptomSources {
  const isReal = target.evidence === 'measured'
  return {
    everyMs: metrics.every,
    ...(metrics.prometheus !== undefined &&
      isReal && { collected: prometheusPages({ url: metrics.prometheus, clock, signal }) }),
    onTurn(turn) {
      const { rule, event, spell } = turn
      emit({ type: 'symptom', armId, symptom: rule.id, event, instance: spell.instance, text: turnText(turn) })
    },
  }
}

/** `kube-controller-manager: controllers cannot catch up: they wait for their client limit (POST): 3.20 s, limit 1.00 s`. */
function turnText({ rule: { component, what, unit, limit }, spell }: SymptomTurn): string {
  const where = processName({ component, instance: spell.instance })
  return `${where}: ${what}${labelsText(spell)}: ${valueText(spell.worst, unit)}, limit ${valueText(limit, unit)}`
}
