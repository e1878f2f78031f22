import { describe, expect, it } from 'vitest'
import { createVirtualClock } from '../kube/testing.ts'
import type { ReadMachine } from '../measure/machine-record.ts'
import type { Cluster } from '../targets/target.ts'
import type { RunEvent } from './events.ts'
import { recordMachine } from './machine.ts'

const outline = { armId: 'a', title: 'a', steps: [{ stepId: 'fleet', title: 'Fleet of 2' }] }

function harness(failing?: ReadMachine) {
  const clock = createVirtualClock(0)
  const events: RunEvent[] = []
  /** Half of two cores in use. */
  const readMachine: ReadMachine = (processes) => ({
    atMs: clock.nowMs(),
    busyMs: clock.nowMs(),
    totalMs: 2 * clock.nowMs(),
    runQueue: 1,
    memoryUsedBytes: 1,
    disksBusyMs: new Map(),
    components: new Map(
      processes.map(({ component, pid }) => [component, [{ pid, processorMs: 0, privateBytes: 1, sharedBytes: 0 }]]),
    ),
  })
  const machine = recordMachine(outline, {
    clock,
    readMachine: failing ?? readMachine,
    emit: (event) => events.push(event),
  })
  return { clock, events, machine }
}

const here = { processes: () => [{ component: 'etcd', pid: 7 }] } as unknown as Cluster

describe('recordMachine', () => {
  it('should tell what the machine did in each step, and pass events on', async () => {
    const { clock, events, machine } = harness()
    machine.emit({ type: 'step-started', armId: 'a', stepId: 'fleet' })
    machine.watch(here)
    await clock.sleep(3500)
    machine.emit({ type: 'step-finished', armId: 'a', stepId: 'fleet', durationMs: 3500 })
    const outcome = await machine.stop()
    expect(outcome?.phases).toMatchObject([{ step: 'fleet', title: 'Fleet of 2', startMs: 0, endMs: 3500, busy: 0.5 }])
    expect(outcome?.curves['busy']?.map(([ms]) => ms)).toEqual([1000, 2000, 3000])
    expect(outcome?.components.map(({ component }) => component)).toEqual(['etcd'])
    expect(events).toHaveLength(2)
    expect(clock.sleepers()).toBe(0)
  })

  it('should go on without a word when the machine cannot be read', async () => {
    const { clock, machine, events } = harness(() => {
      throw new Error('EMFILE: too many open files')
    })
    machine.watch(here)
    machine.emit({ type: 'step-started', armId: 'a', stepId: 'fleet' })
    await clock.sleep(2500)
    machine.emit({ type: 'step-finished', armId: 'a', stepId: 'fleet', durationMs: 2500 })
    expect((await machine.stop())?.phases).toEqual([])
    expect(events).toHaveLength(2)
  })

  it('should say nothing of this machine when the cluster is elsewhere', async () => {
    const { clock, machine } = harness()
    machine.watch({ processes: () => [] } as unknown as Cluster)
    await clock.sleep(2000)
    expect(await machine.stop()).toBeNull()
  })
})
