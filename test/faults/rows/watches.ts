import { expect, it } from 'vitest'
import type { Disruption, FollowEvent } from '../../../src/kube/follow.ts'
import { follow } from '../../../src/kube/follow.ts'
import type { ConfigMap } from '../../../src/kube/resources.ts'
import { eventually } from '../../contract/tools.ts'
import type { GetRig, Rig } from '../rig.ts'
import type { Spoiling } from '../script.ts'
import { busy, configMap, namespace, refTo, refusal, removeAll } from './tools.ts'

/** Longer than a real apiserver takes for an event, on any machine: nothing is taken for silence. */
const patientMs = 15_000
/** Where it is silence that is waited for. */
const impatientMs = 1000

/** A watch that is meant to survive, and what it has told so far. */
function follower({ cluster: { api, clock } }: Rig, silenceMs = patientMs) {
  const stop = new AbortController()
  const events: FollowEvent<ConfigMap>[] = []
  const disruptions: Disruption[] = []
  const query = { resource: 'configmaps', namespace, labelSelector: 'scale-test/run=run-7' } as const
  const onDisruption = (disruption: Disruption) => disruptions.push(disruption)
  const following = (async () => {
    for await (const event of follow(api, query, { clock, signal: stop.signal, silenceMs, onDisruption }))
      events.push(event)
  })()
  const told = () =>
    events.map((event) => (event.type === 'SYNCED' ? 'SYNCED' : `${event.type} ${event.object.metadata.name}`))
  return {
    events,
    disruptions,
    told,
    /** Waits until this was told, last of all. */
    until: (last: string) => eventually(clock, () => expect(told().at(-1)).toBe(last)),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await following
    },
  }
}

/** Spoils the only stream that is open, once it is. */
function spoil({ cluster: { clock }, spoilWatches }: Rig, how: Spoiling): Promise<void> {
  return eventually(clock, () => expect(spoilWatches('configmaps', how)).toBe(1))
}

async function add({ cluster: { api } }: Rig, ...names: readonly string[]): Promise<void> {
  for (const name of names) await api.create('configmaps', configMap(name))
}

/** Streams of changes. */
export function watches(rig: GetRig): void {
  it('should list again when what it missed is forgotten, and know of each change no sooner than it could have seen it (fault 7)', async () => {
    const { cluster, script } = rig()
    const { api, clock } = cluster
    await add(rig(), 'changed', 'removed', 'replaced')
    await using following = follower(rig())
    await following.until('SYNCED')
    script.play()
    await spoil(rig(), 'silence')
    const beforeMs = clock.nowMs()
    await api.patch(refTo('changed'), { type: 'merge', body: { data: { text: 'changed' } } })
    await removeAll(rig(), 'removed', 'replaced')
    await add(rig(), 'replaced', 'new')
    const afterMs = clock.nowMs()
    await spoil(rig(), { status: 410, reason: 'Expired' })
    await following.until('DELETED removed')
    const missed = following.events.slice(4)
    expect(following.told().slice(4).sort()).toEqual([
      'ADDED new',
      'ADDED replaced',
      'DELETED removed',
      'DELETED replaced',
      'MODIFIED changed',
    ])
    for (const event of missed) {
      if (event.type === 'SYNCED' || event.exact) throw new Error('nobody has seen it come')
      expect(event.notBeforeMs).toBeGreaterThan(0)
      expect(event.notBeforeMs).toBeLessThanOrEqual(beforeMs)
      expect(event.atMs).toBeGreaterThanOrEqual(afterMs)
    }
    expect(following.disruptions).toMatchObject([{ reason: 'Expired', action: 'relist', error: { status: 410 } }])
    await removeAll(rig(), 'changed', 'replaced', 'new')
  })

  it('should list again when a version is refused as too old (fault 7)', async () => {
    const { script } = rig()
    script.play({ on: /^watch configmaps/, times: 1, trouble: refusal(410, 'Expired', 'too old resource version') })
    await using following = follower(rig())
    await eventually(rig().cluster.clock, () => expect(following.disruptions).toHaveLength(1))
    await add(rig(), 'new')
    await following.until('ADDED new')
    expect(following.disruptions).toMatchObject([{ action: 'relist' }])
    await removeAll(rig(), 'new')
  })

  it.each<[string, Spoiling]>([
    ['ends', 'end'],
    ['is reset', 'reset'],
    ['is cut in the middle of a line', 'cut'],
    ['says ERROR', { status: 500, reason: 'InternalError' }],
  ])('should go on where it was, without a list of all, when a stream %s (fault 8)', async (_, how) => {
    const { script } = rig()
    await using following = follower(rig())
    await following.until('SYNCED')
    script.play()
    await spoil(rig(), how)
    await add(rig(), 'one')
    await following.until('ADDED one')
    await add(rig(), 'two')
    await following.until('ADDED two')
    expect(following.told()).toEqual(['SYNCED', 'ADDED one', 'ADDED two'])
    expect(following.disruptions).toMatchObject([{ action: 'resume', waitMs: 0 }])
    await removeAll(rig(), 'one', 'two')
  })

  it.each<[string, Spoiling]>([
    ['falls silent', 'silence'],
    ['brings only bytes, and nothing whole', 'trickle'],
  ])('should leave a stream that %s, and tell what it had missed (fault 9)', async (_, how) => {
    await using following = follower(rig(), impatientMs)
    await following.until('SYNCED')
    await spoil(rig(), how)
    await add(rig(), 'unseen')
    await following.until('ADDED unseen')
    expect(following.events.at(-1)).toMatchObject({ exact: false, notBeforeMs: expect.any(Number) })
    expect(following.disruptions[0]).toMatchObject({ reason: 'SilentWatch', action: 'resume' })
    await removeAll(rig(), 'unseen')
  })

  it('should leave a connection that is half open before the stream begins (fault 9)', async () => {
    const { script } = rig()
    script.play({ on: /^watch configmaps/, times: 1, trouble: { kind: 'silence', served: false } })
    await using following = follower(rig(), impatientMs)
    await following.until('SYNCED')
    await add(rig(), 'unseen')
    await following.until('ADDED unseen')
    expect(following.disruptions[0]).toMatchObject({ action: 'resume' })
    await removeAll(rig(), 'unseen')
  })

  it('should come back when it is asked to where the server only fills its cache (fault 10)', async () => {
    const { script } = rig()
    script.play({ on: /^watch configmaps/, times: 1, trouble: busy(1) })
    await using following = follower(rig())
    await following.until('SYNCED')
    await add(rig(), 'late')
    await following.until('ADDED late')
    expect(following.disruptions).toMatchObject([{ reason: 'TooManyRequests', waitMs: 1000 }])
    await removeAll(rig(), 'late')
  })
}
