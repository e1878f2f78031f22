import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { ApiError } from '../kube/api.ts'
import type { ComponentMetrics } from '../measure/metrics.ts'
import { planForTests } from '../testing/plans.ts'
import { openClusterForTests } from '../testing/simulated-cluster.ts'
import { explainNoSpace, noticingNoSpace } from './out-of-space.ts'

const refusal = new ApiError(500, 'HTTP 500', 'create pods: etcdserver: mvcc: database space exceeded (500 HTTP 500)')

async function situation(disposable: boolean) {
  const cluster = await openClusterForTests()
  const labels = { 'scale-test/run': 'run-1', 'scale-test/role': 'workload' }
  await cluster.api.create('namespaces', { metadata: { name: 'a', labels } })
  await cluster.clock.sleep(9000)
  cluster.setOutOfSpace(true)
  const { clock } = cluster
  return { cluster: { ...cluster, disposable }, clock, plan: planForTests(), runId: 'run-1', beganMs: 0 }
}

describe('explainNoSpace (fault 11)', () => {
  it('should tell when, after what, how full, and which knob to change', async () => {
    const error = await explainNoSpace(refusal, await situation(true))
    expect(error).toMatchObject({
      kind: 'inconclusive',
      message: expect.stringMatching(
        /^etcd ran out of space \(NOSPACE\) 9\.\d+ s into the arm, after 1 namespace; its file is [\d.]+ KiB; its quota is 2\.0 GiB \(create pods: /,
      ),
      next: expect.stringMatching(/^Set etcd\.quotaBackendBytes to about \d+Mi for this plan/),
    })
    expect(error).not.toMatchObject({ next: expect.stringContaining('etcdctl') })
  })

  it('should end the run on a cluster that stays, and list the commands that free it, in order', async () => {
    expect(await explainNoSpace(refusal, await situation(false))).toMatchObject({
      kind: 'infrastructure',
      next: expect.stringMatching(/compact .*defrag .*alarm disarm.*cleanup --clusters FILE --run run-1$/s),
    })
  })

  it('should tell of a full etcd when something did not happen in time, and only then', async () => {
    const late = new Failure('inconclusive', '3 of 9 nodes Ready when fleet.timeout (40.0 s) expired')
    const beside = async (fileBytes: number) => {
      const given = await situation(true)
      const gauge = (name: string, value: number) => ({ name, labels: {}, value })
      const samples = [
        gauge('etcd_mvcc_db_total_size_in_bytes', fileBytes),
        gauge('etcd_server_quota_backend_bytes', 1_048_576),
      ]
      const scrape = async (): Promise<ComponentMetrics[]> => [{ component: 'etcd', instance: 'etcd', samples }]
      return explainNoSpace(late, { ...given, cluster: { ...given.cluster, scrape } })
    }
    expect(await beside(500_000)).toBe(late)
    expect(await beside(1_040_000)).toMatchObject({
      kind: 'inconclusive',
      message: `${late.message}; etcd is out of space or nearly so (NOSPACE); its file is 1015.6 KiB; its quota is 1.0 MiB`,
      next: expect.stringMatching(/^Set etcd\.quotaBackendBytes to about \d+Mi/),
    })
  })

  it('should leave all other errors as they are', async () => {
    const other = new ApiError(500, 'InternalError', 'create pods: etcdserver: leader changed')
    expect(await explainNoSpace(other, await situation(true))).toBe(other)
  })
})

describe('noticingNoSpace (fault 11)', () => {
  it('should tell of the first write that is refused for this reason, and of no other', async () => {
    const opened = await openClusterForTests()
    const { cluster, full } = noticingNoSpace(opened)
    const config = { metadata: { name: 'a', namespace: 'default' } }
    await cluster.api.create('configmaps', config)
    await expect(cluster.api.create('configmaps', config)).rejects.toThrow('409')
    expect(full.aborted).toBe(false)
    opened.setOutOfSpace(true)
    const ref = { resource: 'configmaps', namespace: 'default', name: 'a' } as const
    const patching = cluster.api.patch(ref, { type: 'merge', body: { data: { a: 'b' } } })
    await expect(patching).rejects.toThrow('database space exceeded')
    expect(full.reason).toBe(await patching.catch((error: unknown) => error))
  })
})
