import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { parsePlan } from '../../src/plan/parse.ts'
import { vocabulary } from '../../src/testing/plans.ts'
import { drawnPlan, drawnText, drawSettings, logUniform } from './draw.ts'

const seeds = Array.from({ length: 200 }, (_, seed) => seed)

describe('drawSettings', () => {
  it('should draw the same from the same seed, and something else from another', () => {
    expect(drawSettings(1)).toEqual(drawSettings(1))
    expect(drawSettings(1)).not.toEqual(drawSettings(2))
  })

  it('should stay between its bounds', () => {
    for (const { kubelet, controllerManager } of seeds.flatMap(drawSettings)) {
      expect(kubelet.qps).toBeGreaterThanOrEqual(5)
      expect(kubelet.qps).toBeLessThanOrEqual(200)
      expect(controllerManager.qps).toBeGreaterThanOrEqual(20)
      expect(controllerManager.qps).toBeLessThanOrEqual(500)
      for (const { qps, burst } of [kubelet, controllerManager]) {
        expect(burst).toBeGreaterThanOrEqual(qps)
        expect(burst).toBeLessThanOrEqual(2 * qps)
      }
    }
  })
})

describe('logUniform', () => {
  it('should be as often below the geometric mean of its bounds as above', () => {
    const random = createRandom(1, 'test')
    const drawn = Array.from({ length: 1000 }, () => logUniform(random, 10, 1000))
    expect(drawn.filter((value) => value < 100).length).toBeGreaterThan(450)
    expect(drawn.filter((value) => value > 100).length).toBeGreaterThan(450)
  })
})

describe('the plan of a seed', () => {
  it('should be a plan, with an arm for each line that is printed', () => {
    for (const seed of [...seeds.slice(0, 10), 999_999_999]) {
      const { name, arms } = parsePlan(drawnPlan(seed), 'drawn.yaml', vocabulary)
      expect(name).toBe(`fidelity-drawn-${seed}`)
      expect(drawnText(seed).trimEnd().split('\n')).toHaveLength(arms.length + 1)
    }
  })
})
