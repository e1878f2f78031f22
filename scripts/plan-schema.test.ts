import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPlan, planNames } from '../src/cli/plans.ts'
import { planSchemaText } from './plan-schema.ts'

const plans = join(import.meta.dirname, '..', 'plans')

describe('plans/plan.schema.json', () => {
  it('should be what make schema writes', () => {
    expect(readFileSync(join(plans, 'plan.schema.json'), 'utf8')).toBe(planSchemaText())
  })

  it('should tell editors the form of values with units', () => {
    const { properties } = JSON.parse(planSchemaText())
    const { timeout, node } = properties.fleet.properties
    expect('90s').toMatch(new RegExp(timeout.pattern))
    expect('90').not.toMatch(new RegExp(timeout.pattern))
    expect(node.properties.memory.description).toContain('32Gi')
    expect(properties.arms.items.properties.profile.enum).toContain('tuned')
  })
})

describe('the plans that ship with the product', () => {
  it('should be named wherever they are, but for what they include', () => {
    expect(planNames(plans)).toEqual(['1k-nodes', '5k-nodes', 'experiments/heartbeat', 'single-node', 'smoke'])
  })

  it.each(planNames(plans))('should be right and point editors at the schema: %s', (name) => {
    expect(loadPlan(name, plans).name).toBe(name.split('/').at(-1))
    const [first] = readFileSync(join(plans, `${name}.yaml`), 'utf8').split('\n')
    const schema = `${'../'.repeat(name.split('/').length - 1)}plan.schema.json`
    expect(first).toBe(`# yaml-language-server: $schema=${schema}`)
  })
})
