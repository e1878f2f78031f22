import { z } from 'zod'

/**
 * What becomes of hosts, one record each, on the disk before the next thing happens. `host` is where ssh goes; contents are in base64.
 */
const records = z.discriminatedUnion('type', [
  z.object({ type: z.literal('tune-begun'), profile: z.string(), hosts: z.array(z.string()) }),
  z.object({
    type: z.literal('intent'),
    host: z.string(),
    path: z.string(),
    old: z.string().nullable(),
    oldSum: z.string(),
    new: z.string(),
    bootId: z.string(),
  }),
  z.object({ type: z.literal('done'), host: z.string(), path: z.string() }),
  z.object({ type: z.literal('host-done'), host: z.string() }),
  z.object({ type: z.literal('applied') }),
  z.object({ type: z.literal('undone'), host: z.string(), outcomes: z.array(z.string()) }),
])
export type TuneRecord = z.infer<typeof records>

/** The record as this room wrote it; undefined for one of another kind. */
export function tuneRecordOf(record: unknown): TuneRecord | undefined {
  return records.safeParse(record).data
}

/** The hosts on which something may have changed, the last one first. */
export function touchedHosts(all: readonly TuneRecord[]): string[] {
  const hosts = all.flatMap((record) => (record.type === 'intent' ? [record.host] : []))
  return [...new Set(hosts)].toReversed()
}
