const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i
const hexadecimal = /^([+-]?)0x([\da-f]*)(?:\.([\da-f]*))?p([+-]?\d+)$/i
const infinite = /^([+-]?)inf(?:inity)?$/i

/**
 * A number as Go's strconv.ParseFloat reads it, but for underscores between digits, which no metrics page has: decimal, hexadecimal
 * (`0x1p-2`), `Inf`, `Infinity` and `NaN`, whatever their case. Undefined for anything else, and for what a float64 cannot hold.
 */
export function parseFloat64(text: string): number | undefined {
  if (decimal.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  if (/^nan$/i.test(text)) return Number.NaN
  const sign = infinite.exec(text)?.[1]
  if (sign !== undefined) return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return parseHexadecimal(text)
}

/** Bits of a float64's significand, the exponent of its smallest step, and the power of two that it does not reach. */
const [significandBits, leastExponent, endExponent] = [53, -1074, 1024]

function parseHexadecimal(text: string): number | undefined {
  const [, sign, whole = '', fraction = '', power = ''] = hexadecimal.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return undefined
  const digits = BigInt(`0x${whole}${fraction}`)
  const magnitude = magnitudeOf(digits, Number(power) - 4 * fraction.length)
  if (!Number.isFinite(magnitude)) return undefined
  return sign === '-' ? -magnitude : magnitude
}

function magnitudeOf(digits: bigint, exponent: number): number {
  const end = exponent + digits.toString(2).length
  if (digits === 0n || end < leastExponent) return 0
  if (end > endExponent) return Number.POSITIVE_INFINITY
  const kept = Math.max(end - significandBits, leastExponent)
  const significand = exponent >= kept ? digits << BigInt(exponent - kept) : rounded(digits, kept - exponent)
  return Number(significand) * 2 ** kept
}

/** The digits without their last `bits`, rounded to the nearest, to an even number where two are equally near. */
function rounded(digits: bigint, bits: number): bigint {
  const shift = BigInt(bits)
  const [quotient, remainder, half] = [digits >> shift, digits & ((1n << shift) - 1n), 1n << (shift - 1n)]
  const isUp = remainder > half || (remainder === half && (quotient & 1n) === 1n)
  return isUp ? quotient + 1n : quotient
}
