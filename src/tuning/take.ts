import { didYouMean } from '../base/names.ts'
import { isQuotedNumber } from '../base/quantity.ts'
import { shown } from '../base/shown.ts'
import type { Knob } from './knob.ts'
import type { KnobValue } from './value.ts'
import { describeType, readValue } from './value.ts'

/**
 * A value for a knob as a person writes it, in a plan or on the command line; or why it is none: `kubeProxy.mode takes iptables, ipvs or
 * nftables, not "ipvss"; did you mean ipvs?`
 */
export function takeValue({ id, type }: Knob, given: unknown): { value: KnobValue } | { refusal: string } {
  const value = readValue(type, given)
  const isQuoted = typeof value === 'number' && isQuotedNumber(given)
  if (value !== undefined && !isQuoted) return { value }
  const meant = type.kind === 'word' && typeof given === 'string' ? didYouMean(given, type.words) : ''
  const hint = isQuoted ? '; write it without quotes' : meant
  const found = given === undefined ? '' : `, not ${shown(given)}`
  return { refusal: `${id} takes ${describeType(type)}${found}${hint}` }
}
