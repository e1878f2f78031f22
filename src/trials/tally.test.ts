import { describe, expect, it } from 'vitest'
import { invariantNames } from './invariants/index.ts'
import { createTally } from './tally.ts'
import type { Trial } from './trial.ts'

const trial = (parts: Partial<Trial> = {}): Trial => ({
  seed: 1,
  faults: [],
  verdict: 'pass',
  reasons: [],
  residue: [],
  checked: Object.fromEntries(invariantNames.map((name) => [name, 2])) as Trial['checked'],
  violations: [],
  result: '',
  ...parts,
})

describe('the tally of trials', () => {
  it('should name the invariants that had nothing to look at in any of them', () => {
    const tally = createTally()
    expect(tally.vacuous()).toEqual(invariantNames)
    const { checked } = trial()
    tally.note(trial({ checked: { ...checked, 'created once': 0, 'equal arms': 0 } }))
    expect(tally.vacuous()).toEqual(['created once', 'equal arms'])
    tally.note(trial({ checked: { ...checked, 'equal arms': 0 } }))
    expect(tally.vacuous()).toEqual(['equal arms'])
  })

  it('should say what was done, and how often faults struck', () => {
    const tally = createTally()
    tally.note(trial({ residue: ['a'], faults: [{ kind: 'storms', description: '', struck: 7 }] }))
    tally.note(trial({ verdict: 'inconclusive', faults: [{ kind: 'no-space', description: '', struck: 0 }] }))
    const text = tally.lines().join('\n')
    expect(text).toContain('2 runs: pass 1, inconclusive 1; 1 left something behind and said so')
    expect(text).toMatch(/^ {2}created once +4 objects$/m)
    expect(text).toMatch(/storms 1,.*no-space 0,.*; 1 seed without a fault/)
    expect(tally.struck().get('storms')).toBe(7)
  })
})
