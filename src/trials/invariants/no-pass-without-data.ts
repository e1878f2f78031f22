import { sectionsOf, stepsOfKind } from '../../plan/section.ts'
import { fillOf } from '../../steps/fill/outcome.ts'
import { fillSection } from '../../steps/fill/section.ts'
import { probesOf } from '../../steps/probe/outcome.ts'
import { probeSection } from '../../steps/probe/section.ts'
import type { Evidence, Finding } from './evidence.ts'

/** A run passes only when it went to its end and everything that a verdict needs was measured. */
export function noPassWithoutData({ plan, result, error }: Pick<Evidence, 'plan' | 'result' | 'error'>): Finding {
  const { verdict, partial, arms, thresholds } = result
  if (verdict !== 'pass') return { checked: 0, violations: [] }
  const wanted = plan.arms.length * plan.repetitions
  const gaps = arms.flatMap((arm) => {
    const [fill, probes] = [fillOf(arm), probesOf(arm)]
    return [
      ...(arm.outcome === 'complete' ? [] : [`arm ${arm.name} is ${arm.outcome}`]),
      ...(sectionsOf(plan, fillSection).length > 0 && fill === null ? ['nothing was filled'] : []),
      ...Object.entries(fill?.objects ?? {}).flatMap(([kind, { expected, observed, failed }]) =>
        observed === expected && failed === 0 ? [] : [`${observed} of ${expected} ${kind} are there, ${failed} failed`],
      ),
      ...(fill !== null && fill.pods.ready < fill.pods.expected ? ['pods of the fill were not Ready'] : []),
      ...stepsOfKind(plan, probeSection)
        .filter(({ name }) => !probes.some((probe) => probe.name === name))
        .map(({ name }) => `${name} is missing`),
      ...probes.flatMap(({ name, stopsMs, pods, from, to }) => [
        ...Object.entries(stopsMs).flatMap(([stop, stopMs]) =>
          stopMs === null ? [`${name} ${stop} has no value`] : [],
        ),
        ...(to > from && pods.ready < pods.expected
          ? [`${name} saw ${pods.ready} of ${pods.expected} pods Ready`]
          : []),
        ...(to < from && pods.deleted < from - to ? [`${name} saw ${pods.deleted} of ${from - to} pods deleted`] : []),
      ]),
      ...(arm.fleet.flaps.notReadyAtEnd.length > 0 ? ['nodes were away at the end'] : []),
    ]
  })
  const doubts = [
    ...(error === undefined ? [] : [`it ended with ${String(error)}`]),
    ...(partial ? ['the run is partial'] : []),
    ...(arms.length === wanted ? [] : [`${arms.length} of ${wanted} arms ran`]),
    ...gaps,
    ...thresholds.filter(({ verdict: one }) => one !== 'pass').map(({ name }) => `threshold ${name} is not met`),
  ]
  return { checked: 1, violations: doubts.map((doubt) => `passed although ${doubt}`) }
}
