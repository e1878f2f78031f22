import { describe, expect, it } from 'vitest'
import { drawCase } from './draw.ts'

const cases = Array.from({ length: 200 }, (_, seed) => drawCase(seed))

describe('drawCase', () => {
  it('should draw the same case for the same seed', () => {
    expect(drawCase(7)).toEqual(drawCase(7))
    expect(drawCase(7)).not.toEqual({ ...drawCase(8), seed: 7 })
  })

  it('should leave the last action alone, and kill the others', () => {
    for (const { actions } of cases) {
      expect(actions.at(-1)?.killed).toBeUndefined()
      expect(actions.slice(0, -1).every(({ killed }) => killed !== undefined)).toBe(true)
    }
  })

  it('should draw both kinds of moment and of action, also of what is killed again', () => {
    expect(new Set(cases.map(({ killed }) => killed.of))).toEqual(new Set(['time', 'journal']))
    expect(new Set(cases.map(({ actions }) => actions.at(-1)?.command))).toEqual(new Set(['resume', 'cleanup']))
    const again = cases.flatMap(({ actions }) => actions.slice(0, -1).map(({ command }) => command))
    expect(new Set(again)).toEqual(new Set(['resume', 'cleanup']))
  })
})
