import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadPlan, planNames, vocabularyOf } from '../src/cli/plans.ts'
import { parsePlan } from '../src/plan/parse.ts'
import { readProfile } from '../src/plan/profile.ts'
import { productFolders } from '../src/testing/folders.ts'
import { profiles } from '../src/testing/profiles.ts'
import { planFields, planReferenceText } from './plan-reference.ts'
import { planSchemaText, profileSchemaText } from './plan-schema.ts'

const { plans } = productFolders
const vocabulary = vocabularyOf(productFolders)

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
    expect(timeout).toMatchObject({ default: '2m', description: expect.stringContaining('all nodes') })
    expect(properties.arms.items.properties.profile.anyOf[0].enum).toContain('tuned')
  })
})

describe('docs/plan-reference.md', () => {
  it('should be what make schema writes', () => {
    const file = join(import.meta.dirname, '..', 'docs', 'plan-reference.md')
    expect(readFileSync(file, 'utf8')).toBe(planReferenceText())
  })

  it('should describe every field', () => {
    const fields = planFields()
    expect(fields.map(({ path }) => path)).toContain('steps[].probe.from')
    expect(fields.filter(({ description }) => description === '').map(({ path }) => path)).toEqual([])
  })
})

describe('profiles/profile.schema.json', () => {
  it('should be what make schema writes', () => {
    expect(readFileSync(join(productFolders.profiles, 'profile.schema.json'), 'utf8')).toBe(profileSchemaText())
  })
})

describe('the profiles that ship with the product', () => {
  const schema = z.fromJSONSchema(JSON.parse(profileSchemaText()))
  const textOf = (name: string) => readFileSync(profiles.fileOf(name), 'utf8')

  it('should be those that the documentation speaks of', () => {
    expect(profiles.names).toEqual(['sig-scalability', 'stock', 'tuned', 'untuned'])
  })

  it.each(profiles.names)('should be right, called as its file is, and point editors at the schema: %s', (name) => {
    expect(readProfile(name, profiles).name).toBe(name)
    expect(schema.safeParse(parse(textOf(name))).error?.issues ?? []).toEqual([])
    expect(textOf(name).split('\n')[0]).toBe('# yaml-language-server: $schema=profile.schema.json')
  })
})

describe('the schema as editors apply it', () => {
  const schema = z.fromJSONSchema(JSON.parse(planSchemaText()))
  const planOf = (name: string) => parse(readFileSync(join(plans, `${name}.yaml`), 'utf8'))

  it.each([...planNames(plans), 'include/reference'])('should accept what ships with the product: %s', (name) => {
    expect(schema.safeParse(planOf(name)).error?.issues ?? []).toEqual([])
  })

  it('should refuse values without units and unknown fields', () => {
    const plan = planOf('1k-nodes')
    for (const wrong of [
      { fleet: { ...plan.fleet, timeout: 600 } },
      { fleet: { ...plan.fleet, timeout: '600' } },
      { workload: { ...plan.workload, pace: { rate: '200' } } },
      { workload: { ...plan.workload, ballast: { total: '1500000000', objectSize: '4KiB' } } },
      { fleat: plan.fleet },
    ])
      expect(schema.safeParse({ ...plan, ...wrong }).success, JSON.stringify(wrong)).toBe(false)
  })
})

describe('the plans that ship with the product', () => {
  it('should be named wherever they are, but for what they include', () => {
    expect(planNames(plans)).toEqual([
      '1k-nodes',
      '5k-nodes',
      'examples/clusterloader2-load',
      'examples/kperf-node100-pod10k',
      'examples/kube-burner-cluster-density',
      'experiments/container-starts',
      'experiments/etcd-compaction',
      'experiments/etcd-heartbeat',
      'experiments/etcd-priority',
      'experiments/etcd-quota',
      'experiments/etcd-snapshot-count',
      'experiments/etcd-split',
      'experiments/etcd-wal-disk',
      'experiments/faults',
      'experiments/fidelity',
      'experiments/fidelity-300-pods',
      'experiments/fidelity-unbound',
      'experiments/heartbeat',
      'experiments/idle-and-filled',
      'experiments/published/density-review',
      'experiments/published/eks-qps',
      'experiments/published/kwok1248',
      'experiments/published/kwok1248-50k',
      'experiments/published/kwok271',
      'experiments/published/lease-renewals',
      'experiments/published/node-density',
      'experiments/qualification',
      'experiments/qualification-slower',
      'releases',
      'single-node',
      'smoke',
    ])
  })

  it.each(planNames(plans))('should be right and point editors at the schema: %s', (name) => {
    expect(loadPlan(name, productFolders).name).toBe(name.split('/').at(-1))
    const [first] = readFileSync(join(plans, `${name}.yaml`), 'utf8').split('\n')
    const schema = `${'../'.repeat(name.split('/').length - 1)}plan.schema.json`
    expect(first).toBe(`# yaml-language-server: $schema=${schema}`)
  })
})

describe('the page about plans', () => {
  const examples = [
    ...readFileSync(join(plans, '..', 'docs', 'plans.md'), 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms),
  ].map(([, text = '']) => text)

  const isPlan = (text: string) => text.startsWith('apiVersion')

  it('should show whole plans', () => {
    // As if they stood where plans do.
    const read = (file: string) => readFileSync(join(plans, file), 'utf8')
    const shown = examples
      .filter(isPlan)
      .map((text) => parsePlan(text, 'plan.yaml', vocabulary, { read, overrides: [] }))
    expect(shown.map(({ name }) => name)).toEqual(['small', 'qualification', 'busy-hour'])
  })

  it('should show a whole profile', () => {
    const [example = '', ...others] = examples.filter((text) => !isPlan(text))
    const read = (file: string) => (file === 'ours.yaml' ? example : profiles.read(file))
    expect(others).toEqual([])
    expect(readProfile('ours.yaml', { ...profiles, read }).name).toBe('ours')
  })
})
