import { expect, it } from 'vitest'
import type { ApiError } from '../../../src/kube/api.ts'
import { createOwn } from '../../../src/steps/fill/own-objects.ts'
import type { GetRig } from '../rig.ts'
import type { Trouble } from '../script.ts'
import { busy, configMap, countOf, endedBy, errorOf, namespace, refTo, refusal, removeAll } from './tools.ts'

const unavailable = refusal(503, 'ServiceUnavailable', 'the server is currently unable to handle the request')

/** Single requests and their answers. */
export function requests(rig: GetRig): void {
  it('should come back when a busy server asks for it, never sooner, and count the time (fault 1)', async () => {
    const { cluster, script } = rig()
    const { api, clock, clientRetries } = cluster
    script.play({ on: /^create configmaps/, times: 1, trouble: busy(1) })
    const [before, startMs] = [clientRetries(), clock.nowMs()]
    await api.create('configmaps', configMap('throttled'))
    const after = clientRetries()
    const waitedMs = after.waitedMs - before.waitedMs
    expect(after.count - before.count).toBe(1)
    // What it asked for, and up to half as much again.
    expect(waitedMs).toBeGreaterThanOrEqual(1000)
    expect(waitedMs).toBeLessThanOrEqual(1500)
    expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(waitedMs)
    await removeAll(rig(), 'throttled')
  })

  it('should back off from a busy server that names no time (fault 1)', async () => {
    const { cluster, script } = rig()
    script.play({ on: /^create configmaps/, times: 2, trouble: busy() })
    const before = cluster.clientRetries()
    await cluster.api.create('configmaps', configMap('throttled'))
    const after = cluster.clientRetries()
    expect(after.count - before.count).toBe(2)
    expect(after.waitedMs - before.waitedMs).toBeGreaterThanOrEqual(100 + 200)
    await removeAll(rig(), 'throttled')
  })

  it('should get over a storm of 5xx, and over one that lasts no longer than anybody would wait (fault 2)', async () => {
    const { cluster, script } = rig()
    script.play(
      { on: /configmaps/, times: 1, trouble: unavailable },
      { on: /configmaps/, times: 1, trouble: refusal(500, 'InternalError', 'etcdserver: leader changed') },
      { on: /configmaps/, times: 1, trouble: refusal(504, 'Timeout') },
    )
    await cluster.api.create('configmaps', configMap('late'))
    expect(await countOf(rig(), 'configmaps', 'run-7')).toBe(1)
    script.play({ on: /./, trouble: unavailable })
    const error = await errorOf(cluster.api.get(refTo('late')))
    expect(endedBy(error)).toMatchObject({ status: 5, failure: { message: expect.stringContaining('503') } })
    // It gave up in the end, having tried some times, and ever more slowly.
    const tries = script.requests().length
    expect(tries).toBeGreaterThan(2)
    expect(tries).toBeLessThanOrEqual(12)
    script.play()
    await removeAll(rig(), 'late')
  })

  it('should get over refused connections when the server comes back (fault 2)', async () => {
    const { cluster, setDown } = rig()
    const before = cluster.clientRetries().count
    await setDown(true)
    const creating = cluster.api.create('configmaps', configMap('late'))
    await cluster.clock.sleep(150)
    await setDown(false)
    await creating
    expect(cluster.clientRetries().count).toBeGreaterThan(before)
    await removeAll(rig(), 'late')
  })

  const lost: [string, Trouble][] = [
    ['its connection was reset', { kind: 'reset', served: true }],
    ['its connection was half open', { kind: 'silence', served: true }],
    ['its answer was cut short', { kind: 'cut' }],
    ['its answer came too slowly', { kind: 'trickle' }],
  ]
  it.each(lost)('should find what it has created, once, when the reply was lost: %s (fault 3)', async (_, trouble) => {
    const { cluster, script } = rig()
    script.play({ on: /^create configmaps/, times: 1, trouble })
    const created = await cluster.api.create('configmaps', configMap('once'))
    expect(script.requests()).toEqual([
      `create configmaps ${namespace}/once`,
      `create configmaps ${namespace}/once`,
      `get configmaps ${namespace}/once`,
    ])
    expect(created.metadata.uid).toBe((await cluster.api.get(refTo('once'))).metadata.uid)
    expect(await countOf(rig(), 'configmaps', 'run-7')).toBe(1)
    await removeAll(rig(), 'once')
  })

  it("should not take another run's object for its own, though its reply was lost (fault 3)", async () => {
    const { cluster, script } = rig()
    const others = await cluster.api.create('configmaps', configMap('taken', 'run-6'))
    script.play({ on: /^create configmaps/, times: 1, trouble: { kind: 'reset', served: false } })
    const error = await errorOf(createOwn(cluster.api, 'configmaps', configMap('taken')))
    expect(endedBy(error)).toMatchObject({
      status: 3,
      failure: { message: `configmaps ${namespace}/taken already exists and belongs to run run-6` },
    })
    expect(await cluster.api.get(refTo('taken'))).toEqual(others)
    await removeAll(rig(), 'taken')
  })

  it('should not take what is being deleted for what it has created (fault 3)', async () => {
    const { cluster, script } = rig()
    const { api } = cluster
    const own = configMap('going')
    const metadata = { ...own.metadata, finalizers: ['example.com/held'] }
    const { metadata: created } = await api.create('configmaps', { ...own, metadata })
    await api.delete(refTo('going'), { uid: created.uid ?? '' })
    script.play({ on: /^create configmaps/, times: 1, trouble: { kind: 'reset', served: false } })
    expect(endedBy(await errorOf(createOwn(api, 'configmaps', own)))).toMatchObject({
      status: 3,
      failure: { message: `configmaps ${namespace}/going is still being deleted` },
    })
    await api.patch(refTo('going'), { type: 'merge', body: { metadata: { finalizers: null } } })
  })

  it('should count a deletion whose reply was lost as done (fault 3)', async () => {
    const { cluster, script } = rig()
    const { metadata } = await cluster.api.create('configmaps', configMap('gone'))
    script.play({ on: /^delete configmaps/, times: 1, trouble: { kind: 'reset', served: true } })
    await cluster.api.delete(refTo('gone'), { uid: metadata.uid ?? '' })
    expect(script.requests()).toHaveLength(2)
  })

  it.each(lost)('should ask again when what it reads does not arrive: %s', async (_, trouble) => {
    const { cluster, script } = rig()
    script.play({ on: /^list configmaps/, times: 1, trouble })
    expect(await countOf(rig(), 'configmaps', 'nobody')).toBe(0)
    expect(await cluster.api.get({ resource: 'namespaces', name: namespace })).toBeDefined()
    expect(script.requests().filter((one) => one.startsWith('list'))).toHaveLength(2)
  })

  it('should end at once, and say what to do, when it is not known any more (fault 5)', async () => {
    const { cluster, script } = rig()
    script.play({ on: /./, trouble: refusal(401, 'Unauthorized') })
    const error = await errorOf(cluster.api.get(refTo('any')))
    expect(endedBy(error)).toMatchObject({ status: 5, failure: { next: expect.stringMatching(/^Log in again/) } })
    expect(script.requests()).toHaveLength(1)
  })

  it.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['strange', 'SELF_SIGNED_CERT_IN_CHAIN'],
  ] as const)('should not go on with a server whose certificate is %s (fault 5)', async (certificate, reason) => {
    const { cluster, script, present } = rig()
    await cluster.api.get({ resource: 'namespaces', name: namespace })
    await present(certificate)
    script.play()
    const before = cluster.clientRetries().count
    const error = await errorOf(cluster.api.get(refTo('any')))
    expect((error as ApiError).reason).toMatch(certificate === 'expired' ? reason : /SELF_SIGNED|UNABLE_TO|SIGNATURE/)
    expect(endedBy(error)).toMatchObject({ status: 5, failure: { next: expect.stringContaining('certificate') } })
    // A connection that has ended may be met first.
    expect(cluster.clientRetries().count).toBeLessThanOrEqual(before + 1)
    expect(script.requests()).toEqual([])
  })

  it('should go on when the server gets a new certificate of its authority (fault 5)', async () => {
    const { cluster, present } = rig()
    await cluster.api.get({ resource: 'namespaces', name: namespace })
    await present('valid')
    expect(await cluster.api.get({ resource: 'namespaces', name: namespace })).toBeDefined()
  })
}
