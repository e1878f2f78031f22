import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resultSchema } from '../../src/testing/outcomes.ts'
import { scaleTestIn } from './scale-test.ts'

const { folders, scaleTest } = scaleTestIn('nodes')

/** A simulated run of three nodes, some of which die and never come back. */
function runWith(more: string) {
  const plan = join(folders.reports, 'dying.yaml')
  writeFileSync(
    plan,
    `apiVersion: scale-test/v1
name: dying
fleet: { nodes: 3, node: { cpu: 8, memory: 16Gi } }
faults: { seed: 1, kinds: [dying-nodes] }
arms: [{ profile: stock }, { profile: tuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 10m
  sequence: [{ name: rollout, from: 1, to: 5, timeout: 5m }]
${more}`,
  )
  const ran = scaleTest('run', plan, '--target', 'sim')
  const [run = ''] = readdirSync(folders.reports).filter((name) => name.startsWith('dying-'))
  const read = (file: string) => readFileSync(join(folders.reports, run, file), 'utf8')
  return { ...ran, read, result: resultSchema.parse(JSON.parse(read('result.json'))) }
}

describe('nodes that die while a run goes on (fault 25)', () => {
  it('should make it inconclusive, in every arm, and leave nothing', () => {
    const { status, output, read, result } = runWith('')
    expect([status, output]).toEqual([4, expect.stringMatching(/node/)])
    expect(result.verdict).toBe('inconclusive')
    for (const { fleet, residue } of result.arms) {
      expect(fleet.flaps.notReadyAtEnd.length).toBeGreaterThan(0)
      expect(residue).toEqual([])
    }
    const journal = read('journal.ndjson').trimEnd().split('\n')
    expect(journal.at(-1)).toContain('"run-finished"')
    expect(journal.filter((line) => line.includes('"step-finished"') && line.includes('"clean-up"'))).toHaveLength(2)
  })
})
