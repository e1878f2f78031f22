import { messageOf } from '../../base/errors.ts'
import type { TunedHost, Undone } from './host.ts'
import type { TuneRecord } from './journal.ts'

export interface RollbackOptions {
  run: string
  record(record: TuneRecord): void
  onProgress(line: string): void
}

/** What came of restoring a host: each change, or why it could not be asked. */
export type Restored = readonly Undone[] | { unreachable: string }

/** Undoes what a run changed on a host; a second time, nothing. Never throws: the next host is to be restored, too. */
export async function restoreHost(on: TunedHost, { run, record, onProgress }: RollbackOptions): Promise<Restored> {
  try {
    const undone = await on.restore(run)
    record({ type: 'undone', host: on.name, outcomes: undone.map(({ outcome, what }) => `${outcome} ${what}`) })
    for (const { outcome, what } of undone) onProgress(`${on.name}: ${sentences[outcome](what)}`)
    if (undone.length === 0) onProgress(`${on.name}: nothing to restore`)
    return undone
  } catch (error) {
    return { unreachable: messageOf(error) }
  }
}

const sentences: Readonly<Record<Undone['outcome'], (what: string) => string>> = {
  restored: (what) => `${what} restored`,
  drift: (what) => `${what} was changed by somebody else since; left alone`,
  rebooted: (what) => `${what}: only the file was restored, because the host was rebooted since`,
  failed: (what) => `${what} could not be restored`,
}

/** What is not as it was, as sentences. */
export function leftIn(host: string, restored: Restored): string[] {
  if ('unreachable' in restored) return [restored.unreachable]
  return restored.flatMap(({ outcome, what }) =>
    outcome === 'failed' || outcome === 'drift' ? [`${host}: ${sentences[outcome](what)}`] : [],
  )
}
