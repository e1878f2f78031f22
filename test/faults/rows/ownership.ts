import { beforeAll, expect, it } from 'vitest'
import { withTimeLimit } from '../../../src/base/abort.ts'
import type { KubeApi } from '../../../src/kube/api.ts'
import { isApiStatus } from '../../../src/kube/api.ts'
import { deleteNamespaces } from '../../../src/kube/drain.ts'
import { runLabel } from '../../../src/kube/labels.ts'
import { acquireLease, leaseRef } from '../../../src/targets/remote/lease.ts'
import { eventually } from '../../contract/tools.ts'
import { run } from '../../remote/simulated.ts'
import type { GetRig, Rig } from '../rig.ts'
import { endedBy, errorOf, prepare, refusal, writesIn } from './tools.ts'

const { signal } = new AbortController()

const own = (name: string, runId: string) => ({ metadata: { name, labels: { [runLabel]: runId } } })

const selecting = (runId: string) => ({ labelSelector: `${runLabel}=${runId}` })

/** Waits until a namespace is gone. */
function gone({ clock }: Rig['cluster'], api: KubeApi, name: string): Promise<void> {
  return eventually(clock, async () => {
    const found = await api.get({ resource: 'namespaces', name }).catch((error: unknown) => {
      if (!isApiStatus(error, 404)) throw error
    })
    expect(found).toBeUndefined()
  })
}

/** What is somebody's, and what is not. */
export function ownership(rig: GetRig): void {
  // To take a namespace away takes a real cluster five seconds and more: these stay, as others' do.
  const finalizers = ['example.com/held']
  const held = { resource: 'configmaps', namespace: 'stuck', name: 'held' } as const
  beforeAll(async () => {
    const { api } = rig().cluster
    await api.create('namespaces', own('stuck', 'run-13'))
    await api.create('configmaps', { metadata: { name: held.name, namespace: held.namespace, finalizers } })
    await api.create('namespaces', own('reused', 'run-14'))
    await api.create('namespaces', own('run-15-probe', 'run-others'))
  })

  it('should read a Lease again that it could not renew for a conflict, and keep it (fault 4)', async () => {
    const { cluster, script, remote } = rig()
    const { api, clock } = cluster
    const { now, holder } = remote('run-4')
    const lease = await acquireLease({ api, clock, now, holder, signal })
    script.play({ on: /^patch leases/, times: 1, trouble: refusal(409, 'Conflict', 'the object has been modified') })
    await lease.lastFor(300_000)
    expect(script.requests()).toEqual([
      'patch leases kube-system/scale-test',
      'get leases kube-system/scale-test',
      'patch leases kube-system/scale-test',
      'patch leases kube-system/scale-test',
    ])
    expect(lease.lost.aborted).toBe(false)
    expect((await api.get(leaseRef)).spec.leaseDurationSeconds).toBe(300)
    await lease.release()
  })

  it('should wait for a namespace no longer than it may, say what keeps it, and leave its finalizers alone (fault 13)', async () => {
    const { api, clock } = rig().cluster
    const deleting = withTimeLimit({ clock, limitMs: 7000 }, (late) =>
      deleteNamespaces({ api, clock }, selecting('run-13'), late),
    )
    const { status, failure } = endedBy(await errorOf(deleting))
    expect(status).toBe(6)
    expect(failure).toMatchObject({
      kind: 'residue',
      message: expect.stringMatching(/^namespace stuck is still there: Terminating; .*example\.com\/held/),
    })
    expect((await api.get(held)).metadata.finalizers).toEqual(finalizers)
  })

  it('should leave a namespace alone that others have created anew under its name (fault 14)', async () => {
    const { cluster } = rig()
    const { api, clock } = cluster
    const ref = { resource: 'namespaces', name: 'reused' } as const
    let others: unknown
    const raced: KubeApi = {
      ...api,
      // Between the look at what there is and its deletion.
      async delete(which, options) {
        await api.delete(which, options)
        await gone(cluster, api, 'reused')
        others = (await api.create('namespaces', own('reused', 'run-others'))).metadata.uid
        await api.delete(which, options)
      },
    }
    await deleteNamespaces({ api: raced, clock }, selecting('run-14'), signal)
    const { metadata, status } = await api.get(ref)
    expect([metadata.uid, metadata.deletionTimestamp, status?.phase]).toEqual([others, undefined, 'Active'])
  })

  it('should refuse a name that others have, before anything is written, and when they take it later (fault 15)', async () => {
    const { cluster, script, remote } = rig()
    const { api } = cluster
    const options = remote('run-15')
    const name = 'run-15-probe'
    const others = await api.get({ resource: 'namespaces', name })
    script.play()
    expect(endedBy(await errorOf(prepare(options)))).toMatchObject({
      status: 3,
      failure: { message: expect.stringContaining(`namespaces ${name} already exist and belong to run run-others`) },
    })
    expect(writesIn(script)).toEqual([])
    const { error, result } = await run(options)
    expect(endedBy(error)).toMatchObject({
      status: 3,
      failure: { message: `namespaces ${name} already exists and belongs to run run-others` },
    })
    expect(result.arms[0]?.residue).toEqual([])
    const { metadata } = await api.get({ resource: 'namespaces', name })
    expect([metadata.uid, metadata.deletionTimestamp]).toEqual([others.metadata.uid, undefined])
  })

  it('should refuse another cluster than the plan means, and write nothing to it (fault 16)', async () => {
    const { script, remote } = rig()
    const options = remote('run-16')
    const targets = (options.plan.remote?.targets ?? []).map((target) => ({ ...target, uid: 'another' }))
    const plan = { ...options.plan, remote: { targets } }
    script.play()
    const message = expect.stringMatching(/expected another, but this is /)
    expect(endedBy(await errorOf(prepare({ ...options, plan })))).toMatchObject({ status: 3, failure: { message } })
    const { error } = await run({ ...options, plan })
    expect(endedBy(error)).toMatchObject({ status: 3, failure: { message } })
    expect(writesIn(script)).toEqual([])
  })

  it('should refuse a second run while the first one has the cluster, and say who that is (fault 17)', async () => {
    const { cluster, script, remote } = rig()
    const { api, clock } = cluster
    const { now } = remote('run-17')
    const first = await acquireLease({ api, clock, now, holder: { runId: 'run-1', who: 'ben@build-7' }, signal })
    try {
      script.play()
      const message = expect.stringMatching(/it is in use: ben@build-7, run run-1, since .* holds the Lease/)
      expect(endedBy(await errorOf(prepare(remote('run-17'))))).toMatchObject({ status: 3, failure: { message } })
      // But for the first one's, which goes on.
      expect(writesIn(script).filter((one) => !one.startsWith('patch leases'))).toEqual([])
      const { error, result } = await run(remote('run-17'))
      expect(endedBy(error)).toMatchObject({ status: 3, failure: { message } })
      expect(result.arms[0]?.residue).toEqual([])
      expect((await api.get(leaseRef)).spec.holderIdentity).toBe('ben@build-7')
    } finally {
      await first.release()
    }
  })
}
