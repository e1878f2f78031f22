import { describe, expect, it } from 'vitest'
import { trackTriggers } from './endpoint-slices.ts'

describe('what triggered a write of EndpointSlices', () => {
  it('should be the creation of a Service that is new, whatever its pods did', () => {
    const triggers = trackTriggers(4000)
    triggers.note(7000)
    expect(triggers.take()).toBe(4000)
    expect(triggers.take()).toBeUndefined()
  })

  it('should be the earliest transition since the last write', () => {
    const triggers = trackTriggers(4000)
    triggers.take()
    for (const transitionMs of [9000, 8000, 12_000]) triggers.note(transitionMs)
    expect(triggers.take()).toBe(8000)
    triggers.note(13_000)
    expect(triggers.take()).toBe(13_000)
  })
})
