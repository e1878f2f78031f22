import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import type { ArmOutcome } from '../../src/result/result.ts'
import type { SampleLine } from '../../src/result/sample-line.ts'
import { findRemains, removeRemains } from '../../src/run/cleanup-clusters.ts'
import type { JournalRecord } from '../../src/run/journal.ts'
import { restoreSettings } from '../../src/run/restore-settings.ts'
import { remainsOf } from '../../src/run/resumption.ts'
import { backAndForth } from '../../src/run/schedule.ts'
import type { RemoteTargetOptions } from '../../src/targets/remote/index.ts'
import { remoteTarget } from '../../src/targets/remote/index.ts'
import type { Connect } from '../../src/targets/remote/reach.ts'
import type { SimulatedClusters } from './simulated.ts'
import { run, simulatedClusters } from './simulated.ts'

const never = () => new Promise<never>(() => {})

/** What one session of a run has left on its disk. */
interface Disk {
  journal: JournalRecord[]
  arms: ArmOutcome[]
  samples: SampleLine[]
}

/** One cluster, which programs re-tune for each arm: `settings` are those of the arm that it is set for, or its own. */
function tunedBench(bench: SimulatedClusters) {
  const base = bench.options('run-1')
  const [shared] = base.plan.remote?.targets ?? []
  if (shared === undefined) throw new Error('a target is missing')
  const { arms: _, ...target } = shared
  const remote = { targets: [target], retune: ['./retune.sh'], restore: ['./restore.sh'] }
  const state = { settings: 'its own', misuses: [] as string[] }
  const options: RemoteTargetOptions = {
    ...base,
    plan: { ...base.plan, remote, steps: base.plan.steps.slice(0, 1) },
    // Metrics have nothing to do with it, and pages of them take most of the time.
    connect(to) {
      const api = connected(base, to)
      return { ...api, readText: async (path, asked) => (path.endsWith('/metrics') ? '' : api.readText(path, asked)) }
    },
    async runProgram({ command: [program], arm }) {
      if (program === './retune.sh' && state.settings !== 'its own')
        state.misuses.push(`${arm}: re-tuned while it has the settings of ${state.settings}`)
      state.settings = program === './retune.sh' ? arm : 'its own'
      await base.clock.sleep(1000)
    },
  }
  return { options, state }
}

function connected({ connect }: RemoteTargetOptions, to: Parameters<Connect>[0]): ReturnType<Connect> {
  if (connect === undefined) throw new Error('the clusters have no connection')
  return connect(to)
}

/** The same, for a process that can be killed: from then on it sends nothing, hears nothing, and no time passes for it. */
function mortal(options: RemoteTargetOptions) {
  let isDead = false
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead) return never()
    try {
      return await work()
    } finally {
      if (isDead) await never()
    }
  }
  const clock: Clock = { ...options.clock, sleep: (ms, signal) => alive(() => options.clock.sleep(ms, signal)) }
  const connect: Connect = (to) => {
    const api = connected(options, to)
    return {
      ...api,
      create: (...args) => alive(() => api.create(...args)),
      get: (...args) => alive(() => api.get(...args)),
      count: (...args) => alive(() => api.count(...args)),
      patch: (...args) => alive(() => api.patch(...args)),
      delete: (...args) => alive(() => api.delete(...args)),
      readText: (...args) => alive(() => api.readText(...args)),
      async *list(...args) {
        for await (const page of api.list(...args)) yield await alive(async () => page)
      },
      async *watch(...args) {
        for await (const event of api.watch(...args)) yield await alive(async () => event)
      },
    }
  }
  const runProgram: RemoteTargetOptions['runProgram'] = (program) => alive(async () => options.runProgram?.(program))
  return {
    options: { ...options, clock, connect, runProgram },
    kill: () => {
      isDead = true
    },
  }
}

/** Runs until so many records are in the journal, and is killed then; to its end when there are fewer. */
async function session(from: RemoteTargetOptions, records: number): Promise<Disk & { isWhole: boolean }> {
  const { options, kill } = mortal(from)
  const disk: Disk = { journal: [], arms: [], samples: [] }
  const killed = Promise.withResolvers<false>()
  let isKilled = false
  const running = run(options, {
    emit(event) {
      if (event.type === 'step-progress' || isKilled) return
      disk.journal.push({ sequence: disk.journal.length, atMs: 0, ...event })
      if (disk.journal.length < records) return
      isKilled = true
      kill()
      killed.resolve(false)
    },
    onSample: (line) => void (isKilled || disk.samples.push(line)),
    onArm: (_, newest) => void (isKilled || disk.arms.push(newest)),
  })
  const isWhole = await Promise.race([killed.promise, running.then(() => true)])
  return { ...disk, isWhole }
}

/** Goes on with a run as `resume` does. */
async function resumed(options: RemoteTargetOptions, { journal, arms }: Disk, bench: SimulatedClusters) {
  const { plan, clock } = options
  const target = remoteTarget(options)
  const { signal } = new AbortController()
  const { planned } = backAndForth({ plan, target, machine: null })
  const { done, leftTuned } = remainsOf(planned, journal, arms)
  const clusters = Object.entries(bench.clusters).map(([context, { api }]) => ({
    ...{ role: 'target' as const, arms: [], context },
    api: { ...api, readText: async () => '' },
  }))
  const cleanup = { clusters, clock, now: options.now(), signal, print: () => {} }
  expect(await removeRemains(await findRemains('run-1', cleanup), cleanup)).toEqual({ left: [], next: [] })
  await restoreSettings(target, leftTuned, { signal, print: () => {} })
  const begun: string[] = []
  const samples: SampleLine[] = []
  const outcome = await run(options, {
    earlier: { ...done, resumptions: [{ at: '', armsDone: 0, afterArm: null, ranAgain: [] }] },
    emit(event) {
      if (event.type === 'step-started' && event.stepId === 'control-plane') begun.push(event.armId)
    },
    onSample: (line) => void samples.push(line),
  })
  return { ...outcome, begun, samples, done: done.arms.map(({ id }) => id) }
}

describe('a run on clusters that is killed', { timeout: 180_000 }, () => {
  it('should be resumed after any record of its journal, and leave the clusters as they were (fault 19)', async () => {
    let records = 0
    for (let isOver = false; !isOver; ) {
      records++
      await using bench = await simulatedClusters(['untuned'])
      const before = await bench.contents()
      const { options, state } = tunedBench(bench)
      const { isWhole, ...disk } = await session(options, records)
      isOver = isWhole
      if (isWhole) break
      const where = `killed at record ${records}: ${JSON.stringify(disk.journal.at(-1))}`
      const { result, error, begun, done, samples } = await resumed(options, disk, bench)
      expect(error, where).toBeUndefined()
      expect(
        result.arms.map(({ id, outcome, residue }) => [id, outcome, residue]),
        where,
      ).toEqual([
        ['untuned-1', 'complete', []],
        ['tuned-1', 'complete', []],
      ])
      // What was acknowledged stays as it is: its arm is not begun again, and nothing more is told of it.
      const finished = disk.journal.flatMap((record) => (record.type === 'arm-finished' ? [record['armId']] : []))
      expect([done, [...done, ...begun]], where).toEqual([finished, ['untuned-1', 'tuned-1']])
      expect(
        samples.some(({ armId }) => done.includes(armId)),
        where,
      ).toBe(false)
      for (const id of done)
        expect(
          disk.samples.some(({ armId }) => armId === id),
          where,
        ).toBe(true)
      expect([state.settings, state.misuses], where).toEqual(['its own', []])
      expect(await bench.contents(), where).toEqual(before)
    }
    expect(records).toBeGreaterThan(20)
  })
})
