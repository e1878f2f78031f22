import { describe, expect, it } from 'vitest'
import { machineForTests, openModelForTests } from '../testing/model.ts'

/** When each of so many nodes was registered, by its number. */
async function registeredMs(nodes: number, nodesPerProcess: number, hosts: { count: number; cores: number } | null) {
  const { hardware } = machineForTests()
  const model = openModelForTests({ hardware: { ...hardware, hosts } })
  const moments: number[] = []
  model.store.onChange('nodes', ({ type, object, atMs }) => {
    if (type === 'ADDED') moments[Number(object.metadata.name?.replace('hollow-', ''))] = atMs
  })
  const node = { cpu: 8, memory: '16Gi' }
  const fleet = model.startFleet({ nodes, nodesPerProcess, node }, new AbortController().signal)
  await model.clock.sleep(600_000)
  return { moments, fleet }
}

describe('a hollow fleet', () => {
  it('should give the first node a process of its own, and pack the others', async () => {
    const { fleet } = await registeredMs(12, 5, null)
    expect(fleet.nodeNames).toEqual(Array.from({ length: 12 }, (_, index) => `hollow-${index}`))
    // 1, 5, 5 and 1.
    expect(fleet.processes).toBe(4)
  })

  it('should start the kubelets of a process one after the other, and processes side by side', async () => {
    const { moments } = await registeredMs(7, 3, { count: 3, cores: 4 })
    const [probe, ...others] = moments
    const [first, second] = [others.slice(0, 3), others.slice(3)]
    expect(first).toEqual(first.toSorted((one, other) => one - other))
    expect(first[0]).toBeLessThan((first[1] ?? 0) - 10)
    for (const moment of [second[0], probe]) expect(Math.abs((first[0] ?? 0) - (moment ?? 0))).toBeLessThan(10)
  })

  it('should take as long on one machine as its cores need, and less where there are more machines', async () => {
    const last = ({ moments }: { moments: number[] }) => Math.max(...moments)
    const alone = last(await registeredMs(41, 5, { count: 1, cores: 2 }))
    const shared = last(await registeredMs(41, 5, { count: 4, cores: 2 }))
    // Less than four times, since all register with one control plane.
    expect(alone / shared).toBeGreaterThan(2)
    expect(alone / shared).toBeLessThan(5)
  })

  it('should be replaced by one that is started again, and register nobody any more once it is killed', async () => {
    const model = openModelForTests()
    model.startNodes(30)
    await model.clock.sleep(100)
    const there = model.store.count('nodes')
    expect(there).toBeLessThan(30)
    model.fleet()?.kill()
    await model.clock.sleep(60_000)
    expect(model.store.count('nodes')).toBeLessThanOrEqual(there + 2)
    model.startNodes(30)
    await model.clock.sleep(60_000)
    expect(model.store.count('nodes')).toBe(30)
  })
})
