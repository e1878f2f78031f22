import { Failure } from '../../../base/errors.ts'
import { untilStarted } from '../readiness.ts'
import { access } from './access.ts'
import { apiservers } from './apiservers.ts'
import type { Check, CheckOutcome, Known } from './check.ts'
import { collisions } from './collisions.ts'
import { credentials } from './credentials.ts'
import { hosts } from './hosts.ts'
import { identity } from './identity.ts'
import { inUse } from './in-use.ts'
import { names } from './names.ts'
import { signIn } from './sign-in.ts'
import { tunedHosts } from './tuned-hosts.ts'
import { versions } from './versions.ts'

/** Whether the clusters are the ones that are meant: all that taking something away depends on. */
export const identityChecks: readonly Check<Known>[] = [names, signIn, identity]
/** All that is looked at before a run. */
export const allChecks: readonly Check[] = [
  names,
  credentials,
  signIn,
  identity,
  access,
  inUse,
  collisions,
  hosts,
  tunedHosts,
  versions,
  apiservers,
]

/**
 * Runs all checks, whatever the others find: everything that is wrong is reported at once, unless a cluster lets nobody in. Throws `Failure('infrastructure')`
 * when a cluster does not answer.
 */
export async function examineClusters<Needs extends Known>(
  needs: Needs,
  checks: readonly Check<Needs>[],
): Promise<CheckOutcome[]> {
  const { clusters, clock, signal } = needs
  await Promise.all(clusters.map(({ api }) => untilStarted(api, clock, signal)))
  const outcomes: CheckOutcome[] = []
  for (const { id, title, endsWithRefusals, examine } of checks) {
    needs.signal.throwIfAborted()
    const findings = await examine(needs)
    outcomes.push({ id, title, ...findings })
    if (endsWithRefusals === true && findings.refusals.length > 0) break
  }
  return outcomes
}

/** Throws `Failure('safety-refusal')` with every reason not to begin, when there is one. */
export function requireNoRefusals(outcomes: readonly CheckOutcome[]): void {
  const refusals = outcomes.flatMap(({ refusals: found }) => found)
  if (refusals.length === 0) return
  const reasons = refusals.map(({ because, next }) => `  ${because}\n    ${next}`)
  const count = refusals.length === 1 ? 'one reason' : `${refusals.length} reasons`
  throw new Failure('safety-refusal', `refused for ${count}; nothing was touched\n\n${reasons.join('\n')}`)
}
