import { Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { magnitudeOf } from '../base/quantity.ts'
import { shown } from '../base/shown.ts'
import { parseYaml } from '../base/yaml.ts'
import { findKnob } from './find-knob.ts'
import type { Knob, KnobValue } from './knob.ts'
import { takeValue } from './take.ts'
import { magnitudeOfValue } from './value.ts'

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
 * different values; whether a value fits the plan is for the plan to say. `planFields` are paths to suggest where one is close.
 */
export function parseVariation(text: string, planFields: readonly string[] = []): Variation {
  const [, varied, list] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (varied === undefined || list === undefined)
    throw new Failure('bad-input', `--vary ${excerpt(text)}: expected a setting and its values, such as ${example}`)
  const knob = knobOrField(varied, planFields)
  const magnitude = (value: KnobValue) => (knob === undefined ? magnitudeOf(value) : magnitudeOfValue(knob.type, value))
  const values = itemsIn(list, text).map((given) => (knob === undefined ? given : knobValue(knob, given)))
  const measures = values.map((value) => magnitude(value) ?? value)
  const twice = values[measures.findIndex((measure, index) => measures.indexOf(measure) < index)]
  if (twice !== undefined)
    throw new Failure('bad-input', `--vary ${excerpt(text)}: ${excerpt(String(twice))} is given twice`)
  if (values.length < 2)
    throw new Failure('bad-input', `--vary ${excerpt(text)}: a single value has nothing to be compared with`, {
      next: `give two or more, such as ${example}`,
    })
  return { varied, knob, values: inOrder(values, magnitude) }
}

const example = 'kubelet.kubeAPIQPS=5,10,20,50,100'

/** What can differ between arms of one run: neither what is timed, nor what all of them run on. */
const fields = /^(fleet|workload|steps\[\d+\]\.fill|probes\.(pod|settle))(\.|$)/
const machines = /^fleet\.hosts?(\.|$)/

/** The knob that varies; undefined where it is a field of the plan. */
function knobOrField(path: string, planFields: readonly string[]): Knob | undefined {
  if (machines.test(path))
    throw new Failure('bad-input', `${excerpt(path)} cannot vary: the arms of a run share their machines`)
  if (fields.test(path)) return undefined
  const found = findKnob(
    path,
    planFields.filter((field) => fields.test(field) && !machines.test(field)),
  )
  if (!('refusal' in found)) return found
  throw new Failure('bad-input', found.refusal, {
    next: 'all knobs: npm run scale-test -- knobs; plan fields that can vary are those under fleet, workload (or a step’s fill), probes.pod and probes.settle',
  })
}

/** The values as a plan would have them. */
function itemsIn(list: string, whole: string): KnobValue[] {
  const refusal = (what: string) =>
    new Failure('bad-input', `--vary ${excerpt(whole)}: ${what}`, {
      next: `separate values with commas; one that contains a comma or a colon needs quotes: --vary 'knob="one, two",three'`,
    })
  const written = parseYaml(`[${list}]`)
  if ('reason' in written) throw refusal(written.reason)
  const read = () => {
    try {
      return written.document.toJS() as unknown
    } catch {
      throw refusal('aliases (*name) are not supported')
    }
  }
  const items = read()
  if (!Array.isArray(items)) throw refusal('expected values')
  return items.map((item: unknown) => {
    if (typeof item === 'string' || typeof item === 'boolean') return item
    if (typeof item === 'number' && Number.isFinite(item)) return item
    throw refusal(`expected values, found ${shown(item)}`)
  })
}

function knobValue(knob: Knob, given: KnobValue): KnobValue {
  const taken = takeValue(knob, given)
  if ('value' in taken) return taken.value
  throw new Failure('bad-input', taken.refusal)
}

/** In rising order where all of them lie on one axis. */
function inOrder(values: readonly KnobValue[], magnitude: (value: KnobValue) => number | undefined): KnobValue[] {
  const sized = values.map((value) => ({ value, size: magnitude(value) }))
  const onAxis = sized.filter((one): one is { value: KnobValue; size: number } => one.size !== undefined)
  if (onAxis.length < values.length) return [...values]
  return onAxis.toSorted((left, right) => left.size - right.size).map(({ value }) => value)
}
