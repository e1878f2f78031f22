import type { Result } from '../../../result/result.ts'

/** What came of a run. */
export interface RunOutcome {
  result: Result
  error?: unknown
}
