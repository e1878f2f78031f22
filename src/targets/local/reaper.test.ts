import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { findLeftovers, findMarked, isGuarded, removeLeftovers, runMark, stateFolderOf } from './leftovers.ts'

let folder: string
let runId: string
let stateFolder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-reaper-'))
  runId = `unit-${process.pid}-${folder.slice(-6)}`
  stateFolder = stateFolderOf(folder)
  mkdirSync(join(stateFolder, 'tuned-1', 'etcd'), { recursive: true })
  writeFileSync(join(stateFolder, 'tuned-1', 'etcd', 'data'), 'x')
  mkdirSync(join(folder, 'logs'))
})
afterEach(async () => {
  await removeLeftovers({ runId, stateFolder }, systemClock)
  rmSync(folder, { recursive: true })
})

const marked = (of = runId): ChildProcess =>
  spawn('sleep', ['600'], { env: { PATH: process.env['PATH'], [runMark]: of }, detached: true, stdio: 'ignore' })

async function until(condition: () => boolean, withinMs = 20_000): Promise<void> {
  for (const endMs = systemClock.nowMs() + withinMs; !condition(); await systemClock.sleep(10)) {
    if (systemClock.nowMs() > endMs) throw new Error('it did not come to that')
  }
}

/** A process that guards the run, starts a component that ignores polite signals, and does `last` once that is seen. */
async function orchestrator(last: string, start: readonly string[] = [process.execPath]): Promise<ChildProcess> {
  const main = join(folder, 'orchestrator.mjs')
  writeFileSync(
    main,
    `import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startReaper } from ${JSON.stringify(join(import.meta.dirname, 'reaper.ts'))}
const reaper = await startReaper(${JSON.stringify({ runId, stateFolder })})
const env = { PATH: process.env.PATH, ${runMark}: ${JSON.stringify(runId)} }
const child = spawn('sh', ['-c', 'trap "" TERM INT HUP; sleep 600 & sleep 600'], { env, detached: true, stdio: 'ignore' })
child.unref()
console.log(reaper.isAlive())
await once(process.stdin, 'data')
process.stdin.destroy()
${last}
`,
  )
  const [program = '', ...args] = start
  const child = spawn(program, [...args, main], { detached: true, stdio: ['pipe', 'pipe', 'ignore'] })
  await once(child.stdout as NodeJS.EventEmitter, 'data')
  await until(() => findMarked(runId).length === 3)
  child.stdin?.end('go on')
  return child
}

const isReaped = () => findMarked(runId).length === 0 && !existsSync(stateFolder) && !isGuarded(runId)

describe('startReaper', () => {
  it.each(['SIGKILL', 'SIGINT'] as const)(
    'should remove processes and state, and end, when the whole process group gets %s (fault 40)',
    async (signal) => {
      const child = await orchestrator('setInterval(() => {}, 1e9)')
      expect(isGuarded(runId)).toBe(true)
      process.kill(-(child.pid ?? 0), signal)
      await until(isReaped)
      expect(existsSync(join(folder, 'logs'))).toBe(true)
    },
  )

  it.each([
    ['crashes', `throw new Error('bug')`],
    ['exits', 'process.exit(0)'],
    ['comes to its end', ''],
  ])('should remove processes and state, and end, when the orchestrator %s', async (_, last) => {
    await orchestrator(last)
    await until(isReaped)
  })

  describe('when the orchestrator is out of memory (fault 40)', () => {
    const eating = 'const eaten = []; for (;;) eaten.push(new Array(100_000).fill(eaten.length))'

    it('should remove processes and state, and end: Node gives up', async () => {
      const child = await orchestrator(eating, [process.execPath, '--max-old-space-size=40'])
      const [status, signal] = await endOf(child)
      // A shell tells SIGABRT as 134.
      expect([status, signal]).toEqual([null, 'SIGABRT'])
      await until(isReaped)
    })

    it('should remove processes and state, and end: the kernel kills it (root only)', async ({ skip }) => {
      const cgroup = memoryCgroup(100 * 2 ** 20)
      if (cgroup === undefined) return skip('this user may not limit the memory of a process')
      try {
        const child = await orchestrator(eating, [
          'sh',
          '-c',
          `echo $$ > ${cgroup}/cgroup.procs; exec "$0" "$@"`,
          process.execPath,
        ])
        expect(await endOf(child)).toEqual([null, 'SIGKILL'])
        await until(isReaped)
      } finally {
        await until(() => remove(cgroup))
      }
    })
  })
})

/** How a process ended: its status, or the signal. */
async function endOf(child: ChildProcess): Promise<[status: number | null, signal: NodeJS.Signals | null]> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return [child.exitCode, child.signalCode]
}

/** A control group below that of this process, whose processes may have so much memory together; undefined where there can be none. */
function memoryCgroup(limitBytes: number): string | undefined {
  const own = readFileSync('/proc/self/cgroup', 'utf8')
  const [v1, v2] = [/^\d+:memory:(.*)$/m.exec(own)?.[1], /^0::(.*)$/m.exec(own)?.[1]]
  const ways: [parent: string, file: string][] = [
    ...(v1 === undefined
      ? []
      : [[join('/sys/fs/cgroup/memory', v1), 'memory.limit_in_bytes'] satisfies [string, string]]),
    ...(v2 === undefined ? [] : [[join('/sys/fs/cgroup', v2), 'memory.max'] satisfies [string, string]]),
  ]
  for (const [parent, file] of ways) {
    const cgroup = join(parent, runId)
    try {
      mkdirSync(cgroup)
    } catch {
      continue
    }
    try {
      writeFileSync(join(cgroup, file), String(limitBytes))
      return cgroup
    } catch {
      rmdirSync(cgroup)
    }
  }
  return undefined
}

/** Whether an empty control group is gone now. */
function remove(cgroup: string): boolean {
  try {
    rmdirSync(cgroup)
    return true
  } catch {
    return false
  }
}

describe('dismiss', () => {
  it('should leave processes and state when the orchestrator ends, for cleanup to find', async () => {
    const child = await orchestrator('await reaper.dismiss(); console.log("dismissed"); process.exit(0)')
    // It may have ended by now.
    expect(await endOf(child)).toEqual([0, null])
    expect(isGuarded(runId)).toBe(false)
    expect(findMarked(runId)).toHaveLength(3)
    expect(findLeftovers({ runId, stateFolder })).toEqual([
      { kind: 'process', names: expect.arrayContaining([expect.stringMatching(/^sh \(\d+\)$/)]) },
      { kind: 'folder', names: [stateFolder] },
    ])
    const { killed, residue } = await removeLeftovers({ runId, stateFolder }, systemClock)
    expect([killed.length, residue]).toEqual([3, []])
    expect(findLeftovers({ runId, stateFolder })).toEqual([])
  })
})

describe('removeLeftovers', () => {
  it('should kill this run’s processes only, and tell which', async () => {
    const [ours, theirs] = [marked(), marked(`${runId}-other`)]
    try {
      await until(() => findMarked(runId).length === 1)
      const removal = await removeLeftovers({ runId, stateFolder }, systemClock)
      expect(removal).toEqual({ killed: [{ pid: ours.pid, runId, program: 'sleep' }], survivors: [], residue: [] })
      expect(findMarked(`${runId}-other`).map(({ pid }) => pid)).toEqual([theirs.pid])
      expect(existsSync(stateFolder)).toBe(false)
    } finally {
      theirs.kill('SIGKILL')
    }
  })

  it('should do nothing when nothing is left', async () => {
    rmSync(stateFolder, { recursive: true })
    expect(await removeLeftovers({ runId, stateFolder }, systemClock)).toEqual({
      killed: [],
      survivors: [],
      residue: [],
    })
  })
})

describe('findMarked', () => {
  it('should find every run’s processes when no run is named', async () => {
    marked()
    await until(() => findMarked().some((found) => found.runId === runId))
  })
})
