import { dirname, isAbsolute, join, normalize } from 'node:path'
import { Failure } from '../base/errors.ts'
import { formatBytes } from '../base/quantity.ts'
import { shown } from '../base/shown.ts'
import type { Role } from './recognize.ts'
import { hasFieldOf, otherThan } from './recognize.ts'
import type { Entry, Place, PlacedProblem, PlanPath, Source, Written } from './written.ts'
import { childOf, deepest, isEmpty, placeOf, plainOf, readYaml } from './written.ts'

/** A plan from several sources. */
export interface MergedPlan {
  value: unknown
  problems: PlacedProblem[]
  /** False when a file could not be read or understood: what it was to bring is not missing. */
  complete: boolean
  /** Where the value at `path` was written; see `placeOf`. What was overridden is never pointed at. */
  locate(path: PlanPath, key?: string): Place
  /** How many sources there are: the position of the next one. */
  sources: number
}

/** `path=value`, from `--set` where no other option of the command line is named. */
export type Override = string | { option: string; text: string }

/** What the command line has of an override. */
export function optionOf(override: Override): { option: string; text: string } {
  return typeof override === 'string' ? { option: '--set', text: override } : override
}

export interface MergeOptions {
  /** Reads an included file; throws a `Failure` that says why it cannot. */
  read: (file: string) => string
  /** Applied last, in order. */
  overrides: readonly Override[]
  /** Files that are merged over the plan, as if it were included by them. */
  over?: readonly string[]
}

/** A file and what it is merged with. */
interface WrittenSources extends MergeOptions {
  text: string
  file: string
  role: 'plan' | 'clusters'
  /** Of a plan, at its top. */
  fields: readonly string[]
}

/** The largest plan, with all it includes; those that ship with the product have at most 3 KB. */
export const largestPlanBytes = 256 * 1024
/** So often a plan and what it includes may include a file. */
const mostIncludes = 100

/**
 * Merges a plan with the files it includes and with overrides. Included files come first, in order, then the file itself:
 * maps are merged key by key, thresholds add up, everything else is replaced. Files over the plan come next; an override replaces what is at
 * its path. `fields` are those of a plan: a file with none of them is something else, and nothing of it is shown.
 */
export function mergeSources({ text, file, role, fields, read, overrides, over = [] }: WrittenSources): MergedPlan {
  const problems: PlacedProblem[] = []
  let complete = true
  let sources = 0
  let length = 0
  let includes = 0

  const fail = (place: Place, message: string) => {
    problems.push({ place, message })
    complete = false
  }
  const open = (opened: Role, name: string, contents: string, including: readonly string[]): Written => {
    const source: Source = {
      kind: including.length === 0 ? 'plan' : 'fragment',
      name,
      // A byte order mark is no part of the first key.
      text: contents.replace(/^\uFEFF/, ''),
      position: sources++,
      isQuotable: true,
    }
    const whole: Place = { source, offset: undefined }
    const nothing: Written = { kind: 'map', at: { source, offset: 0 }, entries: new Map() }
    length += contents.length
    if (length > largestPlanBytes) {
      fail(whole, `makes the plan larger than ${formatBytes(largestPlanBytes)}`)
      return nothing
    }
    const { root, problems: found, broken } = readYaml(source)
    const other = broken ? undefined : otherThan(opened, root, fields)
    source.isQuotable = broken ? hasFieldOf(opened, source.text) : other === undefined
    if (other !== undefined) {
      fail(whole, other)
      return nothing
    }
    problems.push(...found)
    if (broken) complete = false
    if (root.kind !== 'map') return opened === 'plan' ? root : nothing
    const own = new Map(root.entries)
    own.delete('include')
    return [...included(root.entries.get('include')?.value, [...including, name]), { ...root, entries: own }].reduce(
      mergedFiles,
    )
  }
  const included = (list: Written | undefined, including: readonly string[]): Written[] => {
    if (list === undefined) return []
    if (list.kind !== 'list') {
      fail(list.at, `include: expected a list of files, found ${shown(plainOf(list))}`)
      return []
    }
    return list.items.flatMap((item, index) => {
      const refuse = (message: string) => {
        fail(item.at, `include[${index}]: ${message}`)
        return []
      }
      if (++includes > mostIncludes)
        return includes === mostIncludes + 1 ? refuse(`more than ${mostIncludes} files are included`) : []
      const given = plainOf(item)
      if (typeof given !== 'string' || given === '') return refuse(`expected a file, found ${shown(given)}`)
      const path = isAbsolute(given) ? given : join(dirname(including.at(-1) ?? ''), given)
      if (including.includes(path)) {
        const way = including.at(-1) === path ? '' : `, by way of ${including.at(-1)}`
        return refuse(`${path} includes itself${way}`)
      }
      const contents = readOther(read, path)
      return 'error' in contents ? refuse(contents.error) : [open('fragment', path, contents.text, including)]
    })
  }

  let root = open(role, normalize(file), text, [])
  for (const path of over) root = merged(root, open('clusters', path, read(path), [file]))
  for (const override of overrides) {
    const { option, text: written } = optionOf(override)
    const source: Source = {
      kind: 'override',
      name: `${option} ${written}`,
      text: written,
      position: sources++,
      isQuotable: true,
    }
    const set = withOverride(root, source)
    problems.push(...set.problems)
    root = set.root
  }
  return { value: plainOf(root), problems, complete, locate: (path, key) => placeOf(root, path, key), sources }
}

/** The text of a file that another one names, or why there is none. */
export function readOther(read: (file: string) => string, file: string): { text: string } | { error: string } {
  try {
    return { text: read(file) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { error: error.message }
  }
}

/** Lists of a plan that several files can add to; of all others the last one holds. */
const addedUp = ['thresholds']

/** One file over another. */
function mergedFiles(below: Written, above: Written): Written {
  const whole = merged(below, above)
  if (whole.kind !== 'map') return whole
  const entries = new Map(whole.entries)
  for (const name of addedUp) {
    const [first, second, entry] = [childOf(below, name), childOf(above, name), entries.get(name)]
    if (first?.kind !== 'list' || second?.kind !== 'list' || entry === undefined) continue
    entries.set(name, { ...entry, value: { ...second, items: [...first.items, ...second.items] } })
  }
  return { ...whole, entries }
}

function merged(below: Written, above: Written): Written {
  if (below.kind !== 'map' || above.kind !== 'map') return above
  const entries = new Map(below.entries)
  for (const [key, entry] of above.entries) {
    const covered = below.entries.get(key)
    entries.set(key, covered === undefined ? entry : { ...entry, value: merged(covered.value, entry.value) })
  }
  return { ...above, entries }
}

/** One step of an override's path, and where it was written. */
interface Step {
  at: Place
  name: string | number
}

/** The plan with one override, `arms[1].profile=tuned`; unchanged when there is a mistake in it. */
function withOverride(root: Written, source: Source): { root: Written; problems: PlacedProblem[] } {
  const refused = (message: string) => ({ root, problems: [{ place: { source, offset: 0 }, message }] })
  const match = /^([A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*|\[\d+\])*)=/.exec(source.text)
  if (match?.[1] === undefined) return refused('expected path=value, such as fleet.nodes=100 or arms[0].set[0].value=5')
  const steps = [...match[1].matchAll(/[\w-]+/g)].map(
    ({ 0: text, index }): Step => ({
      at: { source, offset: index },
      // Only positions in lists begin with a digit.
      name: /^\d/.test(text) ? Number(text) : text,
    }),
  )
  if (steps[0]?.name === 'include') return refused('include: files are included in a plan, not on the command line')
  if (steps.length > deepest) return refused(`a path of more than ${deepest} steps`)
  const value = readYaml(source, match[0].length)
  const problems = [...value.problems, ...obstacle(root, steps)]
  return problems.length > 0 ? { root, problems } : { root: replaced(root, steps, value.root), problems }
}

/** What keeps a value from being set: maps that are missing on the way are made, items of lists are not. */
function obstacle(root: Written, steps: readonly Step[]): PlacedProblem[] {
  let node: Written | undefined = root
  let way = ''
  for (const { at, name } of steps) {
    const found: Written | undefined = node === undefined || isEmpty(node) ? undefined : node
    const problem = (message: string) => [{ place: at, message: `${way === '' ? 'the plan' : way} ${message}` }]
    if (typeof name === 'number') {
      if (found?.kind !== 'list') return problem('is not a list')
      const { length } = found.items
      if (name >= length) return problem(`has ${length} ${length === 1 ? 'item' : 'items'}; positions start at 0`)
      way += `[${name}]`
    } else {
      if (found?.kind === 'list') return problem(`is a list: say which item, such as ${way}[0].${name}`)
      if (found?.kind === 'scalar') return problem(`is ${shown(found.value)}, not a map`)
      way += way === '' ? name : `.${name}`
    }
    node = found === undefined ? undefined : childOf(found, name)
  }
  return []
}

function replaced(node: Written | undefined, steps: readonly Step[], value: Written): Written {
  const [step, ...rest] = steps
  if (step === undefined) return value
  const { at, name } = step
  if (typeof name === 'number') {
    if (node?.kind !== 'list') throw new Error('an obstacle was overlooked')
    return { ...node, items: node.items.with(name, replaced(node.items[name], rest, value)) }
  }
  const map = node?.kind === 'map' ? node : { kind: 'map' as const, at, entries: new Map<string, Entry>() }
  const inner = replaced(map.entries.get(name)?.value, rest, value)
  return { ...map, entries: new Map(map.entries).set(name, { key: at, value: inner }) }
}
