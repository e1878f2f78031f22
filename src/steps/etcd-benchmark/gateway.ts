import { z } from 'zod'
import { withTimeLimit } from '../../base/abort.ts'
import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { BenchmarkedEtcds } from '../../targets/etcd-benchmark.ts'
import { readKey, valueBytes, writtenKeys } from './matrix.ts'

/* etcd's own API as its gRPC gateway serves it: numbers of 64 bits are text, bytes are base64, and what is 0 is left out. */

const number = z.coerce.number()
const statusAnswer = z.object({
  header: z.object({ member_id: z.string() }),
  version: z.string(),
  leader: z.string().optional(),
  dbSize: number.default(0),
})
const countAnswer = z.object({ count: number.default(0) })
const membersAnswer = z.object({ members: z.array(z.unknown()) })

/** What the members say of themselves. */
export interface MemberStates {
  /** The client URL of the leader; undefined where no member that answers is it. */
  leader: string | undefined
  /** `https://... did not answer: ...` */
  silent: string[]
  /** Undefined where none answers. */
  version: string | undefined
  /** Of the largest database; null where none answers. */
  databaseBytes: number | null
}

export interface Gateway {
  /** Asks every member; one that does not answer in time is named. */
  states(signal: AbortSignal): Promise<MemberStates>
  /** How many members the cluster has, and how many keys it holds: all of them, and those of Kubernetes. */
  contents(signal: AbortSignal): Promise<{ members: number; keys: number; ofKubernetes: number }>
  /** Puts the key that is read. */
  putReadKey(signal: AbortSignal): Promise<void>
  /** Deletes what the rows wrote: everything in etcds of our own, and only the benchmark's keys in others. */
  clear(mostKeys: number, signal: AbortSignal): Promise<void>
}

/** A member that takes longer than this does not answer. */
const answerMs = 5000
/** etcd takes 128 operations a transaction (`--max-txn-ops`). */
const deletionsAtOnce = 128

const base64 = (text: string) => Buffer.from(text).toString('base64')
/** From the first key there can be to the last one. */
const everything = { key: base64('\0'), range_end: base64('\0') }

export function gatewayOf(etcds: BenchmarkedEtcds, clock: Clock): Gateway {
  const reason = () => new Error(`no answer within ${answerMs / 1000} s`)
  const askOne = <T>(url: string, path: string, body: object, answer: z.ZodType<T>, signal: AbortSignal): Promise<T> =>
    withTimeLimit({ clock, limitMs: answerMs, reason }, async (late) =>
      answer.parse(await etcds.ask(url, path, body, AbortSignal.any([signal, late]))),
    )
  /** Asks the first member that answers. */
  const ask = async <T>(path: string, body: object, answer: z.ZodType<T>, signal: AbortSignal): Promise<T> => {
    let last: unknown
    for (const url of etcds.urls) {
      try {
        return await askOne(url, path, body, answer, signal)
      } catch (error) {
        signal.throwIfAborted()
        last = error
      }
    }
    throw last
  }
  const count = async (range: object, signal: AbortSignal) =>
    (await ask('/v3/kv/range', { ...range, count_only: true }, countAnswer, signal)).count

  return {
    async states(signal) {
      const asked = await Promise.allSettled(
        etcds.urls.map((url) => askOne(url, '/v3/maintenance/status', {}, statusAnswer, signal)),
      )
      signal.throwIfAborted()
      const answers = asked.flatMap((one, index) =>
        one.status === 'fulfilled' ? [{ url: etcds.urls[index] ?? '', ...one.value }] : [],
      )
      const silent = asked.flatMap((one, index) =>
        one.status === 'rejected' ? [`${etcds.urls[index]} did not answer: ${messageOf(one.reason)}`] : [],
      )
      const leader = answers.find((one) => one.leader === one.header.member_id)?.url
      return {
        leader,
        silent,
        version: answers[0]?.version,
        databaseBytes: answers.length === 0 ? null : Math.max(...answers.map(({ dbSize }) => dbSize)),
      }
    },
    async contents(signal) {
      const { members } = await ask('/v3/cluster/member/list', {}, membersAnswer, signal)
      const [keys, ofKubernetes] = [
        await count(everything, signal),
        await count({ key: base64('/registry/'), range_end: base64('/registry0') }, signal),
      ]
      return { members: members.length, keys, ofKubernetes }
    },
    async putReadKey(signal) {
      const value = base64('x'.repeat(valueBytes))
      await ask('/v3/kv/put', { key: base64(readKey), value }, z.unknown(), signal)
    },
    async clear(mostKeys, signal) {
      if (!etcds.isGiven) {
        await ask('/v3/kv/deleterange', everything, z.unknown(), signal)
        return
      }
      const keys = [base64(readKey), ...writtenKeys(mostKeys)]
      for (let at = 0; at < keys.length; at += deletionsAtOnce) {
        const success = keys.slice(at, at + deletionsAtOnce).map((key) => ({ request_delete_range: { key } }))
        await ask('/v3/kv/txn', { success }, z.unknown(), signal)
      }
    },
  }
}
