import type { Evidence, Finding } from './evidence.ts'

/**
 * Once nothing goes wrong any more, and what broke for good has been mended, cluster and program recover: within a bounded time `cleanup` leaves
 * nothing of the run, and the next run on the same cluster passes and leaves nothing either.
 */
export function recovers({ recovery }: Pick<Evidence, 'recovery'>): Finding {
  const { cleanedAfterMs, residue, left, again, leftAgain } = recovery
  const keys = (objects: typeof left) =>
    objects
      .slice(0, 3)
      .map(({ key }) => key)
      .join(', ')
  return {
    checked: 1,
    violations: [
      ...residue.map((text) => `after the faults cleanup could not remove everything: ${text}`),
      ...(left.length > 0 ? [`after the faults and cleanup ${left.length} objects were left: ${keys(left)}`] : []),
      ...(cleanedAfterMs > longestCleanUpMs ? [`cleanup took ${cleanedAfterMs} ms after the faults`] : []),
      ...(again.verdict === 'pass'
        ? []
        : [`the next run on the cluster was ${again.verdict}: ${again.reasons.join('; ')}`]),
      ...(leftAgain.length > left.length ? [`the next run left something: ${keys(leftAgain)}`] : []),
    ],
  }
}

/** A namespace that could not be deleted is looked at again every minute at least (pkg/controller/namespace); the rest are seconds. */
const longestCleanUpMs = 90_000
