import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'
import { describeWithComponents, root } from '../e2e/components.ts'

const kills = 3
/** From here on: one run is resumed after its first arm, one cleaned up, and one killed again and again. */
const firstSeed = 3

describeWithComponents('make soak', () => {
  it('should kill runs at moments of its own, and find nothing left behind, nothing twice and nothing lost (faults 19, 43)', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'soak.ts')], {
      env: { ...process.env, KILLS: String(kills), SEEDS: '0', SEED: String(firstSeed) },
      encoding: 'utf8',
    })
    expect([status, stderr], stdout).toEqual([0, ''])
    expect(stdout).toMatch(/^\d+ kills, .*: 0 residue, 0 duplicates, 0 lost samples, 0 other failures$/m)
    expect(Number(/^(\d+) kills/m.exec(stdout)?.[1])).toBeGreaterThanOrEqual(kills)
  }, 900_000)
})
