import { messageOf } from '../../base/errors.ts'
import type { FaultKind } from '../faults/index.ts'
import type { Evidence, Finding } from './evidence.ts'

/** What a follower makes up for at once: a run that meets nothing else passes. */
const harmless: ReadonlySet<FaultKind> = new Set(['dropped-watches', 'expired-watches'])

/** Which faults there have to be for a run to speak of such an answer, as `(503 ServiceUnavailable)`; none explains any other. */
const causes: Readonly<Record<string, readonly FaultKind[]>> = {
  '0': ['lost-replies', 'storms'],
  '429': ['throttling'],
  '500': ['storms', 'no-space'],
  '503': ['storms'],
  '504': ['storms'],
}

/**
 * What goes wrong in a run has its cause in its clusters: where nothing happened, or nothing that matters, it passes and leaves nothing
 * behind; and nothing that it says of the server's answers comes of its own doing, such as 409 for what it created itself.
 */
export function noFailureWithoutCause({
  result,
  error,
  struck,
  wasHurried,
}: Pick<Evidence, 'result' | 'error' | 'struck' | 'wasHurried'>): Finding {
  const residue = result.arms.flatMap((arm) => arm.residue)
  const told = [...result.reasons, ...residue, ...(error === undefined ? [] : [messageOf(error)])]
  const isHarmed = wasHurried || [...struck].some((kind) => !harmless.has(kind))
  const happened = struck.size === 0 ? 'nothing went wrong' : `there were only ${[...struck].join(' and ')}`
  const answers = answersIn(told)
  const violations = [
    ...(isHarmed || result.verdict === 'pass' ? [] : [`${happened}, and it is ${result.verdict}: ${told.join('; ')}`]),
    ...(isHarmed ? [] : residue.map((left) => `${happened}, and it left something behind: ${left}`)),
    ...[...answers]
      .filter(([, status]) => !(causes[status] ?? []).some((kind) => struck.has(kind)))
      .map(([answer]) => `it reports ${answer}, for which there was no cause: ${told.join('; ')}`),
  ]
  return { checked: (isHarmed ? 0 : 1) + answers.size, violations }
}

/** Every refusal that is reported, in the words that end its message, and its status. */
function answersIn(told: readonly string[]): Map<string, string> {
  return new Map([...told.join('\n').matchAll(/\((\d+) \w+\)/g)].map(([answer, status = '']) => [answer, status]))
}
