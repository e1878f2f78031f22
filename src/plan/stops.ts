/** What a probe's clock can stop at, in the order reports show them. */
export const stopOrder = ['created', 'first', 'available', 'ready', 'rsCurrent', 'deleted'] as const
export type StopName = (typeof stopOrder)[number]

/** What a probe scales. */
export interface ProbeShape {
  from: number
  to: number
}

/** Whether a probe scales up. */
export function isRollout({ from, to }: ProbeShape): boolean {
  return to > from
}

/** The stops of a probe, by the direction it scales in. */
export function stopsOf(probe: ProbeShape): readonly StopName[] {
  return isRollout(probe) ? ['created', 'first', 'available', 'ready'] : ['rsCurrent', 'deleted']
}
