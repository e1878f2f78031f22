import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planHash } from '../plan/parse.ts'
import { productFolders } from '../testing/folders.ts'
import { loadPlan, planNames } from './plans.ts'
import type { RunHead } from './run-head.ts'
import { differencesBetween, headIn, headOf, planOf, planText } from './run-head.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-head-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const on = {
  runId: 'run-1',
  target: { name: 'local' },
  host: { startedAt: '2026-11-28T02:00:00.000Z', machine: { cores: 2, memoryBytes: 1e9, system: 'Linux 6.12' } },
  origin: { program: '0.1.0', components: ['/cache/v1.37.2-abc'], calibration: null },
  options: {},
} as unknown as Parameters<typeof headOf>[1]

describe('planOf', () => {
  it.each(planNames(productFolders.plans))(
    'should give back what was written, with all that it resolved: %s',
    (name) => {
      const plan = loadPlan(name, productFolders)
      writeFileSync(join(folder, 'plan.json'), planText(plan))
      const [record] = JSON.parse(
        JSON.stringify([{ sequence: 0, atMs: 0, ...headOf(plan, on, { measure: undefined }) }]),
      )
      const read = planOf(headIn([record], 'run-1'), folder)
      expect(read).toEqual(plan)
      expect(planHash(read)).toBe(planHash(plan))
      expect(planText(read)).toBe(planText(plan))
    },
  )

  it('should refuse a plan that was changed, or is gone', () => {
    const head = headOf(loadPlan('smoke', productFolders), on, { measure: undefined })
    expect(() => planOf(head, folder)).toThrow('plan.json of run-1 has changed since the run began')
  })
})

describe('headIn', () => {
  it('should refuse what is no head of today, and a journal without one', () => {
    const other = { sequence: 0, atMs: 0, type: 'run-started' }
    expect(() => headIn([other], 'old')).toThrow('old was started by another version of scale-test')
    expect(() => headIn([], 'old')).toThrow('old was killed before it started anything')
  })
})

describe('differencesBetween', () => {
  const begun = headOf(loadPlan('smoke', productFolders), on, { measure: undefined })
  const machine = begun.machine ?? { cores: 0, memoryBytes: 0, system: '' }
  it.each<[Partial<RunHead>, string[]]>([
    [{}, []],
    [{ machine: { ...machine, memoryBytes: 1.001e9 } }, []],
    [{ program: '0.2.0' }, ['program: 0.1.0 then, 0.2.0 now']],
    [{ components: ['/cache/v1.37.3-def'] }, ['components: /cache/v1.37.2-abc then, /cache/v1.37.3-def now']],
    [{ calibration: 'x' }, ['the calibration is different']],
    [
      { machine: { cores: 4, memoryBytes: 2e9, system: 'Linux 6.13' } },
      ['processors: 2 then, 4 now', 'system: Linux 6.12 then, Linux 6.13 now', 'memory: 953.7 MiB then, 1.9 GiB now'],
    ],
  ])('should name what would make arms unlike: %j', (changes, expected) => {
    expect(differencesBetween(begun, { ...begun, ...changes })).toEqual(expected)
  })
})
