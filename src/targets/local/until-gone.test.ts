import { describe, expect, it } from 'vitest'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { killMs, untilGone } from './until-gone.ts'

/** As many things as there are moments, each gone from its moment on. */
function going(goneAtMs: readonly number[]) {
  const clock = createVirtualClock(0)
  const look = () => goneAtMs.filter((atMs) => atMs > clock.nowMs())
  return { clock, look }
}

describe('untilGone (fault 42)', () => {
  it('should wait for a hundred that take ten seconds each, far longer than for one', async () => {
    const { clock, look } = going(Array.from({ length: 100 }, (_, index) => 10_000 * (index + 1)))
    expect(await untilGone(look, clock)).toEqual([])
    expect(clock.nowMs()).toBeGreaterThanOrEqual(1_000_000)
  })

  it('should give up when nothing more goes, and tell what is left', async () => {
    const { clock, look } = going([1000, 2000, Number.POSITIVE_INFINITY])
    expect(await untilGone(look, clock)).toHaveLength(1)
    expect(clock.nowMs()).toBeGreaterThanOrEqual(2000 + killMs)
    expect(clock.nowMs()).toBeLessThan(3000 + killMs)
  })

  it('should not take what keeps coming back for something that goes', async () => {
    const clock = createVirtualClock(0)
    let looks = 0
    expect(await untilGone(() => Array(1 + (looks++ % 2)).fill('fork'), clock)).not.toEqual([])
    expect(clock.nowMs()).toBeLessThan(2 * killMs)
  })

  it('should look as often as it is told before it believes that nothing is there', async () => {
    const clock = createVirtualClock(0)
    const found = [['a'], [], ['born meanwhile'], [], []]
    expect(await untilGone(() => found.shift() ?? [], clock, 2)).toEqual([])
    expect(found).toEqual([])
  })
})
