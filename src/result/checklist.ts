import { z } from 'zod'

/** What a checklist says of one thing: within its limit, beyond it, or not shown to whoever asked. */
export const verdicts = ['pass', 'fail', 'cannot see'] as const
export type Verdict = (typeof verdicts)[number]

/** One line of a checklist. */
const checklistLine = z.object({
  id: z.string(),
  /** What it belongs to: `etcd`, `TLS`. */
  topic: z.string(),
  title: z.string(),
  verdict: z.enum(verdicts),
  /** What was seen, and where; or why nothing was. */
  reason: z.string(),
  /** What to do about a failing line, or how to see what could not be seen; absent where it passes. */
  next: z.string().optional(),
})
export type ChecklistLine = z.infer<typeof checklistLine>

/** What was seen of a cluster's architecture before a run. */
export const checklistSchema = z.object({
  /** The cluster, as messages call it. */
  cluster: z.string(),
  lines: z.array(checklistLine),
})
export type Checklist = z.infer<typeof checklistSchema>

/** The lines that fail. */
export function failingIn(lines: readonly ChecklistLine[]): ChecklistLine[] {
  return lines.filter(({ verdict }) => verdict === 'fail')
}

/** `12 pass, 3 fail, 9 cannot be seen` */
export function countsOf(lines: readonly Pick<ChecklistLine, 'verdict'>[]): string {
  const count = (verdict: Verdict) => lines.filter((line) => line.verdict === verdict).length
  return `${count('pass')} pass, ${count('fail')} fail, ${count('cannot see')} cannot be seen`
}
