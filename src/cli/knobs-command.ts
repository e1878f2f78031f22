import { catalogue } from '../tuning/catalogue.ts'
import { sigScalability } from '../tuning/sig-scalability.ts'
import { describeType, readValue } from '../tuning/value.ts'
import type { Surroundings } from './surroundings.ts'

/** Lists every knob with its built-in, untuned and tuned value, and what it takes. */
export function knobsCommand({ terminal, styles }: Surroundings): number {
  const row = (id: string, stock: unknown, untuned: unknown, tuned: unknown) =>
    [id.padEnd(46), ...[stock, untuned, tuned].map((value) => String(value ?? '-').padEnd(13))].join(' ').trimEnd()
  terminal.print(styles.bold(row('knob', 'stock 1.36', 'untuned', 'tuned')))
  for (const knob of catalogue) {
    terminal.print(row(knob.id, knob.stock, knob.untuned, knob.tuned))
    terminal.print(styles.dim(`    takes ${describeType(knob.type)}`))
    for (const value of [0, -1])
      if (readValue(knob.type, value) !== undefined && knob.meaningOf?.(value) !== undefined)
        terminal.print(styles.dim(`    ${value}: ${knob.meaningOf(value)}`))
    for (const { value, because } of sigScalability.filter((setting) => setting.knob === knob.id))
      terminal.print(styles.dim(`    sig-scalability: ${value}, ${because}`))
    if (knob.note !== undefined) terminal.print(styles.dim(`    ${knob.note}`))
  }
  return 0
}
