import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from './clock.ts'
import { Failure } from './errors.ts'
import { runProgram } from './shell.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shell-'))
})
afterEach(() => {
  for (const pid of markedProcesses()) process.kill(pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Whatever a program of this test has started and has not ended, by its environment. */
function markedProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`MARK=${folder}`)
      } catch {
        return false
      }
    })
}

async function until(condition: () => boolean): Promise<void> {
  for (const endMs = systemClock.nowMs() + 10_000; !condition(); await systemClock.sleep(10)) {
    if (systemClock.nowMs() > endMs) throw new Error('it did not come to that')
  }
}

const logFile = () => join(folder, 'logs', 'program.log')
const log = () => readFileSync(logFile(), 'utf8')
const optionsOf = (script: string, signal = new AbortController().signal, limitMs = 60_000) => ({
  command: ['sh', '-c', script],
  env: { PATH: process.env['PATH'], MARK: folder, UNSET: undefined },
  logFile: logFile(),
  clock: systemClock,
  limitMs,
  signal,
})
const interruption = new Failure('interrupted', 'interrupted by SIGINT')

describe('runProgram', () => {
  it('should hand arguments over as they are, keep what is said on both outputs, and tell the status', async () => {
    const command = ['sh', '-c', 'printf "%s|" "$@"; echo trouble >&2; exit 3', 'sh', 'a b', '$(id)', "'"]
    const end = await runProgram({ ...optionsOf(''), command })
    expect(end).toEqual({ status: 3, endedBy: null, isLate: false })
    expect(log()).toBe("a b|$(id)|'|trouble\n")
  })

  it.each([
    ['ends', 'sleep 600 & sleep 600 & exit 0', { status: 0 }],
    ['fails', 'sleep 600 & exit 7', { status: 7 }],
    ['is killed', 'sleep 600 & kill -9 $$', { endedBy: 'SIGKILL' }],
  ])('should leave nothing of it running when the program %s (review 5)', async (_, script, end) => {
    expect(await runProgram(optionsOf(script))).toMatchObject(end)
    await until(() => markedProcesses().length === 0)
  })

  it.each([
    ['its children', 'sleep 600 & sleep 600 & wait'],
    ['children that ignore SIGTERM', 'trap "" TERM; sleep 600 & sleep 600 & wait; sleep 600'],
    ['children that outlive it', '(trap "" TERM; sleep 600; sleep 600) & wait'],
  ])('should end the program and %s when it is interrupted', async (_, script) => {
    const ending = new AbortController()
    const running = runProgram(optionsOf(script, ending.signal))
    running.catch(() => {})
    await until(() => markedProcesses().length >= 2)
    ending.abort(interruption)
    await expect(running).rejects.toBe(interruption)
    await until(() => markedProcesses().length === 0)
  })

  it('should let the program put things back when it is interrupted', async () => {
    const ending = new AbortController()
    const running = runProgram(optionsOf('trap "echo put back; exit" TERM; echo on; sleep 600 & wait', ending.signal))
    running.catch(() => {})
    await until(() => readFileSync(logFile(), 'utf8').includes('on'))
    ending.abort(interruption)
    await expect(running).rejects.toBe(interruption)
    expect(log()).toContain('put back')
  })

  it('should end the program and its children when its time is up, and say so', async () => {
    const late = runProgram(optionsOf('sleep 600 & sleep 600', undefined, 100))
    expect(await late).toEqual({ status: null, endedBy: null, isLate: true })
    await until(() => markedProcesses().length === 0)
  })

  it('should end the program and its children when the orchestrator leaves at once', async () => {
    const main = join(folder, 'main.mjs')
    const options = { ...optionsOf('sleep 600 & sleep 600'), signal: undefined, clock: undefined }
    writeFileSync(
      main,
      `import { runProgram } from ${JSON.stringify(join(import.meta.dirname, 'shell.ts'))}
import { systemClock as clock } from ${JSON.stringify(join(import.meta.dirname, 'clock.ts'))}
process.on('SIGUSR1', () => process.exit(0))
await runProgram({ ...${JSON.stringify(options)}, clock, signal: new AbortController().signal })
`,
    )
    const child = spawn(process.execPath, [main], { stdio: 'inherit' })
    const exited = once(child, 'exit')
    await until(() => markedProcesses().length >= 2)
    child.kill('SIGUSR1')
    await exited
    await until(() => markedProcesses().length === 0)
  })

  it.each([
    ['is not there', () => join(folder, 'nowhere.sh'), /nowhere\.sh could not be started: .*ENOENT/],
    [
      'may not be executed',
      () => {
        writeFileSync(join(folder, 'plain.sh'), '#!/bin/sh\n')
        chmodSync(join(folder, 'plain.sh'), 0o600)
        return join(folder, 'plain.sh')
      },
      /plain\.sh could not be started: .*EACCES/,
    ],
    ['has a zero byte in its name', () => 'a\0b', /could not be started/],
  ])('should say so when the program %s', async (_, program, message) => {
    const failing = runProgram({ ...optionsOf(''), command: [program()] })
    await expect(failing).rejects.toMatchObject({ kind: 'infrastructure', message: expect.stringMatching(message) })
  })

  it('should say so, and start nothing, when its output cannot be kept (review 5)', async () => {
    writeFileSync(join(folder, 'logs'), 'a file where the folder is to be')
    await expect(runProgram(optionsOf('sleep 600'))).rejects.toMatchObject({
      kind: 'infrastructure',
      message: `${join(folder, 'logs')} is not a folder`,
    })
    expect(markedProcesses()).toEqual([])
  })
})
