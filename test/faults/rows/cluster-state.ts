import { expect, it } from 'vitest'
import { findRemains, removeRemains } from '../../../src/run/cleanup-clusters.ts'
import type { GetRig } from '../rig.ts'
import { filled, fillNames, runFilled } from './filled.ts'
import { endedBy, errorOf, prepare, refusal, writesIn } from './tools.ts'

/** Clusters that do not let the product do what it is to do. */
export function clusterState(rig: GetRig): void {
  it('should name every right that is missing, deleting included, before anything is written (fault 6)', async () => {
    const { script, setRights, remote } = rig()
    setRights(false)
    script.play()
    const { status, failure } = endedBy(await errorOf(prepare({ ...remote('run-6'), plan: filled(remote('run-6')) })))
    expect(status).toBe(3)
    expect(failure).toMatchObject({
      message: expect.stringMatching(/you may not .*create namespaces.*delete namespaces/s),
    })
    expect(writesIn(script)).toEqual([])
  })

  it.each([
    ['a right that was taken away', 'namespaces is forbidden: User "anna" cannot create resource "namespaces"'],
    ['a webhook', 'admission webhook "policy.example.com" denied the request: no such label'],
  ])(
    'should end a run at once that %s stops, quote the reason, and leave nothing behind (faults 6, 12)',
    async (_, message) => {
      const { script } = rig()
      const trouble = refusal(403, 'Forbidden', message)
      const ended = await runFilled(rig(), 'run-6', {
        onStart: () => script.play({ on: /^create namespaces/, trouble }),
      })
      expect(ended).toMatchObject({
        status: 5,
        residue: [],
        failed: [expect.stringContaining(message)],
        error: { next: expect.stringContaining('manifests/') },
      })
    },
  )

  it('should end a fill at once that a quota stops half-way, quote the reason, and leave nothing behind (fault 12)', async () => {
    const message = 'configmaps "c" is forbidden: exceeded quota: small, used: count/configmaps=9, limited: 9'
    const { script } = rig()
    const ended = await runFilled(rig(), 'run-12', {
      onFill: () => script.play({ on: /^create configmaps scale-test-/, trouble: refusal(403, 'Forbidden', message) }),
    })
    expect(ended).toMatchObject({ status: 5, residue: [], failed: [expect.stringContaining(message)] })
    // Those that were under way, of three hundred.
    expect(script.requests().filter(fillNames).length).toBeLessThan(10)
  })

  it('should stop at an etcd without space, free nothing itself, and leave only what that holds (fault 11)', async () => {
    const { cluster, script, setOutOfSpace, remote } = rig()
    const { api, clock } = cluster
    let raising: Promise<void> | undefined
    const ended = await runFilled(rig(), 'run-11', {
      onFill() {
        script.play()
        raising = setOutOfSpace(true)
      },
    })
    await raising
    expect(ended).toMatchObject({
      status: 6,
      residue: [expect.stringMatching(/etcd is out of space and refuses to delete the rest: \d namespaces? \(in /)],
      error: {
        message: expect.stringMatching(/^etcd ran out of space \(NOSPACE\) /),
        next: expect.stringMatching(/Nothing was compacted or defragmented.*etcdctl compact.*etcdctl defrag/s),
      },
    })
    expect(script.requests().filter(fillNames).length).toBeLessThan(300)
    await setOutOfSpace(false)
    const cleanup = {
      clusters: [{ role: 'target', arms: [], context: 'faults', api: { ...api, readText: async () => '' } }],
      clock,
      now: remote('run-11').now(),
      signal: new AbortController().signal,
      print: () => {},
    } as const
    const left = await removeRemains(await findRemains('run-11', cleanup), cleanup)
    expect(left).toEqual({ left: [], next: [] })
  })
}
