import { Failure } from '../../base/errors.ts'
import { isClientLimit } from '../render/scheduler-fields.ts'

/** Flags by name, without dashes. */
export type Flags = Readonly<Record<string, string>>

/**
 * Words of a command with flags set: each replaces what the command says of it, in either form (`--name=value`, `--name value`), or comes
 * last. A command that says it already is returned as it is.
 */
export function withFlags(words: readonly string[], flags: Flags): string[] {
  return Object.entries(flags).reduce<string[]>((before, [name, value]) => withFlag(before, name, value), [...words])
}

function withFlag(words: readonly string[], name: string, value: string): string[] {
  const wanted = `--${name}=${value}`
  const form = new RegExp(`^--?${RegExp.escape(name)}(?:=|$)`)
  const kept: string[] = []
  let isSet = false
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (!form.test(word)) kept.push(word)
    else {
      // The value of `--name value` is the next word.
      if (!word.includes('=') && words[index + 1]?.startsWith('-') === false) index++
      if (!isSet) kept.push(wanted)
      isSet = true
    }
  }
  return isSet ? kept : [...kept, wanted]
}

/** The flags of a running process that are not as wanted, with what it has instead: null where it has none. */
export function differingFlags(
  args: readonly string[],
  flags: Flags,
): { name: string; wanted: string; found: string | null }[] {
  return Object.entries(flags).flatMap(([name, wanted]) => {
    const found = flagIn(args, name) ?? null
    return found === wanted ? [] : [{ name, wanted, found }]
  })
}

/** Of a component that may be given a configuration file: the flag that names it, and which flags it then ignores. */
const overruled: Readonly<Record<string, { by: string; ignores: (flag: string) => boolean }>> = {
  // server/etcdmain/help.go
  etcd: { by: 'config-file', ignores: () => true },
  // cmd/kube-scheduler/app/options/deprecated.go; what else it ignores, no arm may set as a flag (src/tuning/own-flags.ts).
  'kube-scheduler': { by: 'config', ignores: isClientLimit },
}

/** Which of these flags a component that runs with these arguments ignores, whatever they say. */
export function ignoredFlags(component: string, args: readonly string[], names: readonly string[]): string[] {
  const rule = overruled[component]
  return rule === undefined || flagIn(args, rule.by) === undefined ? [] : names.filter(rule.ignores)
}

/** Throws `Failure('bad-input')` where flags are to be set that a component ignores. */
export function requireTaken(component: string, args: readonly string[], flags: Flags, where: string): void {
  const rule = overruled[component]
  const ignored = ignoredFlags(component, args, Object.keys(flags))
  if (rule === undefined || ignored.length === 0) return
  throw new Failure(
    'bad-input',
    `${where}: ${component} ignores ${ignored.map((name) => `--${name}`).join(', ')} beside --${rule.by}=${flagIn(args, rule.by)}`,
    { next: 'Set this in that file by hand, and take it out of the profile or the arm' },
  )
}

/** A flag's value, the last one where it is given twice, in either form; undefined where it is absent. */
export function flagIn(args: readonly string[], name: string): string | undefined {
  const form = new RegExp(`^--?${RegExp.escape(name)}(?:=([\\s\\S]*))?$`)
  const index = args.findLastIndex((word) => form.test(word))
  const word = args[index]
  return word === undefined ? undefined : (form.exec(word)?.[1] ?? args[index + 1] ?? '')
}
