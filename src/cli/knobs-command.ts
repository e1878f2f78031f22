import { plural } from '../base/count.ts'
import { exitCodes, Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { didYouMean } from '../base/names.ts'
import { readProfile } from '../plan/profile.ts'
import { width } from '../report/summary.ts'
import { catalogue } from '../tuning/catalogue.ts'
import { findKnob } from '../tuning/find-knob.ts'
import type { Knob, KnobValue, NamedKnob } from '../tuning/knob.ts'
import { knownIn } from '../tuning/known-settings.ts'
import { openIdOf, openIds } from '../tuning/open-knobs.ts'
import type { Profile } from '../tuning/profiles.ts'
import type { KnobType } from '../tuning/value.ts'
import { describeType, readValue } from '../tuning/value.ts'
import { supportLines } from './knob-support.ts'
import { profilesIn } from './profile-files.ts'
import type { Surroundings } from './surroundings.ts'
import type { Styles } from './terminal.ts'
import { wrap } from './wrap.ts'

/**
 * Lists knobs with what each takes, its built-in value and that of each profile, what it moves, and where it acts; with a filter those whose
 * id has it in it, open ones as well. Throws `Failure('bad-input')` when there is none.
 */
export function knobsCommand(filter: string | undefined, { terminal, styles, folders }: Surroundings): number {
  const files = profilesIn(folders.profiles)
  const profiles = files.names.map((name) => readProfile(name, files))
  const wanted = filter?.toLowerCase()
  const has = (id: string) => wanted === undefined || id.toLowerCase().includes(wanted)
  // Who asks for the scheduler means that component first, and not the scheduler of IPVS.
  const isOfOther = ({ id }: NamedKnob) => !has(id.split('.')[0] ?? '')
  const named = catalogue
    .filter((knob) => has(knob.id) || has(openIdOf(knob) ?? ''))
    .toSorted((left, right) => Number(isOfOther(left)) - Number(isOfOther(right)))
  const open = wanted === undefined ? [] : openIds().filter(has).flatMap(openOnly)
  if (named.length + open.length === 0) throw nothingFound(filter ?? '')
  for (const knob of named) terminal.print([styles.bold(knob.id), ...linesOf(knob, profiles, styles), ''].join('\n'))
  if (open.length > 0) terminal.print([styles.bold('Settings without a short name'), ...openLines(open)].join('\n'))
  if (wanted === undefined) terminal.print(whatElse(styles))
  return exitCodes.pass
}

/** What has no name: a named knob is listed under that, and what scale-test sets itself not at all. */
function openOnly(id: string): Knob[] {
  const found = findKnob(id)
  return 'refusal' in found || found.id !== id ? [] : [found]
}

function linesOf(knob: NamedKnob, profiles: readonly Profile[], styles: Styles): string[] {
  const { id, type, unit, stock, meaningOf, affects, note } = knob
  const meanings = [0, -1, '0s'].flatMap((value) => {
    const meaning = readValue(type, value) === value ? meaningOf?.(value) : undefined
    return meaning === undefined || type.kind === 'bytes' ? [] : [`${value}: ${meaning}`]
  })
  const own = profiles.flatMap(({ name, settings }) =>
    settings.filter(({ knob: set }) => set === id).map(({ value }) => `${name} ${shownValue(value, knob)}`),
  )
  const takes = unit === undefined ? describeType(type) : `${describeType(type)} (${unit})`
  const labelled = (label: string, text: string) => {
    const [first = '', ...others] = wrap(text, `  ${label.padEnd(10)}`)
    return [first.replace(label, styles.dim(label)), ...others]
  }
  return [
    ...labelled('takes', [takes, ...meanings].join('; ')),
    ...labelled('built in', shownValue(stock, knob)),
    ...(own.length === 0 ? [] : labelled('profiles', own.join(', '))),
    ...labelled('affects', affects),
    ...supportLines(knob).flatMap(({ targets, text }, index) =>
      labelled(index === 0 ? 'on' : '', `${targets.join(', ')}: ${text}`),
    ),
    ...(note === undefined ? [] : labelled('note', note)),
  ]
}

function shownValue(value: KnobValue | null, { type, meaningOf }: Knob): string {
  if (value === null) return 'none'
  if (value === '') return 'empty'
  const meaning = type.kind === 'bytes' ? meaningOf?.(value) : undefined
  return meaning === undefined ? String(value) : `${value} (${meaning})`
}

/** One line each, its type and built-in value in a second one where they do not fit. */
function openLines(knobs: readonly Knob[]): string[] {
  return knobs.flatMap(({ id, type, stock }) => {
    const told =
      stock === null
        ? shortType(type)
        : `${shortType(type)}, built in: ${stock === '' ? 'empty' : excerpt(String(stock), 40)}`
    return `  ${id}  ${told}`.length <= width ? [`  ${id}  ${told}`] : [`  ${id}`, `      ${told}`]
  })
}

function shortType(type: KnobType): string {
  switch (type.kind) {
    case 'float':
      return 'number'
    case 'switch':
      return 'true or false'
    case 'structure':
      return type.of
    default:
      return type.kind
  }
}

function whatElse(styles: Styles): string {
  return [
    ...wrap(
      `${plural(catalogue.length, 'knob')} have short names. A plan can set anything else that Kubernetes ${knownIn(undefined).version} components accept:`,
      '',
    ),
    ...wrap('kube-apiserver.flags.NAME, kubelet.config.FIELD, etcd.featureGates.NAME, kube-scheduler.env.NAME', '  '),
    styles.dim('Search these too: npm run scale-test -- knobs FILTER'),
  ].join('\n')
}

function nothingFound(filter: string): Failure {
  const ids = [...catalogue.map(({ id }) => id), ...openIds()]
  return new Failure('bad-input', `no knob name contains ${excerpt(filter)}${didYouMean(filter, ids)}`, {
    next: 'npm run scale-test -- knobs lists those with short names',
  })
}
