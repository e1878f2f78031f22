import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { medianOf } from '../src/base/median.ts'
import { readResult } from '../src/cli/result-files.ts'
import { defaultCalibration, readCalibration } from '../src/cli/targets.ts'
import type { Plan } from '../src/plan/plan.ts'
import type { ArmOutcome, Result } from '../src/result/result.ts'
import { virtualHost } from '../src/run/host.ts'
import { executeRun } from '../src/run/run.ts'
import { fillOf } from '../src/steps/fill/outcome.ts'
import { probesOf } from '../src/steps/probe/outcome.ts'
import { hardwareOf, simulatedTarget } from '../src/targets/sim/index.ts'

/**
 * Simulates what was measured and prints, cell by cell, by how much the simulation is off. Takes folders of measured runs, any plan's;
 * without one, the newest run of the plan `fidelity`.
 */
const root = join(import.meta.dirname, '..')
const reports = process.env['SCALE_TEST_REPORTS'] ?? join(root, 'reports')
const toleratedPercent = 10

/** One figure by its name within an arm: median over the repetitions, and the range. */
interface Cell {
  arm: string
  figure: string
  values: number[]
}

let cells = 0
let within = 0
for (const folder of process.argv.length > 2 ? process.argv.slice(2) : [newestRun('fidelity')]) {
  const plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as Plan
  const measured = readResult(folder)
  if (measured.evidence !== 'measured') throw new Error(`${folder} was not measured`)
  compare(relative(process.cwd(), folder), cellsOf(measured), cellsOf(await simulate({ ...plan, repetitions: 1 })))
}
process.stdout.write(`\n${within} of ${cells} cells within ${toleratedPercent} %\n`)

async function simulate(plan: Plan): Promise<Result> {
  const calibration = readCalibration(join(root, defaultCalibration))
  const target = simulatedTarget({ seed: plan.seed, calibration, hardware: hardwareOf(plan, calibration) })
  const { result, error } = await executeRun({
    runId: 'fidelity',
    plan,
    target,
    clock: target.clock,
    host: virtualHost,
    signal: new AbortController().signal,
    emit: () => {},
    onSample: () => {},
  })
  if (error !== undefined) throw error
  return result
}

function cellsOf({ arms }: Result): Cell[] {
  const cells = new Map<string, Cell>()
  const note = (arm: ArmOutcome, figure: string, value: number | null | undefined) => {
    if (value === null || value === undefined) return
    const key = `${arm.name} ${figure}`
    const cell = cells.get(key) ?? { arm: arm.name, figure, values: [] }
    cell.values.push(value)
    cells.set(key, cell)
  }
  for (const arm of arms) {
    note(arm, 'nodes Ready', arm.fleet.readyMs)
    const fill = fillOf(arm)
    note(arm, 'filled', fill?.durationMs)
    for (const stage of fill?.stages ?? []) note(arm, `fill: ${stage.name}`, stage.durationMs)
    for (const { name, stopsMs } of probesOf(arm))
      for (const [stop, stopMs] of Object.entries(stopsMs)) note(arm, `${name} ${stop}`, stopMs)
  }
  return [...cells.values()]
}

function compare(title: string, measured: readonly Cell[], simulated: readonly Cell[]): void {
  const row = (columns: readonly string[]) =>
    `${columns.map((text, index) => (index < 2 ? text.padEnd(24) : text.padStart(12))).join(' ')}\n`
  process.stdout.write(`\n${title}\n${row(['arm', 'figure', 'measured s', 'simulated s', 'off by'])}`)
  for (const { arm, figure, values } of measured) {
    const [median = 0] = [medianOf(values)]
    const value = simulated.find((cell) => cell.arm === arm && cell.figure === figure)?.values[0]
    if (value === undefined || median === null) continue
    const percent = (100 * (value - median)) / median
    cells++
    if (Math.abs(percent) <= toleratedPercent) within++
    const range = values.length > 1 ? ` (${seconds(Math.min(...values))} - ${seconds(Math.max(...values))})` : ''
    process.stdout.write(
      `${row([
        arm,
        figure,
        seconds(median),
        seconds(value),
        `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`,
      ]).trimEnd()}${range}\n`,
    )
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 2 : 1)
}

function newestRun(plan: string): string {
  const runs = readdirSync(reports)
    .filter((name) => name.startsWith(`${plan}-2`) && existsSync(join(reports, name, 'result.json')))
    .map((name) => join(reports, name))
    .sort((left, right) => statSync(right).mtimeMs - statSync(left).mtimeMs)
  if (runs[0] === undefined) throw new Error(`no measured run of plan ${plan} in ${reports}`)
  return runs[0]
}
