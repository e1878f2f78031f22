import { readProfile } from '../plan/profile.ts'
import { catalogue } from '../tuning/catalogue.ts'
import type { Knob } from '../tuning/knob.ts'
import type { Profile } from '../tuning/profiles.ts'
import { describeType, readValue } from '../tuning/value.ts'
import { profilesIn } from './profile-files.ts'
import type { Surroundings } from './surroundings.ts'
import { wrap } from './wrap.ts'

/** Lists every knob: what it takes, its built-in value and that of each profile. */
export function knobsCommand({ terminal, styles, folders }: Surroundings): number {
  const files = profilesIn(folders.profiles)
  const profiles = files.names.map((name) => readProfile(name, files))
  for (const knob of catalogue) {
    terminal.print(styles.bold(knob.id))
    for (const line of linesOf(knob, profiles)) terminal.print(line)
  }
  return 0
}

function linesOf(knob: Knob, profiles: readonly Profile[]): string[] {
  const { id, type, stock, meaningOf, note } = knob
  const meanings = [0, -1].flatMap((value) =>
    readValue(type, value) !== undefined && meaningOf?.(value) !== undefined ? [`${value}: ${meaningOf(value)}`] : [],
  )
  const own = profiles.flatMap(({ name, settings }) =>
    settings.filter(({ knob: set }) => set === id).map(({ value }) => `${name} ${value}`),
  )
  return [
    ...wrap([describeType(type), ...meanings].join('; '), '  takes   '),
    ...wrap([`built in ${stock ?? 'none'}`, ...own].join(', '), '  values  '),
    ...(note === undefined ? [] : wrap(note, '  note    ')),
  ]
}
