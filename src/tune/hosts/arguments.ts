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

/** A flag's value, the last one where it is given twice, in either form; undefined where it is absent. */
export function flagIn(args: readonly string[], name: string): string | undefined {
  const form = new RegExp(`^--?${RegExp.escape(name)}(?:=([\\s\\S]*))?$`)
  const index = args.findLastIndex((word) => form.test(word))
  const word = args[index]
  return word === undefined ? undefined : (form.exec(word)?.[1] ?? args[index + 1] ?? '')
}
