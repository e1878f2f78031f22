import { describe, expect, it } from 'vitest'
import { withContainerStarts } from './container-starts.ts'

describe('what container starts explain', () => {
  const none = { boundBy: null, text: 'no client limit' }
  const explanations = ['created', 'available', 'ready'].map((stop) => ({ stop, ...none }))
  const told = (available: number, starts: { timeMs: number; parallel?: number } | undefined, containers = 199) =>
    withContainerStarts(explanations, { created: 25_000, available, ready: 200_000 }, containers, starts).map(
      ({ text }) => text,
    )
  const four = { timeMs: 500, parallel: 4 }

  it('should be said of the stops that wait for all containers when the starts take as long', () => {
    const text = 'no client limit; container starts take 25.0 s of 26.0 s: 199 containers, 4 at a time, 500 ms each'
    expect(told(26_000, four)).toEqual(['no client limit', text, 'no client limit'])
  })

  it.each([
    ['the plan says nothing of them', 26_000, undefined, 199],
    ['the stop came much later', 40_000, four, 199],
    ['the stop came before they can be done', 20_000, four, 199],
    ['the probe starts no container', 26_000, four, -199],
    ['they go side by side in a fraction of the time', 26_000, { timeMs: 500 }, 199],
  ])('should not be said when %s', (_, available, starts, containers) => {
    expect(told(available, starts, containers)).toEqual(['no client limit', 'no client limit', 'no client limit'])
  })
})
