import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { productFolders } from '../testing/folders.ts'
import type { PlanChoices } from './plans.ts'
import { loadPlanFor } from './plans.ts'

let folder: string

const text = `apiVersion: scale-test/v1
name: releases
fleet:
  nodes: 1
  node: { cpu: 1, memory: 1Gi }
steps: [{ observe: 1m }]
arms:
  - { name: new, profile: stock, kubernetes: "1.37" }
  - { name: old, profile: stock }
`

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-plans-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function load(choices: PlanChoices, plan = text) {
  writeFileSync(join(folder, 'releases.yaml'), plan)
  return loadPlanFor('releases', { ...productFolders, plans: folder }, choices)
}
const bothNamed = text.replace('name: old, profile: stock', 'name: old, profile: stock, kubernetes: "1.36"')

describe('the version of Kubernetes on the command line', () => {
  it('should be that of every arm that names none', () => {
    expect(load({ kubernetes: '1.35' })).toMatchObject({ kubernetes: '1.35', arms: [{ kubernetes: '1.37' }, {}] })
  })

  it('should be refused when nobody pins it', () => {
    expect(() => load({ kubernetes: '1.2' })).toThrow(
      /--kubernetes .*expected 1\.37, 1\.36, 1\.35 or 1\.34, found "1\.2"/s,
    )
  })

  it('should be refused when it would do nothing, or is given twice', () => {
    expect(() => load({ kubernetes: '1.35' }, bothNamed)).toThrow('--kubernetes does nothing here: every arm')
    expect(() => load({ kubernetes: '1.35', set: ['kubernetes="1.36"'] })).toThrow('with --kubernetes')
  })
})

describe('a simulation', () => {
  it.each<[string, PlanChoices]>([
    ['is asked for', { target: 'sim' }],
    ['is what a command does otherwise', { otherwise: 'sim' }],
  ])('should refuse another version than the one it models, where the plan has it, when it %s', (_, choices) => {
    expect(() => load(choices, bothNamed)).toThrow(
      /releases\.yaml:9:46 {2}arms\[1\]\.kubernetes: a simulation models Kubernetes 1\.37 only/,
    )
    expect(load(choices).arms).toHaveLength(2)
    expect(() => load({ ...choices, kubernetes: '1.36' })).toThrow(/--kubernetes .*models Kubernetes 1\.37 only/s)
  })

  it('should refuse nothing that is measured', () => {
    expect(load({ target: 'local', otherwise: 'sim' }, bothNamed).arms).toHaveLength(2)
    expect(load({ otherwise: 'sim' }, `target: local\n${bothNamed}`).arms).toHaveLength(2)
    expect(load({}, bothNamed).arms).toHaveLength(2)
  })
})

describe('how often arms run', () => {
  const repeated = (choices: PlanChoices) =>
    load(choices, `${text}repetitions: 2\nsimulation: { repetitions: 4 }\n`).repetitions

  it('should be what the plan says of simulations on target sim alone', () => {
    expect(repeated({ target: 'sim' })).toBe(4)
    expect(repeated({ otherwise: 'sim' })).toBe(4)
    expect(repeated({ target: 'local' })).toBe(2)
    expect(load({ target: 'sim' }).repetitions).toBe(1)
  })

  it('should be what the command line says on every target', () => {
    expect(repeated({ target: 'sim', repeat: 6 })).toBe(6)
    expect(repeated({ target: 'sim', set: ['repetitions=3'] })).toBe(3)
    expect(repeated({ target: 'sim', set: ['simulation.repetitions=5'] })).toBe(5)
    expect(repeated({ target: 'local', repeat: 6 })).toBe(6)
  })
})
