import type { ComparisonCell } from '../report/comparison.ts'
import { renderHtml } from '../report/html.ts'
import { renderJunit } from '../report/junit.ts'
import { renderMarkdown } from '../report/markdown.ts'
import type { SummaryOptions } from '../report/summary.ts'
import { renderSummary } from '../report/summary.ts'
import type { ReportView } from '../report/view.ts'
import { viewOf } from '../report/view.ts'
import type { Result } from '../result/result.ts'
import { stepViews } from '../steps/views.ts'

/** What reports show of a result, by the views of the kinds there are. */
export function viewFor(result: Result): ReportView {
  return viewOf(result, stepViews)
}

/** The page of a result. */
export function htmlOf(result: Result): string {
  return renderHtml(viewFor(result))
}

/** Its report in brief. */
export function markdownOf(result: Result): string {
  return renderMarkdown(viewFor(result))
}

/** Its test report. */
export function junitOf(result: Result): string {
  return renderJunit(viewFor(result))
}

/** Its summary for a terminal. */
export function summaryOf(result: Result, options: SummaryOptions = {}): string {
  return renderSummary(viewFor(result), options)
}

/** How many times as fast an arm is, if that is known exactly; null where it is a bound, or not comparable, or not shown. */
export function speedupOf(cell: ComparisonCell | undefined): number | null {
  const difference = cell?.difference ?? null
  if (difference?.kind === 'one-run') return difference.atLeast ? null : 1 / difference.ratio
  if (difference?.kind !== 'shown' || difference.atLeast || difference.estimate === null) return null
  return 1 / difference.estimate.ratio
}
