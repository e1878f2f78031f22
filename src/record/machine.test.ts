import { describe, expect, it } from 'vitest'
import type { ReadMachine } from '../measure/machine-record.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { recordMachine } from './machine.ts'

/** A machine half of whose two cores is in use; `failing` says when it cannot be read. */
function harness(failing: (nowMs: number) => boolean = () => false) {
  const clock = createVirtualClock(0)
  const readMachine: ReadMachine = (processes) => {
    if (failing(clock.nowMs())) throw new Error('EMFILE: too many open files')
    return {
      atMs: clock.nowMs(),
      busyMs: clock.nowMs(),
      totalMs: 2 * clock.nowMs(),
      runQueue: 1,
      memoryUsedBytes: 1,
      disksBusyMs: new Map(),
      components: new Map(
        processes.map(({ component, pid }) => [component, [{ pid, processorMs: 0, privateBytes: 1, sharedBytes: 0 }]]),
      ),
    }
  }
  const told: object[] = []
  const machine = recordMachine(readMachine, clock, (sample, atMs) => told.push({ atMs, ...sample }))
  return { clock, machine, told }
}

const here = () => [{ component: 'etcd', pid: 7 }]

describe('recordMachine', () => {
  it('should tell what the machine did in each step', async () => {
    const { clock, machine } = harness()
    machine.begin('fleet', 'Fleet of 2')
    machine.watch(here)
    await clock.sleep(3500)
    machine.end()
    const outcome = await machine.stop()
    expect(outcome?.phases).toMatchObject([{ step: 'fleet', title: 'Fleet of 2', startMs: 0, endMs: 3500, busy: 0.5 }])
    expect(outcome?.curves['busy']?.map(([ms]) => ms)).toEqual([1000, 2000, 3000])
    expect(outcome?.components.map(({ component }) => component)).toEqual(['etcd'])
    expect(clock.sleepers()).toBe(0)
  })

  it('should tell what the machine did between two moments, whatever steps there are', async () => {
    const { clock, machine } = harness()
    machine.watch(here)
    machine.begin('fleet', 'Fleet of 2')
    await clock.sleep(1500)
    const end = machine.mark()
    await clock.sleep(2000)
    const span = end()
    expect(span).toMatchObject({ gaps: [] })
    expect(span !== null && 'points' in span && span.points.map(({ atMs }) => atMs)).toEqual([1500, 2000, 3000, 3500])
    await machine.stop()
  })

  it('should tell what the machine did in each second, and when it could not be read, as it happens', async () => {
    const { clock, machine, told } = harness((nowMs) => nowMs === 2000)
    machine.watch(here)
    await clock.sleep(4500)
    const second = {
      kind: 'machine',
      busyRatio: 0.5,
      runQueue: 1,
      memoryUsedBytes: 1,
      diskBusyRatio: null,
      components: { etcd: { cores: 0, memoryBytes: 1 } },
    }
    expect(told).toEqual([
      expect.objectContaining({ kind: 'gap', source: 'machine', because: 'EMFILE: too many open files' }),
      { atMs: 3000, ...second, spanMs: 2000 },
      { atMs: 4000, ...second, spanMs: 1000 },
    ])
    await machine.stop()
  })

  it('should go on when the machine cannot be read, and say for how many readings, and why', async () => {
    const { clock, machine } = harness((nowMs) => nowMs === 1000 || nowMs === 2000)
    machine.watch(here)
    const end = machine.mark()
    await clock.sleep(2500)
    expect(end()).toMatchObject({ gaps: ['2 readings of the machine: EMFILE: too many open files'] })
    await machine.stop()
  })

  it('should say why there is nothing when the machine cannot be read at all', async () => {
    const { clock, machine } = harness(() => true)
    machine.watch(here)
    machine.begin('fleet', 'Fleet of 2')
    const end = machine.mark()
    await clock.sleep(2500)
    machine.end()
    expect(end()).toEqual({ unread: 'EMFILE: too many open files' })
    expect((await machine.stop())?.phases).toEqual([])
  })

  it('should say nothing of this machine when the cluster is elsewhere', async () => {
    const { clock, machine, told } = harness()
    machine.watch(() => [])
    const end = machine.mark()
    await clock.sleep(3500)
    expect(end()).toBeNull()
    expect(await machine.stop()).toBeNull()
    expect(told).toEqual([])
  })
})
