import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/errors.ts'
import { exitCodeOf } from '../../src/cli/exit.ts'
import { ApiError } from '../../src/kube/api.ts'
import { findRemains, removeRemains } from '../../src/run/cleanup-clusters.ts'
import type { RunEvent } from '../../src/run/events.ts'
import { restoreSettings } from '../../src/run/restore-settings.ts'
import type { RemoteTargetOptions } from '../../src/targets/remote/index.ts'
import { remoteTarget } from '../../src/targets/remote/index.ts'
import type { Connect } from '../../src/targets/remote/reach.ts'
import { viewFor } from '../../src/testing/reports.ts'
import type { SimulatedClusters } from './simulated.ts'
import { run, simulatedClusters } from './simulated.ts'

type RunProgram = NonNullable<RemoteTargetOptions['runProgram']>

const lease = { resource: 'leases', namespace: 'kube-system', name: 'scale-test' } as const
const noProfile = new Failure('infrastructure', './retune.sh tuned ended with status 1: no such profile')

/** One cluster for both arms, with a program for each way; `ran` is what ran, and for how long the Lease lasted meanwhile. */
function tunedByPrograms(bench: SimulatedClusters, more: { restore?: false; program?: RunProgram } = {}) {
  const base = bench.options('run-1')
  const [shared] = base.plan.remote?.targets ?? []
  if (shared === undefined) throw new Error('a target is missing')
  const { arms: _, ...target } = shared
  const ran: string[] = []
  const runProgram: RunProgram = async (program) => {
    const { spec } = (await bench.clusters['untuned']?.api.get(lease)) ?? {}
    ran.push(`${program.command.join(' ')} ${program.arm}, ${spec?.leaseDurationSeconds} s`)
    await base.clock.sleep(30_000, program.signal)
    await more.program?.(program)
  }
  const programs = { retune: ['./retune.sh', '-v'], ...(more.restore !== false && { restore: ['./restore.sh'] }) }
  const options = { ...base, plan: { ...base.plan, remote: { targets: [target], ...programs } }, runProgram }
  return { ran, options }
}

const oneArm = ({ options }: { options: RemoteTargetOptions }) => ({
  ...options,
  plan: { ...options.plan, arms: options.plan.arms.slice(1) },
})

describe('programs that change the settings of a target', () => {
  it('should run around each arm, each with the arm’s name, while the Lease lasts longer', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const before = await bench.contents()
    const { options, ran } = tunedByPrograms(bench)
    const { result, error } = await run(options)
    expect(error).toBeUndefined()
    expect(ran).toEqual([
      './retune.sh -v untuned, 300 s',
      './restore.sh untuned, 300 s',
      './retune.sh -v tuned, 300 s',
      './restore.sh tuned, 300 s',
    ])
    expect(result.arms.map(({ outcome, residue }) => [outcome, residue])).toEqual([
      ['complete', []],
      ['complete', []],
    ])
    expect(await bench.contents()).toEqual(before)
  })

  it('should be a step of their own, as the outline says, which is undone between the fleet and the control plane', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const events: RunEvent[] = []
    const options = oneArm(tunedByPrograms(bench))
    await run(options, { emit: (event) => events.push(event) })
    const outline = events.flatMap((event) => (event.type === 'run-started' ? (event.outline[0]?.steps ?? []) : []))
    const started = events.flatMap((event) => (event.type === 'step-started' ? [event.stepId] : []))
    expect(started).toEqual(outline.map(({ stepId }) => stepId))
    expect(started.slice(0, 3)).toEqual(['control-plane', 'tuning', 'fleet'])
    const texts = (step: string) =>
      events.flatMap((event) => (event.type === 'step-progress' && event.stepId === step ? (event.text ?? []) : []))
    expect(texts('tuning')).toEqual(['./retune.sh tuned, ./restore.sh tuned afterwards', 'waiting for the apiserver'])
    expect(texts('clean-up').slice(-5)).toEqual([
      '2 nodes of the cluster',
      'Tuning',
      './restore.sh tuned',
      'waiting for the apiserver',
      'Control plane',
    ])
  })

  it('should be over before anything is read of the cluster', async () => {
    await using bench = await simulatedClusters(['untuned'])
    let version = 'v1.36.3'
    const program: RunProgram = async ({ arm }) => {
      version = `v1.36.4-${arm}`
    }
    const options = oneArm(tunedByPrograms(bench, { program }))
    const { result, error } = await run({
      ...options,
      connect: connectWith(options, async (path, read) =>
        path === '/version' ? JSON.stringify({ gitVersion: version }) : read(),
      ),
    })
    expect(error).toBeUndefined()
    expect(result.versions['kube-apiserver']).toBe('v1.36.4-tuned')
    expect(result.arms[0]?.retunedMs).toBeGreaterThanOrEqual(30_000)
    expect(result.arms[0]?.waitedForLeaseMs).toBeLessThan(1000)
  })

  it('should restore what a killed session of the run has changed, under a Lease, before it goes on (faults 29, 32)', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const before = await bench.contents()
    const { options, ran } = tunedByPrograms(bench)
    const said: string[] = []
    const arm = { id: 'tuned-1', name: 'tuned', repetition: 1, kubernetes: undefined }
    const signal = new AbortController().signal
    await restoreSettings(remoteTarget(options), [arm], { signal, print: (line) => said.push(line) })
    expect(ran).toEqual(['./restore.sh tuned, 300 s'])
    expect(said).toEqual(['tuned-1: ./restore.sh tuned', 'tuned-1: waiting for the apiserver'])
    expect(await bench.contents()).toEqual(before)
  })

  it('should restore what a program has half done that fails (fault 29)', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const program: RunProgram = async ({ command }) => {
      if (command[0] === './retune.sh') throw noProfile
    }
    const scene = tunedByPrograms(bench, { program })
    const outcome = await run(oneArm(scene))
    expect(outcome.error).toBe(noProfile)
    expect(scene.ran.at(-1)).toBe('./restore.sh tuned, 300 s')
    expect(outcome.result.arms[0]).toMatchObject({ outcome: 'failed', residue: [] })
    expect(exitCodeOf(outcome, undefined)).toBe(5)
  })

  it('should restore also what has taken the apiserver away, which is not waited for (fault 30)', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const before = await bench.contents()
    let isAway = false
    const program: RunProgram = async ({ command }) => {
      isAway = command[0] === './retune.sh'
      if (isAway) throw noProfile
    }
    const scene = tunedByPrograms(bench, { program })
    const options = oneArm(scene)
    const unlessAway = async <T>(work: () => Promise<T>) => {
      if (isAway) throw new ApiError(503, 'ServiceUnavailable', 'connection refused')
      return work()
    }
    const connect = connectWith(options, (_, read) => unlessAway(read))
    const outcome = await run({
      ...options,
      connect: (to) => {
        const connection = connect(to)
        return { ...connection, patch: (...given) => unlessAway(() => connection.patch(...given)) }
      },
    })
    expect(outcome.error).toBe(noProfile)
    expect(scene.ran).toHaveLength(2)
    expect(outcome.result.arms[0]?.residue).toEqual([])
    expect(await bench.contents()).toEqual(before)
  })

  it('should restore when Ctrl-C comes while a program runs (faults 18, 29)', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const scene = tunedByPrograms(bench)
    const interruption = new AbortController()
    const outcome = await run(scene.options, {
      signal: interruption.signal,
      emit(event) {
        if (event.type !== 'step-started' || event.stepId !== 'tuning') return
        void scene.options.clock
          .sleep(10_000)
          .then(() => interruption.abort(new Failure('interrupted', 'interrupted by SIGINT')))
      },
    })
    expect(scene.ran).toEqual(['./retune.sh -v untuned, 300 s', './restore.sh untuned, 300 s'])
    expect(outcome.result.arms.map(({ residue }) => residue)).toEqual([[]])
    expect(exitCodeOf(outcome, 'SIGINT')).toBe(130)
  })

  it('should be told of, with what was said and where the rest is, when they do not restore (fault 29)', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const before = await bench.contents()
    const program: RunProgram = async ({ command, logFile }) => {
      if (command[0] === './retune.sh') throw noProfile
      const what = './restore.sh tuned ended with status 3: no backup'
      throw new Failure('infrastructure', what, { next: `Its output is in ${logFile}` })
    }
    const outcome = await run(oneArm(tunedByPrograms(bench, { program })))
    expect(outcome.error).toBe(noProfile)
    expect(outcome.result.arms[0]?.residue).toEqual([
      expect.stringMatching(
        /^Tuning: settings may not have been restored: \.\/restore\.sh tuned ended with status 3: no backup\. Its output is in .*logs\/tuned-1\/restore\.log$/,
      ),
    ])
    expect(exitCodeOf(outcome, undefined)).toBe(6)
    expect(await bench.contents()).toEqual(before)
  })

  it('should touch nothing any more when the Lease is lost, and tell that settings stay', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const scene = tunedByPrograms(bench)
    const outcome = await run(oneArm(scene), {
      emit(event) {
        if (event.type !== 'step-started' || event.stepId !== 'fleet') return
        void (async () => {
          const api = bench.clusters['untuned']?.api
          const { uid = '' } = (await api?.get(lease))?.metadata ?? {}
          await api?.delete(lease, { uid })
        })()
      },
      plan: { ...oneArm(scene).plan, probes: { ...scene.options.plan.probes, settle: 60_000 } },
    })
    expect(outcome.error).toMatchObject({ kind: 'lost' })
    expect(scene.ran).toEqual(['./retune.sh -v tuned, 300 s'])
    expect(outcome.result.arms[0]?.residue).toEqual([
      expect.stringMatching(
        /^Tuning: settings may not have been restored: the cluster's Lease was lost: somebody deleted it$/,
      ),
    ])
  })

  it('should restore nothing when the Lease is lost before anything was set', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const scene = tunedByPrograms(bench)
    const options = oneArm(scene)
    const { connect } = options
    if (connect === undefined) throw new Error('the clusters have no connection')
    const patch = () => Promise.reject(new ApiError(503, 'ServiceUnavailable', 'overloaded'))
    const outcome = await run({ ...options, connect: (to) => ({ ...connect(to), patch }) })
    expect(outcome.error).toMatchObject({ kind: 'lost' })
    expect(scene.ran).toEqual([])
    expect(outcome.result.arms[0]?.residue).toEqual([])
  })

  it('should be ended when the Lease is lost while they restore', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const ended: unknown[] = []
    const program: RunProgram = async ({ command, signal }) => {
      if (command[0] === './retune.sh') return
      const api = bench.clusters['untuned']?.api
      const { uid = '' } = (await api?.get(lease))?.metadata ?? {}
      await api?.delete(lease, { uid })
      await scene.options.clock.sleep(500_000, signal).catch((error: unknown) => {
        ended.push(error)
        throw error
      })
    }
    const scene = tunedByPrograms(bench, { program })
    const outcome = await run(oneArm(scene))
    expect(ended).toMatchObject([{ kind: 'lost' }])
    expect(outcome.error).toBeUndefined()
    expect(exitCodeOf(outcome, undefined)).toBe(6)
  })

  it.each([
    [60_000, 'complete', undefined],
    [600_000, 'failed', 'the apiserver is not ready after it was re-tuned: connection refused'],
  ] as const)('should have the apiserver waited for, which takes %d ms (fault 30)', async (awayMs, ending, message) => {
    await using bench = await simulatedClusters(['untuned'])
    let untilMs = 0
    const program: RunProgram = async ({ command }) => {
      untilMs = command[0] === './retune.sh' ? options.clock.nowMs() + awayMs : 0
    }
    const options = oneArm(tunedByPrograms(bench, { program }))
    const connect = connectWith(options, (_, read) =>
      options.clock.nowMs() < untilMs
        ? Promise.reject(new ApiError(503, 'ServiceUnavailable', 'connection refused'))
        : read(),
    )
    const outcome = await run({ ...options, connect })
    expect(outcome.result.arms[0]).toMatchObject({ outcome: ending, residue: [] })
    expect(outcome.error instanceof Failure ? outcome.error.message : undefined).toBe(message)
  })

  it('should make the report say once that settings stay where none puts them back', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const caveatsOf = async (more: { restore?: false }) =>
      viewFor((await run(tunedByPrograms(bench, more).options)).result).caveats.filter(({ title }) =>
        title.startsWith('Settings that'),
      )
    expect(await caveatsOf({ restore: false })).toEqual([
      {
        severity: 'warn',
        title: 'Settings that were not restored',
        places: ['each target keeps the last arm’s settings; remote.restore can name a program that restores them'],
      },
    ])
    expect(await caveatsOf({})).toEqual([])
  })
})

/** Pages are read by way of `reads`. */
function connectWith(
  { connect }: RemoteTargetOptions,
  reads: (path: string, read: () => Promise<string>) => Promise<string>,
): Connect {
  if (connect === undefined) throw new Error('the clusters have no connection')
  return (to) => {
    const connection = connect(to)
    return { ...connection, readText: (path, asked) => reads(path, () => connection.readText(path, asked)) }
  }
}

describe('an arm that fails, with --keep', () => {
  it('should leave what it created, restore the settings, let go of the Lease, and end the run there', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const before = await bench.contents()
    const { options, ran } = tunedByPrograms(bench)
    const outcome = await run(options, {
      keep: true,
      emit(event) {
        if (event.type === 'step-finished' && event.stepId === 'probe-target')
          throw new Failure('inconclusive', 'pods are late')
      },
    })
    expect(exitCodeOf(outcome, undefined)).toBe(4)
    expect(outcome.kept).toEqual({
      arm: 'untuned-1',
      look: [
        expect.stringMatching(
          /^kubectl --kubeconfig \S+ --context untuned get nodes,namespaces -l scale-test\/run=run-1$/,
        ),
      ],
    })
    expect(outcome.result).toMatchObject({ partial: true, verdict: 'inconclusive', arms: [{ residue: [] }] })
    expect(ran.map((line) => line.split(',')[0])).toEqual(['./retune.sh -v untuned', './restore.sh untuned'])
    const left = (await bench.contents()).filter((one) => !before.includes(one))
    expect(left.filter((one) => / (deployments|leases) /.test(one))).toEqual(['untuned deployments run-1-probe/probe'])
    const [{ api } = { api: undefined }] = Object.values(bench.clusters)
    if (api === undefined) throw new Error('the cluster is missing')
    const { clock } = options
    const cleanup = {
      clusters: [{ role: 'target' as const, arms: [], context: 'untuned', api: { ...api, readText: async () => '' } }],
      ...{ clock, now: options.now(), signal: new AbortController().signal, print: () => {} },
    }
    expect(await removeRemains(await findRemains(undefined, cleanup), cleanup)).toEqual({ left: [], next: [] })
    expect(await bench.contents()).toEqual(before)
  })

  it('should be torn down as always where somebody interrupts the run', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const before = await bench.contents()
    const { options } = tunedByPrograms(bench)
    const interruption = new AbortController()
    const outcome = await run(options, {
      keep: true,
      signal: interruption.signal,
      emit(event) {
        if (event.type === 'step-finished' && event.stepId === 'probe-target')
          interruption.abort(new Failure('interrupted', 'interrupted by SIGINT'))
      },
    })
    expect(exitCodeOf(outcome, 'SIGINT')).toBe(130)
    expect(outcome.kept).toBeUndefined()
    expect(await bench.contents()).toEqual(before)
  })
})
