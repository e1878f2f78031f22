import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { readTextFile } from '../base/files.ts'
import { pipeThrough } from '../base/shell.ts'

export interface SshOptions {
  /** `user@host`, or a host of the ssh configuration. */
  to: string
  /** Whether scripts run under `sudo -n`. */
  sudo: boolean
  /** An ssh configuration file; the user's own when absent. */
  config?: string | undefined
  /** A private folder (0700) for the sockets of connections that are kept. Its path must be short: sockets' are limited to 108 bytes. */
  folder: string
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  signal: AbortSignal
}

/** What a script printed, and the status it ended with. */
export interface Answer {
  status: number
  output: string
}

/** A host that scripts can be run on, as root. */
export interface Remote {
  readonly name: string
  /**
   * Runs a POSIX shell script. Throws `Failure('safety-refusal')` for a host key that is unknown or has changed, and when sudo asks for a
   * password; `Failure('infrastructure')` when the host cannot be reached, lets nobody in, or does not answer in time.
   */
  run(script: string): Promise<Answer>
  /** Ends the connection that is kept. */
  close(): Promise<void>
}

const connectS = 10
/** Restarting a unit takes as long as its stop and start time-outs. */
const scriptLimitMs = 180_000

/**
 * Reaches a host with OpenSSH. Scripts go through standard input, so no value ever becomes part of a command line; the answer is what stands
 * between two random marks, so it does not matter what a login shell prints.
 */
export function connectSsh({ to, sudo, config, folder, env, clock, signal }: SshOptions): Remote {
  const errorFile = join(folder, `errors-${randomBytes(4).toString('hex')}`)
  const ssh = [
    ...['ssh', '-T'],
    ...(config === undefined ? [] : ['-F', config]),
    ...options({
      BatchMode: 'yes',
      StrictHostKeyChecking: 'yes',
      ConnectTimeout: String(connectS),
      ConnectionAttempts: '1',
      ServerAliveInterval: '5',
      ServerAliveCountMax: '3',
      ControlMaster: 'auto',
      ControlPersist: '30',
      ControlPath: join(folder, '%C'),
      ForwardAgent: 'no',
      ClearAllForwardings: 'yes',
      LogLevel: 'ERROR',
    }),
  ]
  const pipe = (args: readonly string[], input: string, limitMs: number, ending: AbortSignal) =>
    pipeThrough({ command: [...ssh, ...args], input, errorFile, env, clock, limitMs, signal: ending })

  return {
    name: to,
    async run(script) {
      const mark = randomBytes(12).toString('hex')
      const framed = `printf '\\n%s\\n' begin-${mark}\n(\n${script}\n)\nprintf '\\n%s %s\\n' end-${mark} "$?"\nexit 0\n`
      const shell = sudo ? ['sudo', '-n', '--', 'sh', '-s'] : ['sh', '-s']
      const { status, output } = await pipe(['--', to, ...shell], framed, scriptLimitMs, signal)
      const begin = `\nbegin-${mark}\n`
      const start = output.indexOf(begin)
      const end = new RegExp(`\\nend-${mark} (\\d+)\\n`).exec(output)
      if (start === -1 || end === null) throw failureOf(to, status, readTextFile(errorFile), start !== -1)
      return { status: Number(end[1]), output: output.slice(start + begin.length, end.index) }
    },
    async close() {
      // Also after an interrupt. Without a connection that is kept, there is nothing to end.
      await pipe(['-O', 'exit', '--', to], '', 5000, new AbortController().signal)
    },
  }
}

function options(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** What ssh and sudo say when a script did not run to its end. */
function failureOf(to: string, status: number | null, errors: string, hasBegun: boolean): Failure {
  const said = excerpt(errors.trim().split('\n').at(-1) ?? '', 200)
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|[Hh]ost key for .* has changed/.test(errors))
    return new Failure('safety-refusal', `${to}: its host key has changed; it may be another machine`, {
      next: `If the change is known, check the new key's fingerprint and replace the old one: ssh-keygen -R HOST`,
    })
  if (/Host key verification failed|host key is known for/.test(errors))
    return new Failure('safety-refusal', `${to}: its host key is unknown`, {
      next: `Connect once by hand, and compare the fingerprint: ssh ${to}`,
    })
  if (/sudo: .*(password|terminal is required|askpass)/.test(errors))
    return new Failure('safety-refusal', `${to}: sudo asks for a password`, {
      next: 'Give the user NOPASSWD in sudoers, or reach root directly with `sudo: false`',
    })
  if (/^sudo: |may not run sudo|not in the sudoers/m.test(errors) || /sudo: (command )?not found/.test(errors))
    return new Failure('safety-refusal', `${to}: sudo refuses: ${said}`, { next: 'Let the user run `sudo -n sh -s`' })
  if (/Permission denied/.test(errors))
    return new Failure('infrastructure', `${to}: ssh lets nobody in: ${said}`, {
      next: `Check that this works without a prompt: ssh -o BatchMode=yes ${to} true`,
    })
  if (status === null) return new Failure('infrastructure', `${to}: no answer for ${scriptLimitMs / 1000} s`)
  if (hasBegun) return new Failure('infrastructure', `${to}: the connection was lost halfway: ${said}`)
  return new Failure('infrastructure', `${to} cannot be reached: ${said === '' ? `ssh ended with ${status}` : said}`, {
    next: `Check that this works without a prompt: ssh -o BatchMode=yes ${to} true`,
  })
}
