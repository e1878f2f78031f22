import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

/** Numbers that look random and follow from a seed alone: the same ones on every machine. */
export interface Random {
  /** A whole number from `min` to `max`, both included, each as likely as the others. */
  integer(min: number, max: number): number
  /** 32 random bits, as a signed number. */
  word(): number
}

/**
 * The numbers of one stream of a seed. Streams do not depend on each other: drawing more from one, or having one more
 * of them, leaves what the others give as it was.
 */
export function createRandom(seed: number, stream: string): Random {
  const key = `${seed}/${stream}`
  // The last word keeps the generator out of its one dead state, all zeros.
  const generator = xoroshiro128plusFromState([hash(key, 1), hash(key, 2), hash(key, 3), hash(key, 4) | 1])
  return {
    integer: (min, max) => uniformInt(generator, min, max),
    word: () => generator.next(),
  }
}

/** 32 bits of a text, in the manner of MurmurHash: whole numbers only, so that every machine agrees. */
function hash(text: string, salt: number): number {
  let bits = salt
  for (let index = 0; index < text.length; index++) {
    bits = Math.imul(bits ^ text.charCodeAt(index), 0x5bd1e995)
    bits ^= bits >>> 15
  }
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
