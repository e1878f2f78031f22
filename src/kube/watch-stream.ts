import type { Readable } from 'node:stream'
import { pipeline, Transform } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import type { WatchEvent } from './api.ts'
import { ApiError } from './api.ts'
import type { KubeObject } from './resources.ts'
import { fieldsOf, isFields, statusIn } from './status.ts'

interface StampedChunk {
  chunk: Buffer
  atMs: number
}

/** Chunks waiting for a slow reader (of 16 KiB each over TLS) before the server is made to wait. */
const waitingChunks = 512
const newline = 0x0a
/** An apiserver takes no request of more than 3 MiB (MaxRequestBodyBytes): this is no object, and may never end. */
const longestLineBytes = 16 * 2 ** 20

/**
 * Decodes the body of a watch: one JSON event per line. Every event is stamped with the moment when the chunk that
 * completed it arrived, also when the reader is late. Ends when the body ends, a line cut short included: what it
 * said comes again after a resume. Leaving the loop destroys the body.
 *
 * Throws `ApiError` for an ERROR event, with the Status's code and reason, and for a line that is not an event.
 * Errors of the body pass as they are.
 */
export async function* decodeWatch<T extends KubeObject>(
  body: Readable,
  clock: Clock,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  let partial: Buffer[] = []
  let partialBytes = 0
  for await (const { chunk, atMs } of stamped(body, clock)) {
    let start = 0
    // A newline byte is never part of a longer UTF-8 sequence, so lines can be cut before they are decoded.
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      let line: string
      if (partial.length === 0) {
        line = chunk.toString('utf8', start, end)
      } else {
        partial.push(chunk.subarray(start, end))
        line = Buffer.concat(partial).toString('utf8')
        partial = []
        partialBytes = 0
      }
      start = end + 1
      if (line.length > 0) yield eventIn<T>(line, atMs)
    }
    if (start < chunk.length) partial.push(chunk.subarray(start))
    partialBytes += chunk.length - start
    if (partialBytes > longestLineBytes) throw malformed()
  }
}

/** The chunks of `body` with the time at which each was delivered, rather than read. */
function stamped(body: Readable, clock: Clock): AsyncIterable<StampedChunk> {
  const stamper = new Transform({
    readableObjectMode: true,
    readableHighWaterMark: waitingChunks,
    transform: (chunk: Buffer, _encoding, done) => done(null, { chunk, atMs: clock.nowMs() } satisfies StampedChunk),
  })
  // Whoever reads the stamper gets the error; the callback must be there all the same.
  pipeline(body, stamper, () => {})
  return stamper
}

function eventIn<T extends KubeObject>(line: string, atMs: number): WatchEvent<T> {
  const { type, object } = parsed(line)
  if (type === 'ERROR') {
    const { code = 0, reason = 'Unknown', message = 'no message', retryAfterMs } = statusIn(object)
    throw new ApiError(code, reason, `watch: ${message} (${code} ${reason})`, { retryAfterMs })
  }
  if (!isFields(object) || !isFields(object['metadata'])) throw malformed()
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: object as unknown as T, atMs }
    case 'BOOKMARK': {
      const { resourceVersion } = object['metadata']
      if (typeof resourceVersion !== 'string') throw malformed()
      return { type, resourceVersion, atMs }
    }
    default:
      throw malformed()
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(line))
  } catch {
    // The parser's message would quote the object.
    throw malformed()
  }
}

function malformed(): ApiError {
  return new ApiError(0, 'MalformedAnswer', 'watch: a line is not a watch event')
}
