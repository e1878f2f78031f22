import { join } from 'node:path'
import { exitCodes } from '../base/errors.ts'
import type { Trial } from '../run/simulate.ts'
import { tryOut } from '../run/simulate.ts'
import { loadPlan } from './plans.ts'
import type { Surroundings } from './surroundings.ts'
import { defaultCalibration, readCalibration } from './targets.ts'

export interface SimulateOptions {
  seeds: number
  from: number
  /** One seed only, and all there is to say of it. */
  seed?: number
}

const planName = 'experiments/faults'

/** Runs a small plan under the faults of many seeds; stops at the first that breaks an invariant and says how to replay it. */
export async function simulateCommand(
  { seeds, from, seed }: SimulateOptions,
  { folders, terminal, interruption }: Surroundings,
): Promise<number> {
  const plan = loadPlan(planName, folders.plans)
  const calibration = readCalibration(join(folders.root, defaultCalibration))
  if (seed !== undefined) {
    const trial = await tryOut(plan, seed, calibration)
    describe(trial).forEach(terminal.print)
    return trial.violations.length === 0 ? exitCodes.pass : exitCodes.thresholdMissed
  }

  const startMs = performance.now()
  const verdicts = new Map<string, number>()
  const strikes = new Map<string, number>()
  for (let next = from; next < from + seeds; next++) {
    interruption.signal.throwIfAborted()
    const trial = await tryOut(plan, next, calibration)
    verdicts.set(trial.verdict, (verdicts.get(trial.verdict) ?? 0) + 1)
    for (const { kind, struck } of trial.faults) strikes.set(kind, (strikes.get(kind) ?? 0) + Math.min(1, struck))
    if (trial.violations.length > 0) {
      describe(trial).forEach(terminal.print)
      terminal.print(`\nreplay it: npm run scale-test -- simulate --seed ${next}`)
      return exitCodes.thresholdMissed
    }
    const done = next - from + 1
    if (terminal.interactive && done % 50 === 0) terminal.write(`\r${done} of ${seeds} seeds`)
  }
  if (terminal.interactive) terminal.write('\r')
  const perSecond = seeds / ((performance.now() - startMs) / 1000)
  const told = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
  terminal.print(`${seeds} seeds from ${from} on keep every invariant, ${perSecond.toFixed(0)} a second`)
  terminal.print(`  verdicts: ${told(verdicts)}`)
  terminal.print(`  seeds struck by: ${told(strikes)}`)
  return exitCodes.pass
}

function describe({ seed, faults, verdict, reasons, violations }: Trial): string[] {
  return [
    `seed ${seed}: ${verdict} (simulated)`,
    ...reasons.map((reason) => `  ${reason}`),
    faults.length === 0 ? 'no faults' : 'faults:',
    ...faults.map(({ kind, description, struck }) => `  ${kind}: ${description}; struck ${struck} times`),
    violations.length === 0 ? 'every invariant holds' : 'broken:',
    ...violations.map((violation) => `  ${violation}`),
  ]
}
