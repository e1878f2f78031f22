import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { loadPlan } from '../src/cli/plans.ts'
import { defaultCalibration, readCalibration } from '../src/cli/targets.ts'
import type { Plan } from '../src/plan/plan.ts'
import type { Cell } from './fidelity/cells.ts'
import { cellsOf } from './fidelity/cells.ts'
import { compareCells } from './fidelity/compare.ts'
import { drawnPlan, drawnPlanName, drawnText } from './fidelity/draw.ts'
import { newestRun, readMeasuredRun } from './fidelity/measured-runs.ts'
import { compareFigures, publishedText } from './fidelity/published.ts'
import { notExpressible, publishedFigures } from './fidelity/published-figures.ts'
import { comparisonText } from './fidelity/table.ts'
import { simulate } from './simulate.ts'

/**
 * Simulates what was measured, and what others have published, and prints by how much the simulation is off.
 *
 *     fidelity.ts --seed N       the newest runs of the plans that `make fidelity` measures, and what others have published
 *     fidelity.ts --published    what others have published; needs no run
 *     fidelity.ts FOLDER ...     these measured runs, any plan's
 *     fidelity.ts --draw N       the plan of the settings that seed N draws, to be measured
 *
 * `--calibration FILE` has what was measured here simulated with the figures of this machine; what others have published is
 * simulated with those of the repository.
 */
const root = join(import.meta.dirname, '..')
const folders = { plans: join(root, 'plans'), profiles: join(root, 'profiles') }
const reports = process.env['SCALE_TEST_REPORTS'] ?? join(root, 'reports')
const measuredPlans = ['fidelity', 'fidelity-300-pods', 'fidelity-unbound']

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    published: { type: 'boolean' },
    draw: { type: 'string' },
    calibration: { type: 'string' },
  },
  allowPositionals: true,
})
if (values.draw !== undefined) {
  const seed = seedOf(values.draw)
  process.stderr.write(drawnText(seed))
  process.stdout.write(drawnPlan(seed))
} else if (positionals.length > 0) {
  await compareRuns(positionals)
} else {
  if (values.published !== true) await compareMeasured(seedOf(values.seed))
  await comparePublished()
}

async function compareMeasured(seed: number): Promise<void> {
  const runs = [...measuredPlans, drawnPlanName(seed)].map((plan) => newestRun(plan, reports))
  process.stdout.write(drawnText(seed))
  await compareRuns(runs)
}

async function compareRuns(runs: readonly string[]): Promise<void> {
  for (const { title, plan, cells } of runs.map(readMeasuredRun)) {
    const simulated = await simulatedCells(plan, values.calibration)
    process.stdout.write(comparisonText(title, compareCells(cells, simulated)))
  }
}

async function comparePublished(): Promise<void> {
  const cells = new Map<string, Cell[]>()
  for (const plan of new Set(publishedFigures.map(({ plan }) => plan)))
    cells.set(plan, await simulatedCells(loadPlan(`experiments/published/${plan}`, folders)))
  process.stdout.write(publishedText(compareFigures(publishedFigures, cells), notExpressible))
}

/** Throws for anything but a whole number of nine digits at most, which is short enough for the name of a run. */
function seedOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`expected a seed of one to nine digits, found ${JSON.stringify(text)}`)
  return Number(text)
}

/** On the machine that the calibration was measured on; every repetition draws its own numbers. */
async function simulatedCells(plan: Plan, calibration = join(root, defaultCalibration)): Promise<Cell[]> {
  const { result } = await simulate(plan, readCalibration(calibration))
  return cellsOf(result)
}
