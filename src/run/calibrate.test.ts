import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { ApiError } from '../kube/api.ts'
import type { Cluster, OpenOptions, Target } from '../targets/target.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { calibrate, calibrationSizes } from './calibrate.ts'
import type { RunEvent } from './events.ts'

const intact = { disposable: true, readyMs: 1, broken: new AbortController().signal }

/** Calibrates on a target whose clusters open like this; what a cluster lacks here, nothing may ask it for. */
async function calibrateOn(
  open: (options: OpenOptions) => Promise<Partial<Cluster>>,
  signal = new AbortController().signal,
) {
  const events: RunEvent[] = []
  const target: Target<Cluster> = {
    name: 'local',
    evidence: 'measured',
    onThisMachine: true,
    supports: () => ({ supported: true }),
    prepare: async () => {},
    open: async (options) => ({ ...intact, ...(await open(options)) }) as Cluster,
  }
  const error = await calibrate({
    target,
    sizes: calibrationSizes(3),
    clock: createVirtualClock(),
    measuredAt: '2026-01-01T00:00:00.000Z',
    machine: { cores: 1, memoryBytes: 1, system: 'Linux' },
    readMachine: () => {
      throw new Error('nothing is measured')
    },
    signal,
    emit: (event) => events.push(event),
  }).catch((thrown: unknown) => thrown)
  return { error, events }
}

describe('calibrate', () => {
  it('should ask for limits that nothing runs into, and leave heartbeats alone at first', async () => {
    let knobs: Record<string, unknown> = {}
    await calibrateOn((options) => {
      knobs = Object.fromEntries(options.knobs.map(({ knob, value }) => [knob.id, value]))
      return Promise.reject(new Failure('infrastructure', 'etcd died'))
    })
    expect(knobs).toMatchObject({ 'kubelet.kubeAPIQPS': 500, 'controllerManager.kubeApiQps': 1000 })
    expect(knobs).not.toHaveProperty('kubelet.nodeStatusUpdateFrequency')
  })

  it('should refuse a cluster that stays when the calibration is over, and let go of it', async () => {
    let isDisposedOf = false
    const { error } = await calibrateOn(async () => ({
      disposable: false,
      [Symbol.asyncDispose]: async () => {
        isDisposedOf = true
      },
    }))
    expect(error).toMatchObject({ kind: 'safety-refusal' })
    expect(isDisposedOf).toBe(true)
  })

  it('should take a refusal by the apiserver for trouble with the infrastructure, not for a bug', async () => {
    const { error } = await calibrateOn(() => Promise.reject(new ApiError(403, 'Forbidden', 'it is forbidden')))
    expect(error).toMatchObject({ name: 'Failure', kind: 'infrastructure', message: 'it is forbidden' })
  })

  it('should say what is left behind, and keep what went wrong before', async () => {
    const died = new Failure('infrastructure', 'etcd died')
    const broken = new AbortController()
    broken.abort(died)
    const { error } = await calibrateOn(async () => ({
      broken: broken.signal,
      [Symbol.asyncDispose]: () => Promise.reject(new Failure('residue', 'etcd still runs')),
    }))
    expect(error).toMatchObject({ kind: 'residue', message: 'Control plane: etcd still runs', cause: died })
  })

  it('should take the cluster away when it is interrupted', async () => {
    const ending = new AbortController()
    const reason = new Failure('interrupted', 'interrupted by SIGINT')
    let isDisposedOf = false
    const { error, events } = await calibrateOn(async () => {
      ending.abort(reason)
      return {
        [Symbol.asyncDispose]: async () => {
          isDisposedOf = true
        },
      }
    }, ending.signal)
    expect(error).toBe(reason)
    expect(isDisposedOf).toBe(true)
    expect(events.at(-1)).toMatchObject({ type: 'step-finished', stepId: 'clean-up' })
  })
})
