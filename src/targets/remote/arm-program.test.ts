import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import { runArmProgram } from './arm-program.ts'

describe('runArmProgram', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scale-test-retune-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (script: string, signal = new AbortController().signal) =>
    runArmProgram({
      command: ['sh', '-c', script, 'retune.sh', '--restart'],
      arm: 'tuned',
      logFile: join(folder, 'logs', 'retune.log'),
      env: { PATH: process.env['PATH'], SETTING: 'kept' },
      clock: systemClock,
      signal,
    })
  const log = () => readFileSync(join(folder, 'logs', 'retune.log'), 'utf8')

  it('should run the program with the arm as its last argument and keep what it says', async () => {
    await run('echo "$@" $SETTING; echo warning >&2')
    expect(log()).toBe('--restart tuned kept\nwarning\n')
  })

  it('should quote the last line and say where the rest is when the program fails', async () => {
    await expect(run('echo starting; echo no such profile >&2; exit 3')).rejects.toMatchObject({
      kind: 'infrastructure',
      message: 'sh tuned ended with status 3: no such profile',
      next: expect.stringContaining(join('logs', 'retune.log')),
    })
  })

  it('should say so when there is no such program', async () => {
    const command = ['/nowhere/retune.sh']
    const rest = { arm: 'tuned', logFile: join(folder, 'x.log'), env: {}, clock: systemClock }
    await expect(runArmProgram({ ...rest, command, signal: new AbortController().signal })).rejects.toMatchObject({
      kind: 'infrastructure',
      message: expect.stringMatching(/retune\.sh could not be started: .*ENOENT/),
    })
  })

  it('should say so when the program fails without a word', async () => {
    await expect(run('exit 1')).rejects.toMatchObject({ message: 'sh tuned ended with status 1 without any output' })
  })

  it('should not start the program when the run has been interrupted', async () => {
    const reason = new Failure('interrupted', 'interrupted by SIGINT')
    await expect(run('echo started', AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})
