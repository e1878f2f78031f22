import { describe, expect, it } from 'vitest'
import type { MachineReading } from './machine-record.ts'
import { createMachineRecord } from './machine-record.ts'

/** Two cores; the apiserver and two hollow nodes, whose processor time grows by the given cores. */
function reading(atSeconds: number, changes: Partial<MachineReading> = {}): MachineReading {
  const process = (pid: number, cores: number, privateBytes: number) => ({
    pid,
    processorMs: 1000 * atSeconds * cores,
    privateBytes,
    sharedBytes: 50,
  })
  return {
    atMs: 7000 + 1000 * atSeconds,
    busyMs: 500 * atSeconds,
    totalMs: 2000 * atSeconds,
    runQueue: 3,
    memoryUsedBytes: 1000 + atSeconds,
    disksBusyMs: new Map([['vda', 100 * atSeconds]]),
    components: new Map([
      ['kube-apiserver', [process(1, 0.25, 100)]],
      ['hollow-node', [process(2, 0.1, 200), process(3, 0.3, 300)]],
    ]),
    ...changes,
  }
}

describe('createMachineRecord', () => {
  it('should tell what the machine and its components did in each step', () => {
    const record = createMachineRecord()
    record.begin('fleet', 'Fleet', reading(0))
    record.sample(reading(1, { runQueue: 9 }))
    record.end(reading(2))
    record.begin('fill', 'Fill', reading(2))
    record.end(reading(4, { busyMs: 1000 + 3900 }))
    const { phases, components } = record.summary()
    expect(phases).toMatchObject([
      { step: 'fleet', startMs: 0, endMs: 2000, busy: 0.25, machineBound: false, runQueue: 5, diskBusy: 0.1 },
      { step: 'fill', startMs: 2000, endMs: 4000, busy: 0.975, machineBound: true, memoryUsedMaxBytes: 1004 },
    ])
    expect(phases[0]?.cores).toEqual({ 'kube-apiserver': 0.25, 'hollow-node': 0.4 })
    expect(components).toMatchObject([
      { component: 'kube-apiserver', processes: 1, processorMs: 1000, memoryPeakBytes: 150 },
      // The program itself, which both processes share, counts once.
      { component: 'hollow-node', processes: 2, processorMs: 1600, memoryPeakBytes: 550 },
    ])
  })

  it('should keep the processor time of a process that has ended, and count its successor from nothing', () => {
    const record = createMachineRecord()
    const only = (atSeconds: number, pid: number, processorMs: number) =>
      reading(atSeconds, {
        components: new Map([['etcd', [{ pid, processorMs, privateBytes: 1, sharedBytes: 1 }]]]),
      })
    record.sample(only(0, 1, 0))
    record.sample(only(1, 1, 800))
    record.sample(only(2, 2, 100))
    expect(record.summary().components).toMatchObject([
      {
        processorMs: 900,
        coresCurve: [
          [1000, 0.8],
          [2000, 0.1],
        ],
      },
    ])
  })

  it('should give a step that was cut short the time until the last reading', () => {
    const record = createMachineRecord()
    record.begin('fleet', 'Fleet', reading(0))
    record.sample(reading(5))
    expect(record.summary().phases).toMatchObject([{ endMs: 5000, busy: 0.25 }])
  })

  it('should not call a step machine-bound that was too short to tell', () => {
    const record = createMachineRecord()
    record.begin('knobs', 'Knobs', reading(0))
    record.end(reading(0.5, { busyMs: 1000 }))
    expect(record.summary().phases).toMatchObject([{ busy: 1, machineBound: false }])
  })

  it('should draw long arms with few points that cover all of it', () => {
    const record = createMachineRecord()
    for (let second = 0; second <= 2400; second++) record.sample(reading(second))
    const { busy = [] } = record.summary().curves
    expect(busy).toHaveLength(240)
    expect(busy.at(-1)).toEqual([2_400_000, 0.25])
    expect(busy.every(([, share]) => share === 0.25)).toBe(true)
  })

  it('should tell the same of steps and of the whole when a day of readings is merged, and keep few of them', () => {
    const record = createMachineRecord()
    record.begin('fleet', 'Fleet', reading(0))
    for (let second = 1; second < 40_000; second++)
      record.sample(reading(second, { runQueue: second % 2, memoryUsedBytes: second === 12_345 ? 9_999_999 : 1 }))
    const end = reading(40_000, { runQueue: null })
    record.end(end)
    const { phases, curves, components } = record.summary()
    expect(phases).toMatchObject([{ endMs: 40_000_000, busy: 0.25, memoryUsedMaxBytes: 9_999_999 }])
    expect(phases[0]?.runQueue).toBeCloseTo(0.5, 3)
    expect(phases[0]?.cores['hollow-node']).toBeCloseTo(0.4)
    expect(components[1]).toMatchObject({ processorMs: 16_000_000, memoryPeakBytes: 550 })
    expect(curves['busy']).toHaveLength(240)
    expect(Math.max(...(curves['memoryUsedBytes'] ?? []).map(([, bytes]) => bytes))).toBe(9_999_999)
    const [from, to] = [record.mark(end), record.mark(reading(40_001))]
    expect(record.between(from, to)).toHaveLength(2)
  })

  it('should be empty when nothing was read', () => {
    expect(createMachineRecord().summary()).toMatchObject({ phases: [], components: [], curves: { busy: [] } })
  })
})
