import { expect, it } from 'vitest'
import type { ComponentMetrics, Wanted } from '../measure/metrics.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { createSamples } from './samples.ts'
import { recordSymptoms } from './symptoms.ts'

const waited = (component: 'kubelet' | 'kube-scheduler', seconds: number): ComponentMetrics => ({
  component,
  instance: component,
  samples: [
    { name: 'process_start_time_seconds', labels: {}, value: 1 },
    { name: 'rest_client_rate_limiter_duration_seconds_sum', labels: { verb: 'POST' }, value: seconds },
  ],
})

/** A cluster whose kubelet and scheduler wait all the time, recorded every ten seconds for so long. */
async function record(ms: number, collected?: Parameters<typeof recordSymptoms>[0]['collected']) {
  const clock = createVirtualClock(1000)
  const asked: Wanted[] = []
  const turns: string[] = []
  const samples = createSamples(() => {}, clock)
  const recorded = recordSymptoms(
    {
      everyMs: 10_000,
      ...(collected !== undefined && { collected }),
      onTurn: ({ rule, event }) => turns.push(`${rule.id} ${event}`),
    },
    samples,
  )
  recorded.began('Rollout')
  recorded.follow({
    clock,
    async scrape(wanted) {
      asked.push(wanted)
      const all = (['kubelet', 'kube-scheduler'] as const).map((one) => waited(one, clock.nowMs() / 1000))
      return all.filter(({ component }) => wanted.components?.includes(component))
    },
  })
  await clock.sleep(ms)
  recorded.ended()
  return { outcome: await recorded.stop(), asked, turns }
}

it('should read the page of the API server every fourth time, and of every page only what rules need', async () => {
  const { outcome, asked, turns } = await record(75_000)
  expect(asked.map(({ components }) => components?.includes('kube-apiserver'))).toEqual([
    true,
    false,
    false,
    false,
    true,
    false,
    false,
    false,
    true,
  ])
  expect(asked[1]?.names).toContain('etcd_server_slow_apply_total')
  expect(asked[1]?.names).not.toContain('apiserver_request_total')
  expect(outcome).toMatchObject({
    readings: 9,
    activities: [{ title: 'Rollout', fromMs: 0, toMs: 75_000 }],
    found: [
      { id: 'scheduler-client-limited', spells: [{ fromMs: 0, toMs: 75_000 }] },
      { id: 'kubelet-client-limited', spells: [{ fromMs: 0, toMs: 75_000 }] },
    ],
  })
  expect(turns).toEqual(['kubelet-client-limited began', 'scheduler-client-limited began'])
})

it('should take from a Prometheus what it has, and go on without it when it does not answer', async () => {
  const { outcome, asked } = await record(35_000, {
    components: ['kube-scheduler'],
    scrape: () => Promise.reject(new Error('connection refused')),
  })
  expect(asked.every(({ components }) => !components?.includes('kube-scheduler'))).toBe(true)
  expect(outcome.found.map(({ id }) => id)).toEqual(['kubelet-client-limited'])
  expect(outcome.notRead).toEqual([{ process: 'Prometheus', times: 5, because: 'connection refused' }])
})
