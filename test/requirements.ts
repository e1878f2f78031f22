import { accessSync, constants } from 'node:fs'
import process from 'node:process'
import { describe } from 'vitest'

/**
 * `describe` for a suite that needs something of its machine: `needs`, such as `a browser is`. Where `reasons` say that it is not there, the suite is
 * skipped, and named; with CI=true that is a failure, since a pipeline that silently skips proves nothing.
 */
export function describeUnless(reasons: readonly string[], needs: string, name: string, suite: () => void): void {
  if (reasons.length > 0) {
    const reason = reasons.join('; ')
    if (process.env['CI'] === 'true') throw new Error(`${name}: ${needs} required in CI; ${reason}`)
    process.stderr.write(`\nSKIPPED: ${name}, because ${reason}\n`)
  }
  describe.skipIf(reasons.length > 0)(name, suite)
}

/** Whether a file is there that may be run. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
