/** The flags that one process runs with. */
export interface Flags {
  /** The pod or address that they are from: `pod etcd-cp-1`, `kube-apiserver /flagz`. */
  from: string
  values: ReadonlyMap<string, string>
}

/** A flag's value; undefined where it was not given, so that its built-in value counts. An empty value is none. */
export function flagValue({ values }: Flags, flag: string): string | undefined {
  const value = values.get(flag)
  return value === undefined || value === '' || value === '[]' ? undefined : value
}

/** The items of a flag's value, `a,b` or, as /flagz has it, `[a,b]`. */
export function itemsOf(flags: Flags, flag: string): string[] {
  const value = flagValue(flags, flag) ?? ''
  return value
    .replace(/^\[|\]$/g, '')
    .split(/[,\s]+/)
    .filter((item) => item !== '')
}

/** Whether a flag that is true or false is on; `otherwise` where it was not given. */
export function isOn(flags: Flags, flag: string, otherwise: boolean): boolean {
  const value = flagValue(flags, flag)
  return value === undefined ? otherwise : /^(?:true|1|t)$/i.test(value)
}

/** The flags in a container's command and arguments: `--a=b`, `--a b` and `--a`; the last one of a name counts, as with pflag. */
export function flagsInCommand(command: readonly string[]): Map<string, string> {
  // A shell's script is one argument.
  const words = command.flatMap((argument) => (argument.startsWith('--') ? [argument] : argument.split(/\s+/)))
  const flags = new Map<string, string>()
  for (const [index, word] of words.entries()) {
    const [, name, value] = /^--?([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(word) ?? []
    if (name === undefined) continue
    const following = words[index + 1]
    flags.set(name, value ?? (following === undefined || following.startsWith('-') ? 'true' : following))
  }
  return flags
}

/** etcd reads what no flag sets from its environment: `ETCD_QUOTA_BACKEND_BYTES` (etcd's docs, configuration options). */
export function flagsInEnvironment(environment: readonly { name: string; value?: string | undefined }[]) {
  return new Map(
    environment.flatMap(({ name, value }): [string, string][] =>
      name.startsWith('ETCD_') && value !== undefined
        ? [[name.slice('ETCD_'.length).toLowerCase().replaceAll('_', '-'), value]]
        : [],
    ),
  )
}

/** The flags on a `/flagz` page, whose separator is drawn at random from four (k8s.io/component-base/zpages/flagz). */
export function flagsOnPage(page: string): Map<string, string> {
  return new Map(
    [...page.matchAll(/^([a-z][a-z0-9-]*)(?:: ?|=| )(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
}
