import type { Result } from '../../../result/result.ts'

/** A run passes only when everything that a verdict needs was measured. */
export function noPassWithoutData({ verdict, partial, arms, thresholds }: Result): string[] {
  if (verdict !== 'pass') return []
  const gaps = arms.flatMap((arm) => [
    ...(arm.outcome === 'complete' ? [] : [`arm ${arm.profile} is ${arm.outcome}`]),
    ...Object.entries(arm.fill?.objects ?? {}).flatMap(([kind, { expected, observed }]) =>
      observed === expected ? [] : [`${observed} of ${expected} ${kind} are there`],
    ),
    ...arm.probes.flatMap(({ name, stopsMs, pods }) => [
      ...Object.entries(stopsMs).flatMap(([stop, stopMs]) => (stopMs === null ? [`${name} ${stop} has no value`] : [])),
      ...(pods.created < pods.expected ? [`${name} knows ${pods.created} of ${pods.expected} pods`] : []),
    ]),
    ...(arm.probes.length === 0 ? [`arm ${arm.profile} has no probe`] : []),
  ])
  const open = thresholds.filter(({ actual }) => actual === null).map(({ name }) => `${name} has no value`)
  return [...(partial ? ['the run is partial'] : []), ...gaps, ...open].map((gap) => `passed although ${gap}`)
}
