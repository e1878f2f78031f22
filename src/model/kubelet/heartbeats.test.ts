import { describe, expect, it } from 'vitest'
import { isReady } from '../../kube/resources.ts'
import { openModelForTests } from '../../testing/model.ts'
import { requestsUnder } from '../../testing/profiles.ts'

/** A fleet whose nodes report every three seconds, on machines of its own, and what its apiserver counts. */
async function benchOf(nodes: number, knobs = {}) {
  const model = openModelForTests({
    knobs: requestsUnder('stock', { 'kubelet.nodeStatusUpdateFrequency': '3s', ...knobs }),
    hardware: { controlPlaneCores: 32, hosts: { count: 10, cores: 16 }, hostMemoryBytes: 2 ** 36 },
  })
  model.startNodes(nodes)
  // By then the controller-manager, at 20 requests a second, has taken all taints away.
  await model.clock.sleep(120_000)
  const changes = { nodes: 0 }
  model.store.onChange('nodes', () => changes.nodes++)
  const readyNodes = () => model.store.list('nodes').filter(isReady).length
  const requests = (verb: string, resource: string) => {
    let count = 0
    for (const { name, labels, value } of model.server.metrics.samples())
      if (name === 'apiserver_request_total' && labels['verb'] === verb && labels['resource'] === resource)
        count += value
    return count
  }
  return { ...model, changes, readyNodes, requests }
}

describe('heartbeats', () => {
  it('should be counted and paid for one by one, in far fewer events, and change nothing that is seen', async () => {
    const bench = await benchOf(500)
    const before = { leases: bench.requests('PUT', 'leases'), nodes: bench.requests('PATCH', 'nodes') }
    const [events, version] = [bench.events(), bench.store.version('nodes')]
    await bench.clock.sleep(60_000)
    const leases = bench.requests('PUT', 'leases') - before.leases
    const statuses = bench.requests('PATCH', 'nodes') - before.nodes
    // Every 10 s, and every 3 s, up to 4 % later.
    expect(leases).toBeGreaterThan((500 * 60) / 10.4 - 500)
    expect(leases).toBeLessThan((500 * 60) / 10 + 500)
    expect(statuses).toBeGreaterThan((500 * 60) / 3.12 - 500)
    expect(statuses).toBeLessThan((500 * 60) / 3 + 500)
    expect(bench.store.version('nodes') - version).toBeGreaterThanOrEqual(leases + statuses)
    expect(bench.events() - events).toBeLessThan((leases + statuses) / 3)
    expect(bench.changes.nodes).toBe(0)
    expect(bench.readyNodes()).toBe(500)
  })

  it('should stop with their node, which is then lost, and report it Ready again when it is back', async () => {
    const bench = await benchOf(20)
    bench.fleet()?.kubelets[7]?.die()
    await bench.clock.sleep(60_000)
    expect(bench.readyNodes()).toBe(19)
    bench.startNodes(20)
    await bench.clock.sleep(10_000)
    expect(bench.readyNodes()).toBe(20)
  })

  it('should come too late for the grace period when the apiserver is slow, and soon enough again afterwards', async () => {
    const bench = await benchOf(500, { 'controllerManager.nodeMonitorGracePeriod': '12s' })
    expect(bench.readyNodes()).toBe(500)
    let lost = 0
    bench.store.onChange('nodes', ({ object }) => {
      if (!isReady(object)) lost++
    })
    bench.server.slowDown(3000)
    await bench.clock.sleep(20_000)
    bench.server.slowDown(1)
    await bench.clock.sleep(600_000)
    expect(lost).toBeGreaterThan(100)
    expect(bench.readyNodes()).toBe(500)
  })
})
