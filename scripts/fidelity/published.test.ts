import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPlan, planNames } from '../../src/cli/plans.ts'
import { armName } from '../../src/plan/plan.ts'
import { productFolders } from '../../src/testing/folders.ts'
import type { Cell } from './cells.ts'
import { compareFigures, publishedText } from './published.ts'
import type { PublishedFigure } from './published-figures.ts'
import { notExpressible, publishedFigures } from './published-figures.ts'

const folder = 'experiments/published/'
const plans = [...new Set(publishedFigures.map(({ plan }) => plan))]

describe('the published figures', () => {
  it('should have a plan each, and no plan should be without one', () => {
    const names = planNames(productFolders.plans).filter((name) => name.startsWith(folder))
    expect(plans.map((plan) => folder + plan).sort()).toEqual(names)
  })

  it.each(plans)('should name an arm of their plan, and their plan their source: %s', (plan) => {
    const { arms } = loadPlan(folder + plan, productFolders)
    const text = readFileSync(join(productFolders.plans, `${folder}${plan}.yaml`), 'utf8')
    for (const published of publishedFigures.filter((one) => one.plan === plan)) {
      expect(arms.map(armName)).toContain(published.arm)
      expect(text).toContain(published.source)
    }
    for (const heading of ['# Published: ', '# Not known: ', '# Guessed before the first run: '])
      expect(text).toContain(`\n${heading}`)
  })

  it('should be on the page about the simulation, with what no plan can say', () => {
    const page = readFileSync(join(productFolders.root, 'docs', 'simulation.md'), 'utf8')
    for (const { source, words } of publishedFigures) {
      expect(page).toContain(source)
      expect(page).toContain(words)
    }
    for (const { source } of notExpressible) expect(page).toContain(source)
  })
})

describe('compareFigures', () => {
  const published: PublishedFigure = {
    plan: 'eks',
    arm: 'q5',
    figure: 'rollout ready',
    unit: 'ms',
    words: '110 to 140 s',
    value: [110_000, 140_000],
    source: 'https://example.com',
    why: 'unknown',
  }
  const cellsOf = (ms: number): Map<string, Cell[]> =>
    new Map([['eks', [{ arm: 'q5', figure: 'rollout ready', unit: 'ms', values: [ms], machineBound: false }]]])

  it.each([
    [55_000, -50],
    [120_000, 0],
    [154_000, 10],
  ])('should be off the nearer end of a range, and 0 within it: %d ms', (ms, offPercent) => {
    expect(compareFigures([published], cellsOf(ms))).toMatchObject([{ offPercent }])
  })

  it('should throw for a figure that its plan does not give', () => {
    expect(() => compareFigures([{ ...published, figure: 'filled' }], cellsOf(1))).toThrow('gives no filled of q5')
  })

  it('should print misses, and the reason', () => {
    const text = publishedText(compareFigures([published], cellsOf(55_000)), notExpressible)
    expect(text).toContain('eks q5  rollout ready  110 to 140 s     55.0 s  -50.0 %  unknown')
    expect(text).toContain('0 of 1 figures within 10 %')
    expect(text).toContain(notExpressible[0]?.what)
  })
})
