import { dirname, isAbsolute, join, normalize } from 'node:path'
import { messageOf } from '../base/errors.ts'
import { shown } from '../base/shown.ts'
import type { Entry, Place, PlacedProblem, PlanPath, Source, Written } from './written.ts'
import { childOf, placeOf, plainOf, readYaml } from './written.ts'

/** A plan from several sources. */
export interface MergedPlan {
  value: unknown
  problems: PlacedProblem[]
  /** False when a file could not be read or understood: what it was to bring is not missing. */
  complete: boolean
  /** Where the value at `path` was written; see `placeOf`. What was overridden is never pointed at. */
  locate(path: PlanPath, key?: string): Place
}

export interface MergeOptions {
  /** Reads an included file; throws when that cannot be done. */
  read: (file: string) => string
  /** `path=value`, applied last, in order. */
  overrides: readonly string[]
  /** Files that are merged over the plan, as if it were included by them. */
  over?: readonly string[]
}

/**
 * Merges a plan with the files it includes and with overrides. Included files come first, in order, then the file itself:
 * maps are merged key by key, everything else is replaced. Files over the plan come next; an override replaces what is at
 * its path.
 */
export function mergeSources(text: string, file: string, { read, overrides, over = [] }: MergeOptions): MergedPlan {
  const problems: PlacedProblem[] = []
  let complete = true
  let sources = 0

  const fail = (place: Place, message: string) => {
    problems.push({ place, message })
    complete = false
  }
  const open = (name: string, contents: string, including: readonly string[]): Written => {
    const kind = including.length === 0 ? 'plan' : 'fragment'
    // A byte order mark is no part of the first key.
    const source: Source = { kind, name, text: contents.replace(/^\uFEFF/, ''), position: sources++ }
    const { root, problems: found, broken } = readYaml(source)
    problems.push(...found)
    if (broken) complete = false
    if (kind === 'fragment' && root.kind !== 'map' && !isEmpty(root))
      fail(root.at, `expected a map, found ${shown(plainOf(root))}`)
    if (root.kind !== 'map') return kind === 'plan' ? root : { kind: 'map', at: root.at, entries: new Map() }
    const own = new Map(root.entries)
    own.delete('include')
    return [...included(root.entries.get('include')?.value, [...including, name]), { ...root, entries: own }].reduce(
      merged,
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
      const given = plainOf(item)
      if (typeof given !== 'string' || given === '') return refuse(`expected a file, found ${shown(given)}`)
      const path = isAbsolute(given) ? given : join(dirname(including.at(-1) ?? ''), given)
      if (including.includes(path)) return refuse(`${path} includes itself, by way of ${including.at(-1)}`)
      const fragment = readFragment(read, path)
      return 'error' in fragment ? refuse(fragment.error) : [open(path, fragment.text, including)]
    })
  }

  let root = open(normalize(file), text, [])
  for (const path of over) {
    const fragment = readFragment(read, path)
    const source: Source = { kind: 'fragment', name: path, text: '', position: sources }
    if ('error' in fragment) fail({ source, offset: 0 }, fragment.error)
    else root = merged(root, open(path, fragment.text, [file]))
  }
  for (const override of overrides) {
    const source: Source = { kind: 'override', name: `--set ${override}`, text: override, position: sources++ }
    const set = withOverride(root, source)
    problems.push(...set.problems)
    root = set.root
  }
  return { value: plainOf(root), problems, complete, locate: (path, key) => placeOf(root, path, key) }
}

function readFragment(read: (file: string) => string, file: string): { text: string } | { error: string } {
  try {
    return { text: read(file) }
  } catch (error) {
    return { error: `${file} cannot be read: ${messageOf(error)}` }
  }
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

function isEmpty(written: Written): boolean {
  return written.kind === 'scalar' && written.value === null
}

/** One step of an override's path, and where it was written. */
interface Step {
  at: Place
  name: string | number
}

/** The plan with one override, `arms[1].profile=tuned`; unchanged when there is a mistake in it. */
function withOverride(root: Written, source: Source): { root: Written; problems: PlacedProblem[] } {
  const match = /^([A-Za-z]\w*(?:\.[A-Za-z]\w*|\[\d+\])*)=/.exec(source.text)
  if (match?.[1] === undefined) {
    const message = 'expected path=value, such as fleet.nodes=100 or arms[0].set[0].value=5'
    return { root, problems: [{ place: { source, offset: 0 }, message }] }
  }
  const steps = [...match[1].matchAll(/\w+/g)].map(
    ({ 0: text, index }): Step => ({
      at: { source, offset: index },
      // Only positions in lists begin with a digit.
      name: /^\d/.test(text) ? Number(text) : text,
    }),
  )
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
      if (found?.kind !== 'list') return problem('is no list')
      const { length } = found.items
      if (name >= length) return problem(`has ${length} ${length === 1 ? 'item' : 'items'}, counted from 0`)
      way += `[${name}]`
    } else {
      if (found?.kind === 'list') return problem(`is a list: say which item, such as ${way}[0].${name}`)
      if (found?.kind === 'scalar') return problem(`is no map, but ${shown(found.value)}`)
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
