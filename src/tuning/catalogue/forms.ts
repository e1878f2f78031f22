import type { Component, NamedKnob, ReadBack } from '../knob.ts'
import type { KnobType } from '../value.ts'
import { largestInt32 } from '../value.ts'

/** What is to be said of a knob, whatever sets it. */
export type Told = Pick<NamedKnob, 'type' | 'unit' | 'stock' | 'meaningOf' | 'affects' | 'note'>

export const whole = (min: number, max: number = largestInt32): KnobType => ({ kind: 'whole number', min, max })
export const word = (...words: string[]) => ({ kind: 'word', words }) as const satisfies KnobType
/** Below its shortest a component would be busy with nothing else, and 0 of most of them is "not set" or a loop without end. */
export const duration = (minMs: number): KnobType => ({ kind: 'duration', minMs })
export const durationOrZero = (minMs: number): KnobType => ({ kind: 'duration', minMs, orZero: true })

/** A knob that is a flag: `concurrent-gc-syncs` is `PREFIX.concurrentGcSyncs`. */
export const flag = (
  component: Component,
  prefix: string,
  name: string,
  readBack: ReadBack,
  told: Told,
): NamedKnob => ({
  id: `${prefix}.${camelCase(name)}`,
  component,
  setting: { via: 'flag', flag: name },
  readBack,
  ...told,
})

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
