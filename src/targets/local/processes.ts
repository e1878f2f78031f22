import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { formatDuration } from '../../base/duration.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import { closeFile, makeFolder, openForChild } from '../../base/files.ts'
import { tailOf } from '../../base/tail.ts'
import { untilGone } from './until-gone.ts'

/** How to start a component. */
export interface ProcessSpec {
  /** What it is called in messages; its log is `<name>.log`. */
  name: string
  program: string
  args: readonly string[]
  cwd?: string
  /** What it finds in its environment beside what every component does. */
  env?: Readonly<Record<string, string>> | undefined
  /** Where its standard output goes; to its log when absent. */
  stdoutFile?: string
  /** Components of a later stage need those of earlier ones, and are stopped before them. */
  stage: 'storage' | 'control' | 'nodes'
}

/** A component that was started. */
export interface RunningProcess {
  readonly name: string
  readonly pid: number
  readonly logFile: string
}

/** Starts components and notices when one of them ends. */
export interface Supervisor {
  /** Aborts with a `Failure` when a component ends that nobody stopped: its name, how it ended, its last words. */
  readonly broken: AbortSignal
  /** Throws `Failure('infrastructure')` when the program cannot be started. */
  start(spec: ProcessSpec): Promise<RunningProcess>
  /** Every component that was started and has not ended. */
  running(): { name: string; pid: number }[]
  /**
   * Tries `probe` until it succeeds. Throws the reason of `signal` or `broken` when one aborts,
   * `Failure('interrupted')` when `stop` is called, and `Failure('infrastructure')` with the probe's last error when
   * `timeoutMs` are over, for as long as `signal` allows without.
   */
  waitUntilReady(
    process: RunningProcess,
    probe: (signal: AbortSignal) => Promise<unknown>,
    options: { timeoutMs?: number; signal: AbortSignal },
  ): Promise<void>
  /**
   * Stops all components, stage by stage: SIGTERM, SIGKILL after `graceMs`, and as long as it then takes. None can be started from then on.
   * Returns the names of those that even SIGKILL did not end.
   */
  stop(graceMs: number): Promise<string[]>
}

export interface SupervisorOptions {
  logFolder: string
  /** The whole environment of every component: etcd, for one, takes settings from any ETCD_* variable it finds. */
  env: Readonly<Record<string, string>>
  clock: Clock
}

const pollMs = 25
const lastLines = 15

/** Creates `logFolder` if need be. */
export function createSupervisor({ logFolder, env, clock }: SupervisorOptions): Supervisor {
  makeFolder(logFolder)
  const breaking = new AbortController()
  const started: StartedProcess[] = []
  const stopping = new AbortController()

  return {
    broken: breaking.signal,

    async start({ name, program, args, cwd, env: own, stdoutFile, stage }) {
      stopping.signal.throwIfAborted()
      const logFile = join(logFolder, `${name}.log`)
      const log = openForChild(logFile, 'a')
      const stdout = stdoutFile === undefined ? log : openForChild(stdoutFile, 'w')
      // A session of its own: Ctrl-C is for the orchestrator, which then stops components in good order.
      const child = spawn(program, args, {
        env: { ...own, ...env },
        cwd,
        detached: true,
        stdio: ['ignore', stdout, log],
      })
      for (const file of new Set([log, stdout])) closeFile(file)
      const spawned = once(child, 'spawn')
      const ended = once(child, 'exit').then(
        ([code, signal]) => {
          if (!stopping.signal.aborted) breaking.abort(death({ name, stage }, logFile, code, signal))
        },
        () => undefined,
      )
      started.push({
        name,
        stage,
        ended,
        kill: (signal) => child.kill(signal),
        livePid: () => (child.exitCode === null && child.signalCode === null ? child.pid : undefined),
      })
      try {
        await spawned
      } catch (error) {
        throw new Failure('infrastructure', `${name} cannot be started: ${messageOf(error)}`, {
          next: `Check that ${program} is there and executable`,
        })
      }
      // One that was spawned has a number.
      return { name, pid: child.pid as number, logFile }
    },

    running: () =>
      started.flatMap(({ name, livePid }) => {
        const pid = livePid()
        return pid === undefined ? [] : [{ name, pid }]
      }),
    async waitUntilReady(process, probe, { timeoutMs, signal }) {
      const late = new AbortController()
      const done = new AbortController()
      if (timeoutMs !== undefined)
        clock.sleep(timeoutMs, done.signal).then(
          () => late.abort(),
          () => undefined,
        )
      const ending = AbortSignal.any([signal, breaking.signal, stopping.signal, late.signal])
      let lastError: unknown
      try {
        for (;;) {
          try {
            await probe(ending)
            return
          } catch (error) {
            if (!ending.aborted) lastError = error
          }
          await clock.sleep(pollMs, ending)
        }
      } catch (error) {
        if (timeoutMs === undefined || ending.reason !== late.signal.reason) throw error
        throw lateness(process, timeoutMs, lastError)
      } finally {
        done.abort()
      }
    },

    async stop(graceMs) {
      stopping.abort(new Failure('interrupted', 'the cluster is being taken away'))
      const survivors: string[] = []
      for (const stage of ['nodes', 'control', 'storage'] satisfies ProcessSpec['stage'][]) {
        const processes = started.filter((process) => process.stage === stage)
        for (const { kill } of processes) kill('SIGTERM')
        await givenTime(
          processes.map(({ ended }) => ended),
          graceMs,
          clock,
        )
        for (const { kill } of processes) kill('SIGKILL')
        const left = await untilGone(() => processes.filter(({ livePid }) => livePid() !== undefined), clock)
        survivors.push(...left.map(({ name }) => name))
      }
      return survivors
    },
  }
}

interface StartedProcess {
  name: string
  stage: ProcessSpec['stage']
  ended: Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Undefined before it runs and after it ended. */
  livePid(): number | undefined
}

/** Waits until all have ended, but no longer than that. */
async function givenTime(ended: readonly Promise<void>[], durationMs: number, clock: Clock): Promise<void> {
  const done = new AbortController()
  const late = clock.sleep(durationMs, done.signal).catch(() => {})
  await Promise.race([Promise.all(ended), late])
  done.abort()
}

/** Without part of its fleet a run cannot tell what it was to measure; without a control plane it cannot go on at all. */
function death(
  { name, stage }: Pick<ProcessSpec, 'name' | 'stage'>,
  logFile: string,
  code: number | null,
  signal: NodeJS.Signals | null,
): Failure {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`
  const next =
    signal === 'SIGKILL'
      ? `See ${logFile}; an unexpected SIGKILL means that the kernel ran out of memory: dmesg | grep -i oom`
      : `See ${logFile}`
  const kind = stage === 'nodes' ? 'inconclusive' : 'infrastructure'
  return new Failure(kind, `${name} died (${how}). ${lastWords(logFile)}`, { next })
}

function lateness({ name, logFile }: RunningProcess, timeoutMs: number, lastError: unknown): Failure {
  const why = lastError === undefined ? '' : `: ${messageOf(lastError)}`
  return new Failure(
    'infrastructure',
    `${name} was not ready after ${formatDuration(timeoutMs)}${why}. ${lastWords(logFile)}`,
    { next: `See ${logFile}` },
  )
}

function lastWords(logFile: string): string {
  const lines = tailOf(logFile, lastLines)
  return lines.length === 0
    ? 'Its log is empty'
    : `The last lines of its log:\n${lines.map((line) => `  ${line}`).join('\n')}`
}
