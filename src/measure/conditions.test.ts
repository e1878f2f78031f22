import { expect, it } from 'vitest'
import { conditionsOf } from './conditions.ts'
import { recordEtcdSizes } from './etcd-use.ts'

it('should name everything that was not read, of the pages at both ends and of sizes in between, beside retries and the machine', () => {
  const silent = { component: 'etcd', instance: 'etcd', samples: [], unread: 'connection refused' } as const
  const etcdSizes = recordEtcdSizes()
  etcdSizes.note([silent], 500)
  const conditions = conditionsOf({
    before: [silent],
    after: [silent],
    etcdSizes,
    retries: { count: 2, waitedMs: 300 },
    orchestrator: { eventLoopDelayMaxMs: 12, busy: 0.5 },
  })
  expect(conditions).toEqual({
    notRead: [
      { component: 'etcd', instance: 'etcd', because: 'connection refused' },
      { component: 'etcd', instance: 'etcd', part: '1 point of its size over time', because: 'connection refused' },
    ],
    clientRetries: { count: 2, waitedMs: 300 },
    eventLoopDelayMaxMs: 12,
    machineBusy: 0.5,
  })
})
