import { describe, expect, test } from 'vitest'
import type { Clock } from '../base/clock.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import type { KubeApi, ListQuery, Page, WatchEvent } from './api.ts'
import { ApiError } from './api.ts'
import type { Change, Disruption, FollowEvent } from './follow.ts'
import { follow } from './follow.ts'
import type { Pod } from './resources.ts'

interface Entry {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: Pod
  version: number
  atMs: number
}

const pollMs = 20

/** An apiserver for pods, small enough to be obviously right: a log of changes and the state that they add up to. */
function createServer(clock: Clock, bookmarkEveryMs = 60_000) {
  const log: Entry[] = []
  const pods = new Map<string, Pod>()
  let version = 100
  let compacted = 0

  function record(type: Entry['type'], name: string, uid: string): void {
    version += 1
    const object: Pod = {
      metadata: { name, namespace: 'load', uid, resourceVersion: String(version), labels: { app: 'web' } },
      spec: { containers: [] },
    }
    if (type === 'DELETED') pods.delete(name)
    else pods.set(name, object)
    log.push({ type, object, version, atMs: clock.nowMs() })
  }

  return {
    log,
    pods,
    add: (name: string) => record('ADDED', name, `uid-${version + 1}`),
    modify: (name: string) => record('MODIFIED', name, pods.get(name)?.metadata.uid ?? ''),
    remove: (name: string) => record('DELETED', name, pods.get(name)?.metadata.uid ?? ''),
    /** Changes of other resources move the version too. */
    skip: () => {
      version += 1
    },
    /** Forgets the changes until now. */
    compact: () => {
      compacted = version
    },

    async *list(query: ListQuery, latencyMs = 0): AsyncGenerator<Page<Pod>> {
      const snapshot = [...pods.values()]
      const resourceVersion = String(version)
      const size = query.pageSize ?? 500
      for (let start = 0; start === 0 || start < snapshot.length; start += size) {
        if (start > 0 && Number(resourceVersion) < compacted) throw new ApiError(410, 'Expired', 'continue is too old')
        await clock.sleep(latencyMs)
        yield { items: snapshot.slice(start, start + size), resourceVersion }
      }
    },

    /** Everything after `from`, and bookmarks; until the signal aborts or `isOver`. */
    async *watch(from: string, signal: AbortSignal, isOver = () => false): AsyncGenerator<WatchEvent<Pod>> {
      if (Number(from) < compacted) throw new ApiError(410, 'Expired', 'too old resource version')
      let index = log.findIndex((entry) => entry.version > Number(from))
      if (index === -1) index = log.length
      for (let bookmarkMs = clock.nowMs() + bookmarkEveryMs; ; ) {
        signal.throwIfAborted()
        for (let entry = log[index]; entry !== undefined; entry = log[++index]) {
          if (isOver()) return
          yield { type: entry.type, object: entry.object, atMs: clock.nowMs() }
        }
        if (clock.nowMs() >= bookmarkMs) {
          yield { type: 'BOOKMARK', resourceVersion: String(version), atMs: clock.nowMs() }
          bookmarkMs += bookmarkEveryMs
        }
        if (isOver()) return
        await clock.sleep(pollMs, signal)
      }
    },
  }
}

type Server = ReturnType<typeof createServer>

/** What the follower needs of a KubeApi, the rest refused. */
function apiOf(parts: {
  list: (query: ListQuery) => AsyncIterable<Page<Pod>>
  watch: (from: string, signal: AbortSignal) => AsyncIterable<WatchEvent<Pod>>
}): KubeApi {
  const refuse = () => Promise.reject(new Error('not for a follower'))
  return {
    create: refuse,
    get: refuse,
    patch: refuse,
    delete: refuse,
    list: (query: ListQuery) => parts.list(query),
    watch: (query: { resourceVersion: string }, signal: AbortSignal) => parts.watch(query.resourceVersion, signal),
  } as unknown as KubeApi
}

/** Follows in the background and keeps what comes. */
function start(api: KubeApi, clock: Clock, options: { silenceMs?: number; pageSize?: number } = {}) {
  const { pageSize, silenceMs } = options
  const stop = new AbortController()
  const events: FollowEvent<Pod>[] = []
  const disruptions: Disruption[] = []
  const query: ListQuery<'pods'> = { resource: 'pods', ...(pageSize !== undefined && { pageSize }) }
  const ended = (async () => {
    for await (const event of follow(api, query, {
      clock,
      signal: stop.signal,
      ...(silenceMs !== undefined && { silenceMs }),
      onDisruption: (disruption) => disruptions.push(disruption),
    })) {
      events.push(event)
    }
  })()
  ended.catch(() => {})
  return { events, disruptions, stop: () => stop.abort(), ended }
}

function brief(events: FollowEvent<Pod>[]): string[] {
  return events.map((event) =>
    event.type === 'SYNCED' ? 'SYNCED' : `${event.type} ${event.object.metadata.name}${event.exact ? '' : ' ~'}`,
  )
}

/** A stream or a list that brings nothing before it ends as `work` does. */
function without<T>(work: (from: string, signal: AbortSignal) => Promise<void>) {
  return async function* (from: unknown, signal?: AbortSignal): AsyncGenerator<T> {
    await work(String(from), signal ?? new AbortController().signal)
    yield* []
  }
}

/** Runs the nth stream as told, and the ones after the last as the server would. */
function streams(
  server: Server,
  ...kinds: ((from: string, signal: AbortSignal) => AsyncGenerator<WatchEvent<Pod>>)[]
): (from: string, signal: AbortSignal) => AsyncIterable<WatchEvent<Pod>> {
  let opened = 0
  return (from, signal) => (kinds[opened++] ?? server.watch)(from, signal)
}

describe('follow', () => {
  test('should tell what exists, then SYNCED, then changes as they come when nothing goes wrong', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    for (const name of ['a', 'b', 'c']) server.add(name)
    const { events, stop, ended } = start(apiOf(server), clock, { pageSize: 2 })
    await clock.sleep(1000)
    const changedMs = clock.nowMs()
    server.modify('a')
    server.remove('b')
    server.add('d')
    await clock.sleep(100)
    stop()
    await ended
    expect(brief(events)).toEqual([
      'ADDED a ~',
      'ADDED b ~',
      'ADDED c ~',
      'SYNCED',
      'MODIFIED a',
      'DELETED b',
      'ADDED d',
    ])
    expect(events[0]).toMatchObject({ notBeforeMs: Number.NEGATIVE_INFINITY })
    for (const event of events.slice(4)) expect(event.atMs - changedMs).toBeLessThanOrEqual(pollMs)
    expect(clock.sleepers()).toBe(0)
  })

  test('should mark what changed while the first list was being read when it had several pages', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    for (const name of ['a', 'b', 'c']) server.add(name)
    const startMs = clock.nowMs()
    const api = apiOf({ list: (query) => server.list(query, 50), watch: server.watch })
    const { events, stop, ended } = start(api, clock, { pageSize: 1 })
    await clock.sleep(75)
    server.modify('a')
    await clock.sleep(1000)
    server.modify('b')
    await clock.sleep(100)
    stop()
    await ended
    expect(brief(events).slice(4)).toEqual(['MODIFIED a ~', 'MODIFIED b'])
    expect(events[4]).toMatchObject({ notBeforeMs: startMs })
  })

  test('should resume from the last version when a stream ends, and mark what it had missed (fault 8)', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    server.add('a')
    const startMs = clock.nowMs()
    const asked: string[] = []
    const api = apiOf({
      list: (query) => server.list(query, 40),
      watch: async function* (from, signal) {
        asked.push(from)
        if (asked.length > 1) return yield* server.watch(from, signal)
        yield* server.watch(from, signal, () => clock.nowMs() >= startMs + 500)
        server.modify('a')
        server.add('b')
      },
    })
    const { events, disruptions, stop, ended } = start(api, clock)
    await clock.sleep(300)
    const seenMs = clock.nowMs()
    server.modify('a')
    await clock.sleep(700)
    server.add('c')
    await clock.sleep(100)
    stop()
    await ended
    expect(brief(events)).toEqual(['ADDED a ~', 'SYNCED', 'MODIFIED a', 'MODIFIED a ~', 'ADDED b ~', 'ADDED c'])
    expect(asked).toEqual(['101', '102'])
    expect(disruptions).toMatchObject([{ reason: 'Ended', action: 'resume', waitMs: 0, error: undefined }])
    const missed = events[3] as Change<Pod> & { exact: false }
    expect(missed.notBeforeMs).toBeGreaterThanOrEqual(seenMs)
    expect(missed.notBeforeMs).toBeLessThanOrEqual(seenMs + pollMs)
    expect(missed.atMs).toBeGreaterThanOrEqual(startMs + 540)
  })

  test('should resume from a bookmark when no event came after it', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    server.add('a')
    const asked: string[] = []
    const first = clock.nowMs()
    const api = apiOf({
      list: server.list,
      watch: (from, signal) => {
        asked.push(from)
        return server.watch(from, signal, () => asked.length === 1 && clock.nowMs() >= first + 61_000)
      },
    })
    const { disruptions, stop, ended } = start(api, clock)
    await clock.sleep(30_000)
    server.skip()
    server.skip()
    await clock.sleep(32_000)
    stop()
    await ended
    expect(asked).toEqual(['101', '103'])
    expect(disruptions).toMatchObject([{ reason: 'Ended', action: 'resume' }])
  })

  test('should take a stream for dead when nothing comes for silenceMs (fault 9)', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    server.add('a')
    const startMs = clock.nowMs()
    let aborted = false
    const silent = without<WatchEvent<Pod>>((_from, signal) =>
      clock.sleep(Number.MAX_SAFE_INTEGER, signal).finally(() => {
        aborted = signal.aborted
      }),
    )
    const api = apiOf({ list: server.list, watch: streams(server, silent) })
    const { events, disruptions, stop, ended } = start(api, clock, { silenceMs: 5000 })
    await clock.sleep(1000)
    server.modify('a')
    await clock.sleep(5000)
    stop()
    await ended
    expect(aborted).toBe(true)
    expect(disruptions).toMatchObject([{ reason: 'SilentWatch', action: 'resume', atMs: startMs + 5000 }])
    expect(brief(events)).toEqual(['ADDED a ~', 'SYNCED', 'MODIFIED a ~'])
  })

  test('should notice the silence when the clock counts fractions that do not add up', async () => {
    // 5000 - ((now + 5000) - now) is a little above 0 here, and too little to move this clock by.
    const clock = createVirtualClock(3205.621)
    const silent = without<WatchEvent<Pod>>((_from, signal) => clock.sleep(Number.MAX_SAFE_INTEGER, signal))
    const api = apiOf({ list: createServer(clock).list, watch: streams(createServer(clock), silent) })
    const { disruptions, stop, ended } = start(api, clock, { silenceMs: 5000 })
    await clock.sleep(6000)
    stop()
    await ended
    expect(disruptions).toMatchObject([{ reason: 'SilentWatch' }])
  })

  test('should notice the silence when an aborted watch ends instead of throwing', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    const silent = without<WatchEvent<Pod>>((_from, signal) =>
      clock.sleep(Number.MAX_SAFE_INTEGER, signal).catch(() => {}),
    )
    const { disruptions, stop, ended } = start(
      apiOf({ list: server.list, watch: streams(server, silent, silent) }),
      clock,
    )
    await clock.sleep(181_000)
    stop()
    await ended
    // It lasted long enough: there is no reason to come back later and later.
    expect(disruptions).toMatchObject(Array(2).fill({ reason: 'SilentWatch', waitMs: 0 }))
  })

  test('should not take the stream for silent when it is the reader who is slow', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock, 500)
    const stop = new AbortController()
    const disruptions: Disruption[] = []
    server.add('a')
    let seen = 0
    void (async () => {
      await clock.sleep(50)
      server.modify('a')
      await clock.sleep(45_000)
      server.modify('a')
    })()
    for await (const event of follow(
      apiOf(server),
      { resource: 'pods' },
      {
        clock,
        signal: stop.signal,
        silenceMs: 1500,
        onDisruption: (disruption) => disruptions.push(disruption),
      },
    )) {
      if (event.type !== 'MODIFIED') continue
      seen += 1
      if (seen === 1) await clock.sleep(40_000)
      else stop.abort()
    }
    expect(seen).toBe(2)
    expect(disruptions).toEqual([])
  })

  test('should list again and tell the difference when the version is gone (fault 7)', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    for (const name of ['kept', 'changed', 'removed', 'replaced']) server.add(name)
    const startMs = clock.nowMs()
    const replacedUid = server.pods.get('replaced')?.metadata.uid
    const expired = without<WatchEvent<Pod>>(async () => {
      await clock.sleep(2000)
      server.modify('changed')
      server.modify('changed')
      server.remove('removed')
      server.remove('replaced')
      server.add('replaced')
      server.add('new')
      server.compact()
      throw new ApiError(410, 'Expired', 'too old resource version')
    })
    const api = apiOf({ list: server.list, watch: streams(server, expired) })
    const { events, disruptions, stop, ended } = start(api, clock)
    await clock.sleep(3000)
    server.remove('new')
    await clock.sleep(100)
    stop()
    await ended
    expect(brief(events).slice(5)).toEqual([
      'MODIFIED changed ~',
      'DELETED replaced ~',
      'ADDED replaced ~',
      'ADDED new ~',
      'DELETED removed ~',
      'DELETED new',
    ])
    expect(events[6]).toMatchObject({ object: { metadata: { uid: replacedUid, labels: { app: 'web' } } } })
    expect(events[5]).toMatchObject({ notBeforeMs: startMs, atMs: startMs + 2000 })
    expect(disruptions).toMatchObject([{ reason: 'Expired', action: 'relist', waitMs: 0 }])
    expect(events.filter(({ type }) => type === 'SYNCED')).toHaveLength(1)
  })

  test('should come back at once each time when every stream has brought something', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    const one = (from: string, signal: AbortSignal) => {
      server.add(`from-${from}`)
      const sinceMs = clock.nowMs()
      return server.watch(from, signal, () => clock.nowMs() >= sinceMs + 100)
    }
    const api = apiOf({ list: server.list, watch: streams(server, one, one, one) })
    const { disruptions, stop, ended } = start(api, clock)
    await clock.sleep(1000)
    stop()
    await ended
    expect(disruptions.map(({ waitMs }) => waitMs)).toEqual([0, 0, 0])
  })

  test('should look for a single object, without selectors, when it only needs the current version', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    const lists: ListQuery[] = []
    const api = apiOf({
      list: (query) => {
        lists.push(query)
        return server.list(query)
      },
      watch: server.watch,
    })
    const stop = new AbortController()
    const query = { resource: 'pods', namespace: 'load', labelSelector: 'app=web' } as const
    void clock.sleep(100).then(() => stop.abort())
    for await (const event of follow(api, query, { clock, signal: stop.signal })) expect(event.type).toBe('SYNCED')
    expect(lists).toEqual([query, { resource: 'pods', namespace: 'load', pageSize: 1 }])
  })

  test('should wait longer and longer when every attempt fails, and obey Retry-After (faults 2, 10)', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    let opened = 0
    const api = apiOf({
      list: server.list,
      watch: (from, signal) => {
        opened += 1
        if (opened === 2)
          throw new ApiError(429, 'TooManyRequests', 'storage is (re)initializing', { retryAfterMs: 1000 })
        if (opened < 12) throw new ApiError(0, 'ECONNREFUSED', 'refused')
        return server.watch(from, signal)
      },
    })
    const { disruptions, stop, ended } = start(api, clock)
    await clock.sleep(60_000)
    server.add('a')
    await clock.sleep(20_000)
    stop()
    await ended
    expect(disruptions.map(({ waitMs }) => waitMs)).toEqual([
      0, 1000, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000,
    ])
  })

  test.each([401, 403, 404])('should give up when waiting does not help: %i', async (status) => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    const refusal = new ApiError(status, 'No', 'no')
    const refuse = without<WatchEvent<Pod>>(async () => {
      await clock.sleep(10)
      throw refusal
    })
    const { ended } = start(apiOf({ list: server.list, watch: refuse }), clock)
    await expect(ended).rejects.toBe(refusal)
    expect(clock.sleepers()).toBe(0)
  })

  test('should give up when the connection was closed', async () => {
    const clock = createVirtualClock()
    const closed = new ApiError(0, 'Closed', 'the connection was closed')
    const list = without<Page<Pod>>(() => Promise.reject(closed))
    await expect(start(apiOf({ list, watch: createServer(clock).watch }), clock).ended).rejects.toBe(closed)
  })

  test('should leave nothing behind when the loop is left', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    server.add('a')
    let open = 0
    const api = apiOf({
      list: server.list,
      watch: async function* (from, signal) {
        open += 1
        try {
          yield* server.watch(from, signal)
        } finally {
          open -= 1
        }
      },
    })
    void clock.sleep(100).then(() => server.modify('a'))
    for await (const event of follow(api, { resource: 'pods' }, { clock, signal: new AbortController().signal })) {
      if (event.type === 'MODIFIED') break
    }
    expect(open).toBe(0)
    expect(clock.sleepers()).toBe(0)
  })

  test('should end without an error when it is aborted: before, while listing, in the loop, while waiting', async () => {
    const clock = createVirtualClock()
    const server = createServer(clock)
    for (const name of ['a', 'b', 'c']) server.add(name)
    const options = (signal: AbortSignal) => ({ clock, signal })

    const never = []
    for await (const event of follow(apiOf(server), { resource: 'pods' }, options(AbortSignal.abort())))
      never.push(event)
    expect(never).toEqual([])

    const seen = []
    const inLoop = new AbortController()
    for await (const event of follow(apiOf(server), { resource: 'pods' }, options(inLoop.signal))) {
      seen.push(event)
      inLoop.abort()
    }
    expect(brief(seen)).toEqual(['ADDED a ~'])

    const refuse = without<Page<Pod>>(() =>
      Promise.reject(new ApiError(503, 'ServiceUnavailable', 'later', { retryAfterMs: 20_000 })),
    )
    const waiting = start(apiOf({ list: refuse, watch: server.watch }), clock)
    await clock.sleep(1000)
    waiting.stop()
    await waiting.ended
    expect(clock.sleepers()).toBe(0)
  })
})

describe('follow under random faults (faults 7, 8, 9, 10)', () => {
  const seeds = Array.from({ length: 60 }, (_, index) => index + 1)

  test.each(seeds)(
    "should tell every object's changes in order, once, and end in the server's state: seed %i",
    async (seed) => {
      const random = uniform(seed)
      const clock = createVirtualClock()
      const server = createServer(clock, 1000)
      const startMs = clock.nowMs()
      const faultsEndMs = startMs + 30_000
      const between = (low: number, high: number) => low + Math.floor(random() * (high - low))
      const calm = () => clock.nowMs() >= faultsEndMs
      const openingMs = 15
      const pageMs = 30

      async function* list(query: ListQuery): AsyncGenerator<Page<Pod>> {
        let pages = 0
        for await (const page of server.list(query, between(0, pageMs))) {
          if (!calm() && random() < 0.1) throw new ApiError(500, 'InternalError', 'etcd')
          if (!calm() && random() < 0.05) server.compact()
          yield page
          pages += 1
          if (!calm() && pages === 2 && random() < 0.2) throw new ApiError(0, 'ECONNRESET', 'reset')
        }
      }

      async function* watch(from: string, signal: AbortSignal): AsyncGenerator<WatchEvent<Pod>> {
        await clock.sleep(between(0, openingMs), signal)
        if (!calm() && random() < 0.15) {
          throw new ApiError(429, 'TooManyRequests', 'storage is (re)initializing', { retryAfterMs: 1000 })
        }
        if (calm()) return yield* server.watch(from, signal)
        const untilMs = clock.nowMs() + between(0, 3000)
        const fault = ['end', 'reset', 'silent', 'expired', 'error'][between(0, 5)]
        // Cuts between two events of a burst, too.
        yield* server.watch(from, signal, () => clock.nowMs() >= untilMs || random() < 0.005)
        if (fault === 'silent') await clock.sleep(Number.MAX_SAFE_INTEGER, signal)
        if (fault === 'reset') throw new ApiError(0, 'ECONNRESET', 'reset')
        if (fault === 'error') throw new ApiError(500, 'InternalError', 'decoding')
        if (fault === 'expired') {
          server.compact()
          throw new ApiError(410, 'Expired', 'too old resource version')
        }
      }

      const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
      const change = () => {
        const name = names[between(0, names.length)] ?? 'a'
        if (!server.pods.has(name)) server.add(name)
        else if (random() < 0.3) server.remove(name)
        else server.modify(name)
      }
      for (let index = 0; index < 10; index += 1) change()
      const follower = start(apiOf({ list, watch }), clock, { silenceMs: 4000, pageSize: 3 })
      while (!calm()) {
        await clock.sleep(between(0, 100))
        for (let burst = random() < 0.2 ? between(1, 12) : 1; burst > 0; burst -= 1) change()
      }
      await clock.sleep(60_000)
      change()
      await clock.sleep(1000)
      follower.stop()
      await follower.ended

      const committed = new Map(server.log.map((entry) => [entry.version, entry]))
      const deletions = new Map(
        server.log.filter(({ type }) => type === 'DELETED').map((entry) => [entry.object.metadata.uid, entry]),
      )
      const told = new Map<string, string>()
      const lastVersion = new Map<string, number>()
      const lateMs = pollMs + pageMs + openingMs
      let exact = 0
      for (const event of follower.events) {
        if (event.type === 'SYNCED') continue
        const { name = '', uid = '', resourceVersion } = event.object.metadata
        const before = lastVersion.get(uid)
        if (event.type === 'ADDED') {
          expect(before).toBeUndefined()
          expect(told.has(name)).toBe(false)
          told.set(name, uid)
        } else {
          expect(told.get(name)).toBe(uid)
          if (event.type === 'DELETED') told.delete(name)
        }
        const synthetic = event.type === 'DELETED' && Number(resourceVersion) === before
        if (before !== undefined && !synthetic) expect(Number(resourceVersion)).toBeGreaterThan(before)
        lastVersion.set(uid, Number(resourceVersion))

        const committedMs =
          (event.type === 'DELETED' ? deletions.get(uid) : committed.get(Number(resourceVersion)))?.atMs ?? Number.NaN
        expect(committedMs).toBeLessThanOrEqual(event.atMs)
        if (event.exact) {
          exact += 1
          expect(committedMs).toBeGreaterThanOrEqual(event.atMs - lateMs)
        } else {
          expect(committedMs).toBeGreaterThan(event.notBeforeMs - lateMs)
        }
      }
      expect(told).toEqual(new Map([...server.pods].map(([name, pod]) => [name, pod.metadata.uid])))
      for (const { metadata } of server.pods.values()) {
        expect(lastVersion.get(metadata.uid ?? '')).toBe(Number(metadata.resourceVersion))
      }
      expect(exact).toBeGreaterThan(20)
      expect(follower.disruptions.length).toBeGreaterThan(3)
      expect(clock.sleepers()).toBe(0)
    },
  )
})

/** Repeatable numbers, uniform in [0, 1) (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
