import { createRandom } from '../base/random.ts'

/**
 * Makes texts of exactly `size` printable characters that do not compress (6 random bits in each character), from a seed
 * and a key alone: so any object can be made without those before it. The bytes behind the text are used again and again.
 */
export function payloads(seed: number, size: number): (key: string) => string {
  // Three bytes are four characters of base64; words are whole, so there may be up to three bytes too many.
  const words = Math.ceil((Math.ceil(size / 4) * 3) / 4)
  const bytes = Buffer.alloc(words * 4)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (key) => {
    const random = createRandom(seed, key)
    // In one byte order, whatever the machine's. A view takes half the time of writeInt32LE, and ballast is gigabytes.
    for (let word = 0; word < words; word++) view.setInt32(word * 4, random.word(), true)
    return bytes.toString('base64').slice(0, size)
  }
}
