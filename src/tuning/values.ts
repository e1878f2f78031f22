import { parseDurationMs } from '../base/duration.ts'
import { knobById } from './find-knob.ts'
import type { KnobRequest } from './profiles.ts'

/**
 * The values of an arm's knobs, each as what it is. All throw an `Error` for a knob that has no value, or one of another kind: the edges
 * let no such value through, so that it is a bug, and nothing to go on with.
 */
export interface Values {
  number(id: string): number
  durationMs(id: string): number
  text(id: string): string
  /** The items of a list; none of an empty one. */
  list(id: string): string[]
  /** Whether the arm itself sets it. */
  isRequested(id: string): boolean
}

/** The values that hold under an arm's requests: its own, and the built-in ones of everything else. `onRead` learns what is looked at. */
export function valuesUnder(requests: readonly KnobRequest[], onRead: (id: string) => void = () => {}): Values {
  const requested = new Map(requests.map(({ knob, value }) => [knob.id, value]))
  const lookUp = (id: string) => {
    onRead(id)
    return requested.get(id) ?? knobById(id)?.stock
  }
  const other = (id: string, kind: string) => new Error(`${id} is ${lookUp(id)}, which is no ${kind}`)
  const text = (id: string) => {
    const value = lookUp(id)
    if (typeof value !== 'string') throw other(id, 'text')
    return value
  }
  return {
    text,
    number(id) {
      const value = lookUp(id)
      if (typeof value !== 'number') throw other(id, 'number')
      return value
    },
    durationMs(id) {
      const durationMs = parseDurationMs(text(id))
      if (durationMs === undefined) throw other(id, 'duration')
      return durationMs
    },
    list: (id) => (text(id) === '' ? [] : text(id).split(',')),
    isRequested(id) {
      onRead(id)
      return requested.has(id)
    },
  }
}
