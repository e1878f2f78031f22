import { PassThrough, Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Clock } from '../base/clock.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import type { WatchEvent } from './api.ts'
import type { Pod } from './resources.ts'
import { decodeWatch } from './watch-stream.ts'

const names = ['käfer', '東京-1', 'pod-🚀', 'plain', 'é']

function line(type: string, name: string, version: number): string {
  return `${JSON.stringify({ type, object: { metadata: { name, resourceVersion: String(version) }, spec: {} } })}\n`
}

const sample = Buffer.from(
  names.map((name, index) => line('MODIFIED', name, index)).join('') +
    '{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"99"}}}\n',
)

async function decode(chunks: Buffer[], clock: Clock = createVirtualClock()): Promise<WatchEvent<Pod>[]> {
  const events: WatchEvent<Pod>[] = []
  for await (const event of decodeWatch<Pod>(Readable.from(chunks), clock)) events.push(event)
  return events
}

function brief(events: WatchEvent<Pod>[]): (string | undefined)[] {
  return events.map((event) => (event.type === 'BOOKMARK' ? `@${event.resourceVersion}` : event.object.metadata.name))
}

describe('decodeWatch', () => {
  test('should give the same events wherever the bytes are cut', async () => {
    for (let cut = 0; cut <= sample.length; cut += 1) {
      const events = await decode([sample.subarray(0, cut), sample.subarray(cut)].filter(({ length }) => length > 0))
      expect(brief(events)).toEqual([...names, '@99'])
    }
  })

  test('should give the same events when every byte comes alone, or any number together', async () => {
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      const chunks = []
      for (let start = 0; start < sample.length; start += size) chunks.push(sample.subarray(start, start + size))
      expect(brief(await decode(chunks))).toEqual([...names, '@99'])
    }
  })

  test('should end quietly wherever the stream is cut short, with the events that were complete (fault 8)', async () => {
    for (let cut = 0; cut < sample.length; cut += 1) {
      const complete = sample.subarray(0, cut).toString('latin1').split('\n').length - 1
      expect(brief(await decode([sample.subarray(0, cut)]))).toEqual([...names, '@99'].slice(0, complete))
    }
  })

  test('should stamp each event with the arrival of the chunk that completed it, even when it is read later', async () => {
    let nowMs = 10
    const clock: Clock = { nowMs: () => nowMs, sleep: async () => {} }
    const body = new PassThrough()
    const events = decodeWatch<Pod>(body, clock)
    const pulled = events.next()
    body.write(line('ADDED', 'a', 1) + line('ADDED', 'b', 2).slice(0, 20))
    await pulled
    nowMs = 20
    body.write(line('ADDED', 'b', 2).slice(20) + line('ADDED', 'c', 3))
    await turn()
    nowMs = 30
    const rest = [await pulled, await events.next(), await events.next()].map(({ value }) => value)
    expect(rest).toMatchObject([{ atMs: 10 }, { atMs: 20 }, { atMs: 20 }])
    await events.return()
  })

  test('should throw what the server says in an ERROR event, after the events before it (fault 8)', async () => {
    const status = {
      kind: 'Status',
      code: 410,
      reason: 'Expired',
      message: 'too old',
      details: { retryAfterSeconds: 2 },
    }
    const body = Readable.from([
      Buffer.from(`${line('ADDED', 'a', 1)}{"type":"ERROR","object":${JSON.stringify(status)}}\n`),
    ])
    const events = decodeWatch(body, createVirtualClock())
    expect((await events.next()).value).toMatchObject({ type: 'ADDED' })
    await expect(events.next()).rejects.toMatchObject({ status: 410, reason: 'Expired', retryAfterMs: 2000 })
  })

  test.each([
    '{"type":"ADDED","object":{"a"\n',
    '[]\n',
    '{"type":"ADDED"}\n',
    '{"type":"NEW","object":{}}\n',
    'null\n',
  ])('should refuse a line that is not an event without quoting it: %s', async (text) => {
    const decoded = decode([Buffer.from(text)])
    await expect(decoded).rejects.toMatchObject({
      status: 0,
      reason: 'MalformedAnswer',
      message: expect.not.stringContaining('NEW'),
    })
  })

  test('should pass on the error of a body that breaks off', async () => {
    const body = new PassThrough()
    const decoded = decodeWatch(body, createVirtualClock()).next()
    await turn()
    body.destroy(Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }))
    await expect(decoded).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' })
  })

  test('should destroy the body when the loop is left', async () => {
    const body = new PassThrough()
    body.write(line('ADDED', 'a', 1))
    for await (const event of decodeWatch<Pod>(body, createVirtualClock())) {
      expect(event.type).toBe('ADDED')
      break
    }
    await turn()
    expect(body.destroyed).toBe(true)
  })

  test('should make the server wait when the reader is slow', async () => {
    const body = new PassThrough()
    const events = decodeWatch<Pod>(body, createVirtualClock())
    body.write(line('ADDED', 'a', 1))
    await events.next()
    let written = 0
    while (body.write(line('ADDED', 'x'.repeat(16_000), written)) && written < 5000) {
      written += 1
      await turn()
    }
    expect(written).toBeLessThan(1000)
    await events.return()
  })

  test('should keep up when one event is cut into very many chunks', async () => {
    const big = Buffer.from(line('ADDED', 'x'.repeat(4_000_000), 1))
    const chunks = []
    for (let start = 0; start < big.length; start += 1000) chunks.push(big.subarray(start, start + 1000))
    const startMs = performance.now()
    expect(await decode(chunks)).toHaveLength(1)
    // Copying everything again for every chunk would be 8 GB.
    expect(performance.now() - startMs).toBeLessThan(1500)
  })
})
