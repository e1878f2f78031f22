import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { productFolders } from '../testing/folders.ts'
import { surroundingsForTests } from '../testing/surroundings.ts'
import { newCommand } from './new-command.ts'
import { loadPlan } from './plans.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-new-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

describe('new', () => {
  it('should write a plan that is right as it is, called as it was asked for', () => {
    const file = join(folder, 'small.yaml')
    expect(
      newCommand(
        file,
        surroundingsForTests(folder, () => {}),
      ),
    ).toBe(0)
    const plan = loadPlan(file, productFolders)
    expect(plan.name).toBe('small')
    expect(plan.arms).toHaveLength(2)
    expect(plan.thresholds.length).toBeGreaterThan(0)
  })

  it('should add the ending where it is missing', () => {
    newCommand(
      join(folder, 'small'),
      surroundingsForTests(folder, () => {}),
    )
    expect(readFileSync(join(folder, 'small.yaml'), 'utf8')).toContain('PLAN=small.yaml')
  })

  it('should leave a file alone that is there', () => {
    const file = join(folder, 'small.yaml')
    newCommand(
      file,
      surroundingsForTests(folder, () => {}),
    )
    expect(() =>
      newCommand(
        file,
        surroundingsForTests(folder, () => {}),
      ),
    ).toThrow(/already exists/)
  })

  it('should refuse the name of a plan that there is already, and a folder that there is not', () => {
    const surroundings = surroundingsForTests(folder, () => {})
    expect(() => newCommand(join(folder, '5k-nodes.yaml'), surroundings)).toThrow('already has a plan called 5k-nodes')
    expect(() => newCommand(join(folder, 'none', 'small.yaml'), surroundings)).toThrow('there is no folder')
  })

  it.each(['Big', 'a b', '-a', '..', 'x'.repeat(64)])('should refuse a name that no plan can have: %s', (name) => {
    expect(() =>
      newCommand(
        join(folder, `${name}.yaml`),
        surroundingsForTests(folder, () => {}),
      ),
    ).toThrow(/is not a valid plan name/)
  })
})
