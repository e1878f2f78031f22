import { dirname, isAbsolute, join, normalize } from 'node:path'
import { z } from 'zod'
import { didYouMean, formatChoice } from '../base/names.ts'
import { formatBytes } from '../base/quantity.ts'
import { schemaProblems, sentenceOf } from '../base/schema-problems.ts'
import { shown } from '../base/shown.ts'
import type { Profile } from '../tuning/profiles.ts'
import { settingsOver } from '../tuning/profiles.ts'
import { departure } from './departure.ts'
import { names } from './names.ts'
import { hasFieldOf, otherThan } from './recognize.ts'
import { refusal } from './refusal.ts'
import { repeated } from './repeated.ts'
import { largestPlanBytes, readOther } from './sources.ts'
import type { Place, PlacedProblem, Source } from './written.ts'
import { placeOf, plainOf, readYaml } from './written.ts'

/** The profiles that have names, and how the file of any profile is read. */
export interface ProfileFiles {
  names: readonly string[]
  fileOf(name: string): string
  /** Throws a `Failure` that says why it cannot. */
  read(file: string): string
}

const pathForm = /\/|\.ya?ml$/

/** Whether this is the path of a profile's file, and not a name. */
export function isProfilePath(reference: string): boolean {
  return pathForm.test(reference)
}

/** How a profile is named: as one that is there, or by the path of its file. */
export function profileReference(known: readonly string[]) {
  return z
    .custom<string>((given) => typeof given === 'string' && (known.includes(given) || isProfilePath(given)), {
      error: ({ input }) => {
        const meant = typeof input === 'string' ? didYouMean(input, known) : ''
        return `expected ${formatChoice([...known, 'the path to a .yaml file'])}, found ${shown(input)}${meant}`
      },
    })
    .meta({ type: 'string', anyOf: [{ enum: [...known] }, { pattern: pathForm.source }] })
}

/** The file of a profile. */
export function profileSchema(known: readonly string[]) {
  return z.strictObject({
    name: names.arm.describe('Its name in plans and results: the name of its file.'),
    description: z.string().optional(),
    extends: profileReference(known)
      .optional()
      .describe('A profile whose settings this one starts from, by its name or by a path relative to this file.'),
    set: z.array(departure).describe('Knobs that it sets, each with a reason; null undoes what the base profile sets.'),
  })
}

/** Reads profiles, each once, and keeps what is wrong with them. */
export interface ProfileReader {
  /** The profile behind a reference that was written at a place; undefined where there is a mistake in it. */
  read(reference: string, at: Place, field: string): Profile | undefined
  readonly problems: readonly PlacedProblem[]
}

/** `position` orders mistakes in profiles among those of a plan. */
export function profileReader(files: ProfileFiles, position: number): ProfileReader {
  const schema = profileSchema(files.names)
  const fields = Object.keys(schema.shape)
  const problems: PlacedProblem[] = []
  const done = new Map<string, Profile | undefined>()
  let sources = position
  let length = 0

  const read = (reference: string, at: Place, field: string, extending: readonly string[]): Profile | undefined => {
    const refuse = (message: string) => void problems.push({ place: at, message: `${field}: ${message}` })
    const file = isProfilePath(reference) ? besideOf(at, reference) : files.fileOf(reference)
    if (extending.includes(file)) {
      const way = extending.at(-1) === file ? '' : `, by way of ${extending.at(-1)}`
      refuse(`${file} extends itself${way}`)
      return undefined
    }
    if (!done.has(file)) {
      const contents = readOther(files.read, file)
      if ('error' in contents) refuse(contents.error)
      done.set(file, 'error' in contents ? undefined : profileIn(contents.text, file, [...extending, file]))
    }
    return done.get(file)
  }
  const profileIn = (contents: string, file: string, extending: readonly string[]): Profile | undefined => {
    const text = contents.replace(/^\uFEFF/, '')
    const source: Source = { kind: 'profile', name: file, text, position: sources++, isQuotable: true }
    const fail = (message: string) => void problems.push({ place: { source, offset: undefined }, message })
    length += contents.length
    if (length > largestPlanBytes) {
      fail(`makes the profiles larger than ${formatBytes(largestPlanBytes)}`)
      return undefined
    }
    const { root, problems: unreadable, broken } = readYaml(source)
    const other = broken ? undefined : otherThan('profile', root, fields)
    source.isQuotable = broken ? hasFieldOf('profile', text) : other === undefined
    if (other !== undefined) {
      fail(other)
      return undefined
    }
    const parsed = broken ? undefined : schema.safeParse(plainOf(root), { reportInput: true })
    const mistakes = parsed?.success === false ? schemaProblems(schema, parsed.error, 'a profile') : []
    const set = parsed?.data?.set ?? []
    const twice = repeated(
      set,
      ({ knob }) => knob,
      (index) => ['set', index, 'knob'],
      (knob) => `duplicate knob ${knob}`,
    )
    const placed = [...mistakes, ...twice].map((problem) => ({
      place: placeOf(root, problem.path, problem.key),
      message: sentenceOf(problem),
    }))
    problems.push(...unreadable, ...placed)
    if (parsed?.data === undefined || unreadable.length + placed.length > 0) return undefined
    const { name, description, extends: below } = parsed.data
    const base = below === undefined ? [] : read(below, placeOf(root, ['extends']), 'extends', extending)?.settings
    return base && { name, description, settings: settingsOver(base, set) }
  }
  return { read: (reference, at, field) => read(reference, at, field, []), problems }
}

/** One profile, as the command line names it. Throws `Failure('bad-input')` that lists every mistake. */
export function readProfile(reference: string, files: ProfileFiles, option = '--profile'): Profile {
  const source: Source = {
    kind: 'override',
    name: `${option} ${reference}`,
    text: reference,
    position: 0,
    isQuotable: true,
  }
  const reader = profileReader(files, 1)
  const profile = reader.read(reference, { source, offset: 0 }, 'profile')
  if (profile === undefined) throw refusal(reader.problems)
  return profile
}

/** A path as it was meant: relative to the file that it is written in, or to the working directory. */
function besideOf({ source: { kind, name } }: Place, path: string): string {
  return isAbsolute(path) || kind === 'override' ? normalize(path) : join(dirname(name), path)
}
