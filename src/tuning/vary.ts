import { parse } from 'yaml'
import { parseDurationMs } from '../base/duration.ts'
import { Failure, messageOf } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { didYouMean } from '../base/names.ts'
import { magnitudeOf } from '../base/quantity.ts'
import { catalogue, knobById } from './catalogue.ts'
import type { Knob, KnobValue } from './knob.ts'

/** One setting, and the values that it is to be given in turn. */
export interface Variation {
  /** A knob's id, or the path of a field of the plan. */
  varied: string
  /** Undefined where it is a field of the plan. */
  knob: Knob | undefined
  /** At least two, all different; in rising order where they are numbers, durations or amounts. */
  values: KnobValue[]
}

/**
 * Reads `kubelet.kubeAPIQPS=5,10,20`, or `fleet.nodes=100,1000`. Values are items of a YAML list: one with a comma or a colon in it
 * is quoted. Throws `Failure('bad-input')` for an unknown setting, a value that does not fit the knob, and fewer than two
 * different values; whether a value fits the plan is for the plan to say.
 */
export function parseVariation(text: string): Variation {
  const [, varied, list] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (varied === undefined || list === undefined)
    throw new Failure('bad-input', `--vary ${text}: expected a setting and its values, such as ${example}`)
  const knob = knobById(varied)
  if (knob === undefined) refuseUnlessField(varied)
  const values = textsIn(list, text).map((written) =>
    knob === undefined ? plainValue(written) : valueFor(knob, written),
  )
  const twice = values.find((value, index) => values.indexOf(value) < index)
  if (twice !== undefined) throw new Failure('bad-input', `--vary ${text}: ${twice} is there twice`)
  if (values.length < 2)
    throw new Failure('bad-input', `--vary ${text}: one value has nothing to be set beside`, {
      next: `give two or more, such as ${example}`,
    })
  return { varied, knob, values: inOrder(values) }
}

const example = 'kubelet.kubeAPIQPS=5,10,20,50,100'

/** What can differ between arms of one run: neither what is timed, nor what all of them run on. */
const fields = /^(fleet|workload|probes\.(pod|settle))(\.|$)/
const machines = /^fleet\.hosts?(\.|$)/

function refuseUnlessField(path: string): void {
  if (machines.test(path))
    throw new Failure('bad-input', `${path} cannot vary: the arms of a run have their machines in common`)
  if (fields.test(path)) return
  const meant = didYouMean(
    path,
    catalogue.map(({ id }) => id),
  )
  throw new Failure('bad-input', `there is no knob ${excerpt(path)}${meant}`, {
    next: 'all knobs: npm run scale-test -- knobs; fields of a plan can vary below fleet, workload, probes.pod and probes.settle',
  })
}

function plainValue(text: string): KnobValue {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

/** The values as they were written: whether `1000` is a number is for the knob to say. */
function textsIn(list: string, whole: string): string[] {
  const refusal = (what: string) =>
    new Failure('bad-input', `--vary ${whole}: ${what}`, {
      next: `values stand between commas; one with a comma or a colon in it needs quotes: --vary 'knob="one, two",three'`,
    })
  const read = () => {
    try {
      return parse(`[${list}]`, { schema: 'failsafe', prettyErrors: false }) as unknown
    } catch (error) {
      throw refusal(messageOf(error))
    }
  }
  const items = read()
  if (!Array.isArray(items)) throw refusal('expected values')
  return items.map((item: unknown) => {
    if (typeof item !== 'string') throw refusal(`expected values, found ${JSON.stringify(item)}`)
    return item
  })
}

/** What a knob takes, where it is not a whole number of at least 1: for many of them 0 means "as built in". */
const ranges: Readonly<Record<string, { min: number; max?: number; whole?: boolean }>> = {
  'controllerManager.kubeApiQps': { min: 0.001, whole: false },
  'apiserver.defaultNotReadyTolerationSeconds': { min: 0 },
  'apiserver.defaultUnreachableTolerationSeconds': { min: 0 },
  'etcd.nice': { min: -20, max: 19 },
}

/** The value as the knob takes it, by the form of the values it is known to have. */
function valueFor({ id, stock, tuned }: Knob, text: string): KnobValue {
  const known = stock ?? tuned
  const refusal = (expected: string) => new Failure('bad-input', `${id} takes ${expected}, not ${JSON.stringify(text)}`)
  if (typeof known === 'number') {
    const { min, max = Number.POSITIVE_INFINITY, whole = true } = ranges[id] ?? { min: 1 }
    const value = text.trim() === '' ? Number.NaN : Number(text)
    const fits = Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isSafeInteger(value))
    if (fits) return value
    const bounds = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`
    throw refusal(`a ${whole ? 'whole ' : ''}number ${bounds}`)
  }
  if (typeof known === 'string' && parseDurationMs(known) !== undefined) {
    if (parseDurationMs(text) === undefined) throw refusal(`a duration with a unit, such as ${known}`)
    return text
  }
  if (typeof known === 'string' && magnitudeOf(known) !== undefined && magnitudeOf(text) === undefined)
    throw refusal(`a number, such as ${known}`)
  const allowed = words[id]
  if (allowed !== undefined && !allowed.includes(text)) throw refusal(allowed.join(' or '))
  return text
}

/** Knobs that take one of a few words. */
const words: Readonly<Record<string, readonly string[]>> = {
  'etcd.autoCompactionMode': ['periodic', 'revision'],
}

function inOrder(values: KnobValue[]): KnobValue[] {
  const sizes = new Map(values.map((value) => [value, magnitudeOf(value)]))
  if ([...sizes.values()].includes(undefined)) return values
  return values.toSorted((left, right) => (sizes.get(left) ?? 0) - (sizes.get(right) ?? 0))
}
