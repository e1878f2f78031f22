import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Random } from './random.ts'
import { createRandom } from './random.ts'

const words = (random: Random) => Array.from({ length: 4 }, () => random.word())

describe('createRandom', () => {
  it('should give the same numbers on every machine', () => {
    expect(words(createRandom(1, 'pods'))).toMatchInlineSnapshot(`
      [
        684921572,
        843426185,
        -1568628834,
        845616336,
      ]
    `)
  })

  it('should give other numbers for another seed or another stream', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.maxSafeNat(),
        fc.string(),
        fc.string(),
        (seed, otherSeed, stream, otherStream) => {
          fc.pre(seed !== otherSeed && stream !== otherStream)
          expect(words(createRandom(seed, stream))).not.toEqual(words(createRandom(otherSeed, stream)))
          expect(words(createRandom(seed, stream))).not.toEqual(words(createRandom(seed, otherStream)))
        },
      ),
    )
  })

  it('should not let one stream move another', () => {
    const undisturbed = words(createRandom(1, 'pods'))
    const pods = createRandom(1, 'pods')
    words(createRandom(1, 'mounts'))
    expect(words(pods)).toEqual(undisturbed)
  })

  it('should draw every whole number of a range about as often, both ends included', () => {
    const random = createRandom(1, 'dice')
    const counts = new Map<number, number>()
    for (let roll = 0; roll < 6000; roll++) {
      const face = random.integer(1, 6)
      counts.set(face, (counts.get(face) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6])
    // Six standard deviations (29 each) either side of 1000.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(175)
  })
})
