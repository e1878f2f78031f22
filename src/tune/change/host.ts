import { join } from 'node:path'
import { Failure } from '../../base/errors.ts'
import { excerpt } from '../../base/excerpt.ts'
import { readTextFile } from '../../base/files.ts'
import { etcdFlagOf } from '../files/units.ts'
import type { Remote } from '../ssh.ts'

/** A file, or a kernel setting below /proc/sys, as it was found on a host. */
export interface Found {
  path: string
  /** Its bytes in base64; null where there is none. */
  content: string | null
  /** SHA-256 in hexadecimal; `absent` where there is none. */
  sum: string
}

/** What is to become of a file or a kernel setting. */
export interface Change {
  path: string
  old: Found
  /** The new bytes in base64. */
  content: string
  /** The unit that takes it; empty where the kubelet or the kernel takes it by itself. */
  restart: string
}

/** What came of undoing one change. */
export interface Undone {
  outcome: 'restored' | 'drift' | 'rebooted' | 'failed'
  what: string
}

/** A process of a component, and how the component is. */
export interface Live {
  /** `args` end with the flags that an etcd has from its environment. */
  processes: { pid: number; nice: number; ioPriority: string; args: readonly string[] }[]
  /** ActiveState of its unit; undefined where it has none. */
  unit: string | undefined
  /** HTTP status of its health URL, 0 where nobody answers; undefined where it has none. */
  health: number | undefined
}

/** What can be done on one host, or another place where settings are, whichever way it is reached. Everything throws `Failure` as `Remote.run` does. */
export interface TunedHost {
  readonly name: string
  look(paths: readonly string[]): Promise<Found[]>
  bootId(): Promise<string>
  /** A page that a process serves on the host itself. */
  page(url: string): Promise<string>
  /** Whether anything listens there, as seen from the host; with TLS, it need not trust the host. */
  reaches(url: string): Promise<boolean>
  /** The text of a unit with all its drop-ins, as `systemctl cat` has it. */
  unitText(unit: string): Promise<string>
  /** Why these paths cannot be changed there; empty when they can. */
  obstacles(paths: readonly string[]): Promise<string[]>
  /** From now on the host restores by itself after so long without `renew`. */
  arm(run: string, seconds: number): Promise<void>
  /** Throws `Failure('infrastructure')` when the host has restored itself by now. */
  renew(run: string, seconds: number): Promise<void>
  disarm(run: string): Promise<void>
  /** Journals the change on the host, then makes it. Throws `Failure('safety-refusal')` when somebody else has changed it meanwhile. */
  change(run: string, number: number, change: Change): Promise<void>
  /** Ends early with the signal only where that takes long: a rollout. */
  restart(unit: string, signal?: AbortSignal): Promise<void>
  /** Whether the run has changed something there that is not restored. */
  holds(run: string): Promise<boolean>
  /** Undoes what the run changed there, in any state; says `nothing` where there is nothing of the run. */
  restore(run: string): Promise<Undone[]>
  live(component: string, unit: string | undefined, health: string | undefined): Promise<Live>
  close(): Promise<void>
}

const library = join(import.meta.dirname, 'host.sh')

/** Makes a host of something that runs scripts. */
export function tunedHost(remote: Remote): TunedHost {
  const text = readTextFile(library)
  const call = async (script: string, run?: string) => {
    const folder = run === undefined ? '' : `run=$top/$(plain ${encoded(run)})\n`
    const { status, output } = await remote.run(`${text}\n${folder}${script}`)
    return { status, lines: output.split('\n').filter((line) => line !== '') }
  }
  const done = async (what: string, script: string, run?: string) => {
    const { status, lines } = await call(script, run)
    if (status === 0) return lines
    throw new Failure(
      'infrastructure',
      `${remote.name}: ${what} failed (status ${status}): ${excerpt(lines.join(' '), 200)}`,
    )
  }
  const expired = () => new Failure('infrastructure', `${remote.name}: its dead-man timer has restored it meanwhile`)
  return {
    name: remote.name,
    async look(paths) {
      const lines = await done('reading files', paths.map((path) => `look "$(plain ${encoded(path)})"`).join('\n'))
      return lines.map((line) => {
        const [, path = '', , , sum = '', content = ''] = line.split(' ')
        // `- -` stand for mode and owner where there is no file.
        return { path: decoded(path), sum, content: sum === 'absent' ? null : content }
      })
    },
    async bootId() {
      return (await done('reading the boot id', 'cat $boot_id')).join('')
    },
    async page(url) {
      return (await done(`reading ${url}`, `curl -ksf -m 5 -- "$(plain ${encoded(url)})"`)).join('\n')
    },
    async reaches(url) {
      const script = `curl -ks -o /dev/null -m 5 -- "$(plain ${encoded(url)})" || case $? in 6|7|28) echo unreached;; esac`
      return !(await done(`asking ${url}`, script)).includes('unreached')
    },
    async unitText(unit) {
      return (await done(`systemctl cat ${unit}`, `systemctl cat -- "$(plain ${encoded(unit)})"`)).join('\n')
    },
    async obstacles(paths) {
      const lines = await done('checking', `require ${paths.map((path) => `"$(plain ${encoded(path)})"`).join(' ')}`)
      return lines.map((line) => (line.startsWith('held ') ? heldBy(line.slice(5)) : line.replace(/^cannot /, '')))
    },
    async arm(run, seconds) {
      const copy = `mkdir -p "$run"\n[ -e "$run/host.sh" ] || plain ${encoded(text)} >"$run/host.sh"`
      await done('arming the dead-man timer', `${copy}\narm ${Math.ceil(seconds)}`, run)
    },
    async renew(run, seconds) {
      const { status, lines } = await call(`renew ${Math.ceil(seconds)}`, run)
      if (lines.includes('expired')) throw expired()
      if (status !== 0)
        throw new Failure('infrastructure', `${remote.name}: renewing the dead-man timer failed (status ${status})`)
    },
    async disarm(run) {
      await done('disarming the dead-man timer', 'disarm', run)
    },
    async change(run, number, { path, old, content, restart }) {
      const name = String(number).padStart(4, '0')
      const script = `change ${name} "$(plain ${encoded(path)})" "$(plain ${encoded(restart)})" ${old.sum} ${content === '' ? "''" : content}`
      const { status, lines } = await call(script, run)
      if (lines.includes('moved'))
        throw new Failure('safety-refusal', `${remote.name}: ${path} was changed by somebody else while this ran`)
      if (lines.includes('expired')) throw expired()
      if (status !== 0)
        throw new Failure(
          'infrastructure',
          `${remote.name}: ${path} could not be written: ${excerpt(lines.join(' '), 200)}`,
        )
    },
    async restart(unit) {
      await done(`restarting ${unit}`, `restart "$(plain ${encoded(unit)})" 2>&1`)
    },
    async holds(run) {
      return (await done('looking for changes', 'holds', run)).includes('yes')
    },
    async restore(run) {
      const lines = await done('restoring', 'restore\nforget', run)
      return lines.flatMap((line) => {
        const [, outcome, what = ''] = /^(restored|drift|rebooted|failed) (.+)$/.exec(line) ?? []
        return outcome === undefined ? [] : [{ outcome: outcome as Undone['outcome'], what }]
      })
    },
    async live(component, unit = '', health = '') {
      const given = [component, unit, health].map((value) => `"$(plain ${encoded(value)})"`).join(' ')
      const lines = await done(`reading what ${component} runs with`, `live ${given}`)
      const rest = (kind: string) => lines.find((line) => line.startsWith(`${kind} `))?.slice(kind.length + 1)
      const code = rest('health')
      return {
        unit: rest('unit'),
        health: code === undefined ? undefined : Number(code),
        processes: lines.flatMap((line) => {
          const [kind, pid, nice, io = '-', args = '', variables = ''] = line.split(' ')
          if (kind !== 'process') return []
          return [
            {
              pid: Number(pid),
              nice: Number(nice),
              ioPriority: io.replaceAll('_', ' '),
              args: [...wordsIn(args), ...wordsIn(variables).flatMap((variable) => etcdFlagOf(variable) ?? [])],
            },
          ]
        }),
      }
    },
    close: remote.close,
  }
}

/** Why nobody else may change what a run holds. */
export function heldBy(run: string): string {
  const holder = isOfTune(run) ? `run ${run}` : `an arm of a run, ${run},`
  return `${holder} has not restored its changes: ${restoringOf(run)}`
}

/** What restores the changes of a run that is over. */
export function restoringOf(run: string): string {
  if (isOfTune(run)) return `npm run scale-test -- tune rollback ${run} --clusters FILE`
  return 'npm run scale-test -- cleanup --run RUN, if that run is over'
}

/** `tune apply` names its runs by itself; any other is an arm of a run. */
function isOfTune(run: string): boolean {
  return run.startsWith('tune-')
}

/** A word of the shell that stands for any text. */
function encoded(text: string): string {
  return `'${Buffer.from(text).toString('base64')}'`
}

/** Words, each with a NUL behind it. */
function wordsIn(text: string): string[] {
  return text === '' ? [] : decoded(text).replace(/\0$/, '').split('\0')
}

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8')
}
