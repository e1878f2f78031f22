/** Flag name without dashes -> value. A record, so that no flag is given twice, whoever adds one. */
export type Flags = Readonly<Record<string, string>>

/** `--name=value` for each flag. */
export function toArguments(flags: Flags): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
}
