import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import type { ProcessSpec, Supervisor } from './processes.ts'
import { createSupervisor } from './processes.ts'

let folder: string
let supervisor: Supervisor
const never = new AbortController().signal

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-processes-'))
  supervisor = createSupervisor({
    logFolder: join(folder, 'logs'),
    env: { PATH: process.env['PATH'] ?? '', MARK: 'x' },
    clock: systemClock,
  })
})
afterEach(async () => {
  await supervisor.stop(0)
  rmSync(folder, { recursive: true })
})

const script = (text: string, rest: Partial<ProcessSpec> = {}) =>
  supervisor.start({ name: 'etcd', program: 'sh', args: ['-c', text], stage: 'storage', ...rest })

async function untilBroken(): Promise<Failure> {
  while (!supervisor.broken.aborted) await systemClock.sleep(5)
  return supervisor.broken.reason as Failure
}

const log = (name = 'etcd') => readFileSync(join(folder, 'logs', `${name}.log`), 'utf8')

async function untilLogged(text: string): Promise<void> {
  while (!log().includes(text)) await systemClock.sleep(5)
}

describe('start', () => {
  it('should log both outputs, in the given environment only, when a component runs', async () => {
    await script('echo "out $MARK $HOME."; echo err >&2; sleep 60')
    await untilLogged('err')
    expect(log()).toBe('out x .\nerr\n')
  })

  it('should keep standard output apart when it is wanted', async () => {
    const stdoutFile = join(folder, 'stdout')
    await script('echo out; echo err >&2; sleep 60', { stdoutFile, cwd: folder })
    await untilLogged('err')
    expect(log()).toBe('err\n')
    expect(readFileSync(stdoutFile, 'utf8')).toBe('out\n')
  })

  it('should give the component a session of its own, that a Ctrl-C does not reach', async () => {
    const { pid } = await script('sleep 60')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields 5 and 6 of proc_pid_stat(5): process group and session.
    expect(
      stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(2, 4),
    ).toEqual([String(pid), String(pid)])
  })

  it('should name the program when it is not there', async () => {
    const error = await supervisor
      .start({ name: 'etcd', program: '/nowhere/etcd', args: [], stage: 'storage' })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Failure)
    expect((error as Failure).message).toContain('etcd cannot be started')
    expect((error as Failure).next).toContain('/nowhere/etcd')
    expect(supervisor.broken.aborted).toBe(false)
  })
})

describe('broken', () => {
  it('should tell name, exit code and the last 15 lines when a component dies', async () => {
    await script('for i in $(seq 30); do echo "line $i"; done; exit 3')
    const failure = await untilBroken()
    expect(failure.kind).toBe('infrastructure')
    expect(failure.message).toContain('etcd died (exit code 3)')
    expect(failure.message.split('\n').slice(1)).toEqual(Array.from({ length: 15 }, (_, i) => `  line ${i + 16}`))
    expect(failure.next).toContain(join(folder, 'logs', 'etcd.log'))
  })

  it('should tell the signal when a component is killed (fault 39)', async () => {
    const { pid } = await script('sleep 60')
    process.kill(pid, 'SIGKILL')
    const failure = await untilBroken()
    expect(failure.message).toContain('etcd died (signal SIGKILL). Its log is empty')
    expect(failure.next).toContain('out of memory')
  })

  it('should be inconclusive, not broken infrastructure, when part of the fleet dies', async () => {
    const command = ['-c', 'exit 1']
    await supervisor.start({ name: 'hollow-1-to-50', program: '/bin/sh', args: command, stage: 'nodes' })
    const failure = await untilBroken()
    expect(failure.kind).toBe('inconclusive')
    expect(failure.message).toContain('hollow-1-to-50 died (exit code 1)')
  })

  it('should no longer list what has ended', async () => {
    const { pid } = await script('sleep 60')
    expect(supervisor.running()).toEqual([{ name: 'etcd', pid }])
    process.kill(pid, 'SIGKILL')
    await untilBroken()
    expect(supervisor.running()).toEqual([])
  })

  it('should stay quiet when the component is stopped', async () => {
    await script('sleep 60')
    expect(await supervisor.stop(1000)).toEqual([])
    expect(supervisor.broken.aborted).toBe(false)
  })
})

describe('waitUntilReady', () => {
  it('should try again when the probe fails at first', async () => {
    const process = await script('sleep 60')
    let tries = 0
    const probe = async () => {
      if (++tries < 3) throw new Error('not yet')
    }
    await supervisor.waitUntilReady(process, probe, { timeoutMs: 5000, signal: never })
    expect(tries).toBe(3)
  })

  it('should tell the last error and log lines when time is up', async () => {
    const process = await script('echo waiting for disk; sleep 60')
    await untilLogged('disk')
    const probe = () => Promise.reject(new Error('connection refused'))
    const waiting = supervisor.waitUntilReady(process, probe, { timeoutMs: 100, signal: never })
    await expect(waiting).rejects.toThrow(/etcd was not ready after 100 ms: connection refused.*\n {2}waiting for disk/)
  })

  it('should end when time is up though the probe hangs', async () => {
    const process = await script('sleep 60')
    const hanging = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const waiting = supervisor.waitUntilReady(process, hanging, { timeoutMs: 50, signal: never })
    await expect(waiting).rejects.toThrow('etcd was not ready after 50 ms. Its log is empty')
  })

  it('should end with the death of any component when one dies', async () => {
    const process = await script('sleep 60')
    await script('exit 1', { name: 'kube-apiserver' })
    const waiting = supervisor.waitUntilReady(process, () => Promise.reject(new Error('no')), {
      timeoutMs: 10_000,
      signal: never,
    })
    await expect(waiting).rejects.toThrow('kube-apiserver died (exit code 1)')
  })

  it.each([{ timeoutMs: 10_000 }, {}])(
    'should end with the reason when it is aborted, with or without a limit (%o)',
    async (limit) => {
      const process = await script('sleep 60')
      const abort = new AbortController()
      const reason = new Failure('interrupted', 'stop')
      const waiting = supervisor.waitUntilReady(process, () => Promise.reject(new Error('no')), {
        ...limit,
        signal: abort.signal,
      })
      abort.abort(reason)
      await expect(waiting).rejects.toBe(reason)
    },
  )
})

describe('stop', () => {
  it('should end all waiting when it is called', async () => {
    const process = await script('sleep 60')
    const probe = () => Promise.reject(new Error('no'))
    const waiting = supervisor.waitUntilReady(process, probe, { timeoutMs: 10_000, signal: never })
    const refused = expect(waiting).rejects.toThrow('the cluster is being taken away')
    await supervisor.stop(1000)
    await refused
  })

  it('should stop nodes first and storage last when all run', async () => {
    const order = join(folder, 'order')
    const says = (name: ProcessSpec['stage']) =>
      script(`trap 'echo ${name} >> ${order}; exit' TERM; echo up; while :; do sleep 0.01; done`, { name, stage: name })
    for (const stage of ['storage', 'control', 'nodes'] as const) {
      await says(stage)
      while (!log(stage).includes('up')) await systemClock.sleep(5)
    }
    await supervisor.stop(5000)
    expect(readFileSync(order, 'utf8').trim().split('\n')).toEqual(['nodes', 'control', 'storage'])
  })

  it('should kill what does not end by itself when the grace is over', async () => {
    const { pid } = await script(`trap '' TERM; echo up; while :; do sleep 0.01; done`)
    await untilLogged('up')
    expect(await supervisor.stop(50)).toEqual([])
    expect(existsSync(`/proc/${pid}`)).toBe(false)
  })

  it('should let nothing start when it was called', async () => {
    await supervisor.stop(0)
    await expect(script('sleep 60')).rejects.toThrow('the cluster is being taken away')
  })
})
