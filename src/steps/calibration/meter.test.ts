import { describe, expect, it } from 'vitest'
import type { MachineReading } from '../../measure/machine-record.ts'
import type { ComponentMetrics } from '../../measure/metrics.ts'
import { processStart } from '../../measure/metrics.ts'
import type { Cluster } from '../../targets/target.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { createMeter, describePhase, usedBetween } from './meter.ts'

/** A reading of processes, as component -> process id -> processor time. */
function reading(processes: Record<string, Record<number, number>>, busyMs = 0, totalMs = 0): MachineReading {
  const components = Object.entries(processes).map(([component, times]) => {
    const all = Object.entries(times).map(([pid, processorMs]) => ({
      pid: Number(pid),
      processorMs,
      privateBytes: 0,
      sharedBytes: 0,
    }))
    return [component, all] as const
  })
  return {
    atMs: 0,
    busyMs,
    totalMs,
    runQueue: 0,
    memoryUsedBytes: 0,
    disksBusyMs: new Map(),
    components: new Map(components),
  }
}

describe('usedBetween', () => {
  it('should sum what the processes of a component used in between', () => {
    const before = reading({ etcd: { 1: 100 }, 'hollow-node': { 2: 10, 3: 20 } }, 500, 1000)
    const after = reading({ etcd: { 1: 130 }, 'hollow-node': { 2: 15, 3: 30 } }, 650, 1200)
    expect(usedBetween(before, after)).toEqual({ cpuMs: { etcd: 30, 'hollow-node': 15 }, busy: 0.75 })
  })

  it('should count a process that was not there before from its start', () => {
    const before = reading({ 'hollow-node': { 2: 10 } })
    const after = reading({ 'hollow-node': { 2: 12, 3: 40 }, 'kube-scheduler': { 4: 5 } })
    expect(usedBetween(before, after).cpuMs).toEqual({ 'hollow-node': 42, 'kube-scheduler': 5 })
  })

  it('should leave out processes that have ended', () => {
    expect(usedBetween(reading({ etcd: { 1: 100 } }), reading({})).cpuMs).toEqual({})
  })
})

describe('createMeter', () => {
  it('should keep the cost of its own scrapes out of the processor time, but no request out of their count', async () => {
    const clock = createVirtualClock()
    const apiserver = { component: 'kube-apiserver', pid: 7 }
    let usedMs = 0
    let patches = 0
    const cluster: Pick<Cluster, 'clock' | 'processes' | 'scrape'> = {
      clock,
      processes: () => [apiserver],
      async scrape() {
        usedMs += 1000
        const labels = { verb: 'PATCH', resource: 'nodes', subresource: 'status' }
        const samples = [
          { name: processStart, labels: {}, value: 1 },
          { name: 'apiserver_request_total', labels, value: patches },
        ]
        return [{ component: 'kube-apiserver', instance: 'kube-apiserver', samples }] satisfies ComponentMetrics[]
      },
    }
    const meter = createMeter(cluster, (processes) =>
      reading({ [processes[0]?.component ?? '']: { 7: usedMs } }, usedMs, 2 * clock.nowMs()),
    )

    const stop = await meter()
    await clock.sleep(200)
    usedMs += 100
    patches += 5
    expect(await stop()).toEqual({
      durationMs: 200,
      cores: 0.5,
      cpuMs: { 'kube-apiserver': 100 },
      requests: { 'PATCH nodes/status': 5 },
      busy: 0.25,
    })
  })
})

describe('describePhase', () => {
  it('should say what each unit took of the components that took anything', () => {
    const cpuMs = { 'kube-apiserver': 30, 'kube-scheduler': 0 }
    expect(describePhase({ units: 20, unit: 'pod', durationMs: 500, cores: 1, cpuMs, requests: {}, busy: 1 })).toBe(
      '20 x pod in 500 ms; CPU ms each: kube-apiserver 1.5',
    )
  })
})
