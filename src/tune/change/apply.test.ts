import { describe, expect, it } from 'vitest'
import type { Clock } from '../../base/clock.ts'
import { requestsUnder } from '../../testing/profiles.ts'
import { hostForTests } from '../../testing/tuned-hosts.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { hostSettings } from '../hosts/wanted.ts'
import { applyPlans } from './apply.ts'
import type { ClusterView } from './cluster-view.ts'
import type { ReachedPlaces } from './plan.ts'
import { described, planHosts } from './plan.ts'

const qps = '--kube-api-qps='

const deadManMs = 20_000

const settingsFor = (places: ReachedPlaces) => hostSettings(requestsUnder('tuned'), described(places))
const optionsOf = (clock: Clock, cluster: ClusterView) => ({
  run: 'tune-1a2b3c4d',
  profile: 'tuned',
  cluster,
  record: () => {},
  healthMs: 10_000,
  deadManMs,
  clock,
  signal: new AbortController().signal,
  onProgress: () => {},
})

async function applied(cluster: ClusterView) {
  const host = hostForTests('cp-1')
  const flagOf = () => host.args().find((word) => word.startsWith(qps))
  const places = { hosts: [host], kubeProxy: undefined }
  const said: string[] = []
  const outcome = await applyPlans({
    ...optionsOf(createVirtualClock(), cluster),
    plans: await planHosts(places, settingsFor(places)),
    onProgress: (line) => void said.push(line),
  }).then(
    () => 'applied',
    (error: unknown) => error,
  )
  return { outcome, said, flag: flagOf(), isArmed: host.isArmed() }
}

describe('hosts whose cluster is asked', () => {
  it('should be done once the cluster shows the change, which may take a while', async () => {
    let asked = 0
    const { outcome, flag } = await applied({
      differences: async () => [],
      before: async () => async () => (asked++ < 5 ? 'Node cp-1 is not Ready' : undefined),
    })
    expect(outcome).toBe('applied')
    expect(flag).toBe(`${qps}500`)
    expect(asked).toBeGreaterThan(6)
  })

  it('should be restored when the cluster does not show the change within the health budget', async () => {
    const { outcome, flag, isArmed } = await applied({
      differences: async () => [],
      before: async (_, { component }) => {
        return async () => (component === 'kernel' ? undefined : 'Node cp-1 is not Ready')
      },
    })
    expect(outcome).toMatchObject({
      kind: 'infrastructure',
      message: 'cp-1: kube-controller-manager after the change: Node cp-1 is not Ready',
    })
    expect(flag).toBe(`${qps}20`)
    expect(isArmed).toBe(false)
  })

  it('should be renewed while a later host takes longer than their timers', async () => {
    const clock = createVirtualClock()
    const renewedMs: number[] = []
    const first = hostForTests('cp-1')
    const on = {
      ...first.on,
      renew: async () => {
        renewedMs.push(clock.nowMs())
      },
    }
    const second = hostForTests('cp-2')
    const places = { hosts: [{ host: first.host, on }, second], kubeProxy: undefined }
    const slow: ClusterView = {
      differences: async () => [],
      before: async ({ name }) => {
        const readyMs = clock.nowMs() + 60_000
        return async () => (name === 'cp-2' && clock.nowMs() < readyMs ? 'Node cp-2 is not Ready' : undefined)
      },
    }
    await applyPlans({
      ...optionsOf(clock, slow),
      plans: await planHosts(places, settingsFor(places)),
      healthMs: 90_000,
    })
    const gaps = renewedMs.slice(1).map((ms, index) => ms - (renewedMs[index] ?? 0))
    expect(renewedMs.length).toBeGreaterThan(10)
    expect(Math.max(...gaps)).toBeLessThan(deadManMs)
  })

  it('should not be touched when the cluster refuses', async () => {
    const { outcome, said, flag } = await applied({
      differences: async () => [],
      before: () => Promise.reject(new Error('not this one')),
    })
    expect(outcome).toMatchObject({ message: 'not this one' })
    expect(said).toEqual([])
    expect(flag).toBe(`${qps}20`)
  })
})
