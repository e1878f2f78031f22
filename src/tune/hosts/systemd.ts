import { Failure } from '../../base/errors.ts'
import { dropInPath, etcdVariable, ioPriorityLines } from '../files/units.ts'
import type { Flags } from './arguments.ts'
import { flagIn, requireTaken, withFlags } from './arguments.ts'
import type { HostComponent } from './section.ts'

/** What the kernel is told about a unit's processes. */
export interface Priority {
  nice?: number
  /** As ionice(1) names it: `best-effort: prio 0`. */
  ioPriority?: string
}

/** Where the settings of a unit are. */
export function dropInOf(unit: string): string {
  return `/${dropInPath(unit)}`
}

/** A unit as it is. */
export interface UnitNow {
  component: HostComponent
  /** With its drop-ins, as `systemctl cat` has it. */
  text: string
  /** What an etcd runs with: its arguments, with the flags that it takes from its environment. Of all else, nothing. */
  etcdArgs: readonly string[]
  where: string
}

/**
 * A drop-in that sets flags and priorities of a unit; undefined where it has them all. It says the whole command again: systemd has no way of
 * adding to one. An etcd that has a flag from its environment (kubespray's have all) does not start with both, so the variable is taken away.
 * Throws `Failure('bad-input')` where the unit has not exactly one command.
 */
export function dropInWith(
  { component, text, etcdArgs, where }: UnitNow,
  flags: Flags,
  priority: Priority,
): string | undefined {
  const words = wordsOf(commandOf(text, where))
  requireTaken(component, [...words, ...etcdArgs], flags, where)
  const isVariable = (name: string) => component === 'etcd' && flagIn(words, name) === undefined
  const lacking = Object.entries(flags).filter(([name, value]) => !isVariable(name) || flagIn(etcdArgs, name) !== value)
  const wanted = withFlags(words, Object.fromEntries(lacking))
  const variables = lacking.filter(([name]) => isVariable(name))
  const lines = [
    ...(variables.length === 0 ? [] : [`UnsetEnvironment=${variables.map(([name]) => etcdVariable(name)).join(' ')}`]),
    ...(priority.nice === undefined ? [] : [`Nice=${priority.nice}`]),
    ...(priority.ioPriority === undefined ? [] : ioPriorityLines(priority.ioPriority)),
  ]
  const isThere = (line: string) => lastOf(text, line.slice(0, line.indexOf('='))) === line
  if (wanted.join('\0') === words.join('\0') && lines.every(isThere)) return undefined
  const command = ['ExecStart=', `ExecStart=${wanted.map(escaped(words)).join(' ')}`]
  return `${['# Written by scale-test; `scale-test tune rollback` restores it.', '[Service]', ...command, ...lines].join('\n')}\n`
}

function lastOf(unitText: string, key: string): string | undefined {
  return unitText
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line.startsWith(`${key}=`))
}

/** What the unit starts now: after the last `ExecStart=` that takes all earlier ones back. */
function commandOf(unitText: string, where: string): string {
  const joined = unitText
    .split('\n')
    .filter((line) => !/^\s*[#;]/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
  const all = [...joined.matchAll(/^\s*ExecStart\s*=[ \t]*(.*)$/gm)].map(([, value = '']) => value.trim())
  const commands = all.slice(all.lastIndexOf('') + 1)
  const [command] = commands
  if (command === undefined || commands.length > 1)
    throw new Failure('bad-input', `${where} has ${commands.length} commands (ExecStart=), expected one`)
  return command
}

/** Words as they are written, quotes and all. */
function wordsOf(command: string): string[] {
  return command.match(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])+/g) ?? []
}

/** A word of our own has nothing that systemd would read as a specifier or a variable; words that were there stay as they are. */
function escaped(before: readonly string[]): (word: string) => string {
  const kept = new Set(before)
  return (word) => {
    if (kept.has(word)) return word
    const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
    return /[\s"'\\;]/.test(plain) ? `"${plain.replace(/["\\]/g, '\\$&')}"` : plain
  }
}
