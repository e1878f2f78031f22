import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuzzed, nearly, nearlyText } from '../testing/fuzzing.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { ApiError } from './api.ts'
import type { Pod } from './resources.ts'
import { decodeWatch } from './watch-stream.ts'

const events = ['ADDED', 'MODIFIED', 'DELETED'].map((type, index) => ({
  type,
  object: {
    kind: 'Pod',
    metadata: { name: 'käfer-🚀', namespace: 'n', uid: `u${index}`, resourceVersion: `${index}`, labels: { a: 'b' } },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  },
}))
const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '99' } } }
const error = {
  type: 'ERROR',
  object: { kind: 'Status', code: 410, reason: 'Expired', message: 'old', details: { retryAfterSeconds: 1 } },
}
const stream = [...events, bookmark, error]
const lines = (all: readonly unknown[]) => all.map((event) => `${JSON.stringify(event)}\n`).join('')

async function decoded(bytes: Uint8Array, cuts: readonly number[]): Promise<unknown[]> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((one, other) => one - other), bytes.length]
  const chunks = places.slice(1).map((end, index) => Buffer.from(bytes.subarray(places[index], end)))
  const told: unknown[] = []
  try {
    for await (const event of decodeWatch<Pod>(
      Readable.from(chunks.filter(({ length }) => length > 0)),
      createVirtualClock(),
    ))
      told.push(event)
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown
    expect(thrown.message.startsWith('watch: ')).toBe(true)
    told.push([thrown.status, thrown.reason, thrown.message])
  }
  return told
}

test('should give the same events, or the same ApiError, wherever the bytes of whatever stream are cut (fault 45)', async () => {
  const content = fc.oneof(
    nearly(stream).map((value) => Buffer.from(Array.isArray(value) ? lines(value) : JSON.stringify(value))),
    nearlyText(lines(stream)).map((text) => Buffer.from(text)),
    fc.uint8Array(),
  )
  await fc.assert(
    fc.asyncProperty(content, fc.array(fc.nat()), async (bytes, cuts) => {
      expect(await decoded(bytes, cuts)).toEqual(await decoded(bytes, []))
    }),
    fuzzed(300),
  )
}, 300_000)

test('should refuse a line without an end before it fills the memory', async () => {
  let read = 0
  const endless = Readable.from(
    (function* () {
      for (;;) {
        read += 2 ** 16
        yield Buffer.alloc(2 ** 16, 'x')
      }
    })(),
  )
  const decoding = decodeWatch(endless, createVirtualClock()).next()
  await expect(decoding).rejects.toMatchObject({ reason: 'MalformedAnswer' })
  expect(read).toBeLessThan(64 * 2 ** 20)
})
