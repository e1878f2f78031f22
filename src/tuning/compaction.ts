import { parseDurationMs } from '../base/duration.ts'
import type { KnobValue } from './value.ts'
import type { Values } from './values.ts'

/** What etcd keeps when it compacts by itself. */
export type Compaction = { keep: 'revisions'; revisions: number } | { keep: 'period'; periodMs: number }

/**
 * What etcd makes of its two settings (server/embed/etcd.go, parseCompactionRetention): a number counts revisions or hours, by the mode;
 * 0 is null, and leaves compaction to the apiserver.
 */
export function compactionOf({ text }: Pick<Values, 'text'>): Compaction | null {
  const retention = text('etcd.autoCompactionRetention')
  if (retention === '0') return null
  if (text('etcd.autoCompactionMode') === 'periodic') {
    const periodMs = parseDurationMs(isCount(retention) ? `${retention}h` : retention)
    if (periodMs === undefined) throw new Error(`${retention} is no period: the plan's check lets no other through`)
    return { keep: 'period', periodMs }
  }
  if (!isCount(retention))
    throw new Error(`${retention} is no number of revisions: the plan's check lets no other through`)
  return { keep: 'revisions', revisions: Number.parseInt(retention, 10) }
}

/** Whether a retention, which is a number or a period, is a number. */
export function isCount(retention: KnobValue): boolean {
  return /^\d+$/.test(String(retention))
}
