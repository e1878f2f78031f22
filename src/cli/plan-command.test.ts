import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { forecastOf } from '../fleet/forecast.ts'
import { renderForecast } from './plan-command.ts'
import { loadPlan, planNames } from './plans.ts'
import { stylesFor } from './terminal.ts'

const plans = join(import.meta.dirname, '..', '..', 'plans')
const options = { styles: stylesFor(false), machine: { cores: 2, memoryBytes: 24e9 }, everyNamespace: false }

function rendered(name: string, everyNamespace = false): string {
  const plan = loadPlan(name, plans)
  return renderForecast(plan, forecastOf(plan), { ...options, everyNamespace })
}

describe('renderForecast', () => {
  it('should show the document’s arithmetic for the document’s plan', () => {
    const text = rendered('5k-nodes')
    expect(text).toMatch(/node reports, 15 KB each.*15 MB\s+1,465 MB/)
    expect(text).toMatch(/events, 4 KB each.*12 MB\s+12 MB/)
    expect(text).toMatch(/all\s+50\s+40,000\s+\d+\s+1,000\s+8,000\s+2,000\s+100/)
    expect(text).toMatch(/large\s+13 .*\n\s+medium\s+12 .*\n\s+small\s+25 /)
    expect(text).toContain('5,000 nodes on 45 hosts, at most 112 on each')
    expect(text).toContain('5,000 x 50 = 250,000 requests/s')
  })

  it('should say beforehand which arm of the heartbeat experiment the machine will bind', () => {
    const text = rendered('experiments/heartbeat')
    expect(text).toMatch(/built-in: idle, with its control plane, 1\.1 of the 2 cores here$/m)
    expect(text).toMatch(/every-3s: idle, with its control plane, 2\.8 of the 2 cores here: machine-bound$/m)
  })

  it('should list every namespace when asked', () => {
    expect(rendered('5k-nodes', true).match(/scale-test-(large|medium|small)-\d\d/g)).toHaveLength(50)
  })

  it.each(planNames(plans))('should keep within 80 columns for %s', (name) => {
    expect(
      rendered(name, true)
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([])
  })
})
