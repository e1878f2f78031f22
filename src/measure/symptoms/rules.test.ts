import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../../tuning/catalogue.ts'
import { recordedMetrics } from '../component-series.ts'
import type { SymptomRule } from './rules.ts'
import { ruleInWords, symptomRules } from './rules.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/symptoms.md'), 'utf8')

function rowOf(rule: SymptomRule): string {
  const knobs = rule.knobs.map((knob) => `\`${knob}\``).join(', ')
  const words = ruleInWords(rule).replaceAll('|', '\\|')
  return `| \`${rule.id}\` | ${rule.component} | ${rule.what} | ${words} | ${rule.source} | ${knobs} |`
}

describe('symptomRules', () => {
  it('should be the table of docs/symptoms.md, row by row', () => {
    expect(page.split('\n').filter((line) => line.startsWith('| `'))).toEqual(symptomRules.map(rowOf))
  })

  it('should each stand with something that operators see', () => {
    const [, seen = ''] = page.split('## What operators see')
    for (const { id } of symptomRules) expect(seen).toMatch(new RegExp(`[ |]${id}[, ]`))
  })

  it('should have each name once, and name knobs that there are', () => {
    const ids = symptomRules.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const known = new Set(catalogue.map(({ id }) => id))
    for (const { knobs } of symptomRules) {
      expect(knobs.length).toBeGreaterThan(0)
      expect(knobs.filter((knob) => !known.has(knob))).toEqual([])
    }
  })

  it('should judge metrics that the series of a result have as well', () => {
    const base = (name: string) => name.replace(/_(bucket|sum|count)$/, '')
    const measured = new Set([...recordedMetrics].map(base))
    const missing = symptomRules.flatMap(({ measure }) => measure.names).filter((name) => !measured.has(base(name)))
    // An alarm is a state that comes and stays: a refusal is what counts.
    expect(new Set(missing)).toEqual(new Set(['etcd_debugging_server_alarms']))
  })
})
