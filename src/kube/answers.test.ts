import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { ApiError } from './api.ts'
import { kubeApiOver } from './requests.ts'
import { statusIn } from './status.ts'
import { parseJson } from './transport.ts'
import { decodeWatch } from './watch-stream.ts'

/** JSON in which the fields that are read are there often, and of any type. */
const fields = [
  'type',
  'object',
  'metadata',
  'resourceVersion',
  'continue',
  'remainingItemCount',
  'items',
  'code',
  'reason',
  'message',
  'details',
  'retryAfterSeconds',
]
const leaf = fc.oneof(
  fc.constantFrom<unknown>('ADDED', 'BOOKMARK', 'ERROR', '', '7', null, [], {}, -1, 410, true),
  fc.string(),
  fc.double(),
)
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...fields), tie('json'), { maxKeys: 6 }),
  ),
}))

async function events(body: Uint8Array): Promise<number | ApiError> {
  let count = 0
  try {
    for await (const event of decodeWatch(Readable.from([Buffer.from(body)]), createVirtualClock())) {
      // What comes out is an event, whatever went in.
      if (event.type === 'BOOKMARK') expect(typeof event.resourceVersion).toBe('string')
      else expect(typeof event.object.metadata).toBe('object')
      count++
    }
    return count
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

describe('decodeWatch', () => {
  it('should give events or an ApiError, and end, whatever bytes come', async () => {
    const lines = fc.array(
      fc.oneof(
        json.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      { maxLength: 5 },
    )
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      lines.map((texts) => Buffer.from(texts.map((text) => `${text}\n`).join(''))),
    )
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        const error = await events(bytes)
        if (error instanceof ApiError) expect(Number.isNaN(error.retryAfterMs)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    'null',
    '[]',
    '7',
    '{"type":"BOOKMARK","object":null}',
    '{"type":"ADDED","object":{}}',
    '{"type":"MODIFIED"}',
  ])('should not take %s for an event', async (line) => {
    expect(await events(Buffer.from(`${line}\n`))).toMatchObject({ reason: 'MalformedAnswer' })
  })

  it('should take an ERROR event for the server’s, whatever of its Status is there', async () => {
    const error =
      '{"type":"ERROR","object":{"code":410,"reason":"Expired","message":7,"details":{"retryAfterSeconds":"soon"}}}'
    expect(await events(Buffer.from(`${error}\n`))).toMatchObject({
      status: 410,
      reason: 'Expired',
      retryAfterMs: undefined,
    })
    expect(await events(Buffer.from('{"type":"ERROR"}\n'))).toMatchObject({ status: 0, reason: 'Unknown' })
  })
})

describe('lists', () => {
  const listOf = (answer: (asked: number) => unknown) => {
    let asked = 0
    const connection = { send: async <T>() => answer(asked++) as T, watch: () => expect.unreachable() }
    const api = kubeApiOver(connection)
    const all = async () => {
      const found: unknown[] = []
      for await (const { items } of api.list({ resource: 'pods' })) found.push(...items)
      return found
    }
    return { all, count: () => api.count({ resource: 'pods' }) }
  }

  it('should end with what was listed or an ApiError, whatever the server answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(json, { minLength: 1 }), async (answers) => {
        const { all, count } = listOf((asked) => answers[asked % answers.length])
        for (const read of [all, count]) {
          await read().catch((error: unknown) => {
            if (!(error instanceof ApiError)) throw error
          })
        }
      }),
      { numRuns: 500 },
    )
  })

  it('should not go round in a circle when a page refers to itself', async () => {
    const { all, count } = listOf(() => ({ metadata: { resourceVersion: '1', continue: 'again' }, items: [{}] }))
    await expect(all()).rejects.toThrow('does not advance')
    await expect(count()).rejects.toThrow('does not advance')
  })
})

describe('statusIn and parseJson', () => {
  it('should take of a Status what is of its type, and never throw', () => {
    fc.assert(
      fc.property(json, (value) => {
        const { code, reason, message, retryAfterMs } = statusIn(value)
        expect([undefined, 'number']).toContain(code === undefined ? undefined : typeof code)
        expect([undefined, 'string']).toContain(reason === undefined ? undefined : typeof reason)
        expect([undefined, 'string']).toContain(message === undefined ? undefined : typeof message)
        expect(retryAfterMs ?? 0).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('should take objects for answers only, and quote none that it refuses', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), (text) => {
        try {
          expect(Object.getPrototypeOf(parseJson<object>(text))).toBe(Object.prototype)
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError)
          expect((error as ApiError).message).toMatch(/^the answer is not (JSON|a JSON object)$/)
        }
      }),
    )
  })
})
