import { z } from 'zod'
import { formatCount } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'

/* Signs of trouble that the components' own pages of metrics showed while an arm ran (docs/symptoms.md). */

/** A stretch of time over which a rule's condition held, in one process. */
const spell = z.object({
  /** `etcd-events`, `kube-apiserver`. */
  instance: z.string(),
  /** Which of what it counts: `{ name: 'replicaset' }`. */
  labels: z.record(z.string(), z.string()),
  /** Since the arm began: from the reading after which the condition held until the last reading that showed it. */
  fromMs: z.number(),
  toMs: z.number(),
  /** The highest value of any reading, in the symptom's unit. */
  worst: z.number(),
  /** All that is known of `worst` is that it was more than that: it lay beyond a histogram's last bucket. */
  isBeyond: z.literal(true).optional(),
})

const symptom = z.object({
  /** The rule that it was found by: `etcd-fsync-slow`. */
  id: z.string(),
  component: z.string(),
  /** `etcd syncs its log slowly` */
  what: z.string(),
  /** The rule in words: `99th percentile of etcd_disk_wal_fsync_duration_seconds above 100 ms for 1 m`. */
  rule: z.string(),
  /** Where the limit comes from. */
  source: z.string(),
  unit: z.enum(['ms', 'count', 'requests', 'per second', 'ratio']),
  limit: z.number(),
  /** Knobs that address it, by id; none where no setting does. */
  knobs: z.array(z.string()),
  /** In order of their beginning. */
  spells: z.array(spell),
  /** Shorter ones that there was no room for. */
  spellsLeftOut: z.number().optional(),
})

/** What an arm was doing, in order. */
const activity = z.object({ title: z.string(), fromMs: z.number(), toMs: z.number() })

export const symptomsOutcome = z.object({
  /** How often pages were read; the API server's, which is large, every fourth time. */
  everyMs: z.number(),
  /** How often they were. */
  readings: z.number(),
  activities: z.array(activity),
  found: z.array(symptom),
  /** Processes whose pages could not be read at least once, and why not the last time. */
  notRead: z.array(z.object({ process: z.string(), times: z.number(), because: z.string() })),
})

export type SymptomsOutcome = z.infer<typeof symptomsOutcome>
export type Symptom = z.infer<typeof symptom>
export type Spell = z.infer<typeof spell>
export type Activity = z.infer<typeof activity>

/** ` (replicaset)`: which of what a process counts; empty where it counts one thing. */
export function labelsText({ labels }: Pick<Spell, 'labels'>): string {
  const values = Object.values(labels)
  return values.length === 0 ? '' : ` (${values.join(', ')})`
}

/** A value, or a limit, with its unit. */
export function valueText(value: number, unit: Symptom['unit']): string {
  if (unit === 'ms') return formatDuration(value)
  if (unit === 'ratio') return `${Math.round(100 * value)} %`
  const figure = Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(3)))
  if (unit === 'requests') return `${figure} ${value === 1 ? 'request' : 'requests'}`
  return unit === 'per second' ? `${figure}/s` : figure
}
