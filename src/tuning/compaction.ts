import { parseDurationMs } from '../base/duration.ts'
import type { Values } from './values.ts'

/** What etcd keeps when it compacts by itself. */
export type Compaction = { keep: 'revisions'; revisions: number } | { keep: 'period'; periodMs: number }

/**
 * What etcd makes of its two settings (server/embed/etcd.go, parseCompactionRetention): a number counts revisions or hours, by the mode;
 * 0 is null, and leaves compaction to the apiserver. Undefined where they do not go together: etcd would take an hour for 3600000000000
 * revisions, and three million hours for less than none.
 */
export function readCompaction({ text }: Pick<Values, 'text'>): Compaction | null | undefined {
  const [mode, retention] = [text('etcd.autoCompactionMode'), text('etcd.autoCompactionRetention')]
  if (retention === '0') return null
  const isNumber = /^\d+$/.test(retention)
  if (mode === 'revision')
    return isNumber ? { keep: 'revisions', revisions: Number.parseInt(retention, 10) } : undefined
  const periodMs = parseDurationMs(isNumber ? `${retention}h` : retention)
  return periodMs === undefined ? undefined : { keep: 'period', periodMs }
}

/** The same, of settings that were found to go together. */
export function compactionOf(values: Pick<Values, 'text'>): Compaction | null {
  const compaction = readCompaction(values)
  if (compaction === undefined)
    throw new Error('etcd cannot compact so: the plan’s check lets no such settings through')
  return compaction
}
