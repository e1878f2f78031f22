import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { knownSettings } from '../tuning/known-settings.ts'
import { fixedFields, fixedOnHollowNodes } from './hollow-kubelets.ts'

const source = ['config', 'hollow_nodes', 'serving']
  .map((file) => readFileSync(join(import.meta.dirname, `../../components/hollow-node/${file}.go`), 'utf8'))
  .join('\n')
/** Fields whose names in Go and in a file differ by more than case. */
const names: Readonly<Record<string, string>> = { resolverconfig: 'resolvConf' }
/** Which hollow nodes set only where the arm does not, or to what the arm says. */
const fallbacks = new Set(['clusterdns', 'registerwithtaints'])

describe('fixedOnHollowNodes', () => {
  it('should know every field that hollow-node writes', () => {
    const written = [...source.matchAll(/\b(?:c|config)\.([A-Z]\w+)(?:\.\w+)*(?:, [\w.]+)? = /g)]
      .map(([, field = '']) => field.toLowerCase())
      .filter((field) => !fallbacks.has(field))
    const fixed = new Set<string>(fixedFields.map((field) => field.toLowerCase()))
    expect(written.length).toBeGreaterThan(30)
    expect(written.filter((field) => !fixed.has((names[field] ?? field).toLowerCase()))).toEqual([])
  })

  it('should name only fields that some version has', () => {
    const known = knownSettings.flatMap(({ components }) => Object.keys(components['kubelet']?.config ?? {}))
    expect(fixedFields.filter((field) => !known.some((one) => one === field || one.startsWith(`${field}.`)))).toEqual(
      [],
    )
  })

  it.each([
    ['evictionHard', true],
    ['authentication.anonymous.enabled', true],
    ['evictionPressureTransitionPeriod', false],
    ['maxPods', false],
  ])('should tell %s: %s', (field, isFixed) => {
    expect(fixedOnHollowNodes({ setting: { via: 'kubelet-config', field } }) !== undefined).toBe(isFixed)
  })
})
