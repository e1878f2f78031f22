import type { Witness } from './witness.ts'

/** Nothing that a run creates is created twice, however often its requests were tried. */
export function createdOnce({ created }: Witness): string[] {
  return [...created].filter(([, count]) => count > 1).map(([object, count]) => `${object} was created ${count} times`)
}
