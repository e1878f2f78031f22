import { z } from 'zod'
import type { Result } from '../result/result.ts'
import { figureRows } from './comparison.ts'
import type { ReportView } from './view.ts'

/** One headline figure of one arm, over its repetitions. */
const trendFigure = z.object({
  arm: z.string(),
  /** `rollout available`. */
  label: z.string(),
  unit: z.string(),
  /** Null where it is no figure to be compared: not reached, an upper bound. */
  median: z.number().nullable(),
})

/** `summary.json`: what the list of all runs needs of one. */
export const runSummarySchema = z.object({
  schema: z.literal(1),
  run: z.string(),
  plan: z.string(),
  conditionsHash: z.string().optional(),
  target: z.string(),
  evidence: z.enum(['measured', 'simulated']),
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  /** As reports say it: `pass, with 4 figures worse (simulated)`. */
  verdictInWords: z.string(),
  partial: z.boolean(),
  startedAt: z.string().nullable(),
  durationMs: z.number(),
  kubernetes: z.string().optional(),
  repetitions: z.number(),
  arms: z.array(z.string()),
  figures: z.array(trendFigure),
})

export type RunSummary = z.infer<typeof runSummarySchema>

/** What the list of all runs says of one. */
export function runSummaryOf({ result, verdict, armNames, steps }: ReportView): RunSummary {
  const { run, plan, conditionsHash, target, evidence, partial, startedAt, durationMs, versions, arms } = result
  const kubernetes = versions['kubernetes'] ?? versions['kube-apiserver'] ?? versionsOfArms(result)
  const rows = steps.flatMap(({ figures }) => figureRows(figures)).filter(({ importance }) => importance === 'headline')
  return {
    schema: 1,
    run,
    plan,
    ...(conditionsHash !== undefined && { conditionsHash }),
    target,
    evidence,
    verdict: result.verdict,
    verdictInWords: verdict,
    partial,
    startedAt,
    durationMs,
    ...(kubernetes !== undefined && { kubernetes }),
    repetitions: Math.max(0, ...arms.map(({ repetition }) => repetition)),
    arms: armNames,
    figures: rows.flatMap(({ inFull, unit, cells }) =>
      cells.flatMap(({ arm, measured }) =>
        measured === null
          ? []
          : [{ arm, label: inFull, unit, median: measured.hindrance === null ? measured.median : null }],
      ),
    ),
  }
}

function versionsOfArms({ arms }: Result): string | undefined {
  const all = [...new Set(arms.flatMap(({ versions }) => versions?.['kube-apiserver'] ?? []))]
  return all.length === 0 ? undefined : all.join(', ')
}
