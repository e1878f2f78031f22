import { join } from 'node:path'
import { exitCodes } from '../base/errors.ts'
import type { Trial } from '../run/simulate.ts'
import { tryOut } from '../run/simulate.ts'
import { faultKinds } from '../targets/sim/faults/index.ts'
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
  const tally = createTally()
  for (let next = from; next < from + seeds; next++) {
    interruption.signal.throwIfAborted()
    const trial = await tryOut(plan, next, calibration)
    tally.note(trial)
    if (trial.violations.length > 0) {
      if (terminal.interactive) terminal.write('\r')
      describe(trial).forEach(terminal.print)
      terminal.print(`\nreplay it: npm run scale-test -- simulate --seed ${next}`)
      return exitCodes.thresholdMissed
    }
    const done = next - from + 1
    if (terminal.interactive && done % 25 === 0)
      terminal.write(`\r${done} of ${seeds} seeds, ${perSecond(done, startMs)} a second `)
  }
  if (terminal.interactive) terminal.write('\r')
  terminal.print(`${seeds} seeds from ${from} on keep every invariant, ${perSecond(seeds, startMs)} a second`)
  tally.lines().forEach(terminal.print)
  return exitCodes.pass
}

function perSecond(done: number, startMs: number): string {
  return (done / ((performance.now() - startMs) / 1000)).toFixed(0)
}

/** How runs ended, and how many of them each kind of fault has struck. */
function createTally() {
  const verdicts = new Map<string, number>()
  const struck = new Map<string, number>(faultKinds.map((kind) => [kind, 0]))
  let unharmed = 0
  let withResidue = 0
  const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
  const told = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, number]) => `${name} ${number}`).join(', ')
  return {
    note({ verdict, faults, residue }: Trial) {
      count(verdicts, verdict)
      const kinds = new Set(faults.filter((fault) => fault.struck > 0).map(({ kind }) => kind))
      for (const kind of kinds) count(struck, kind)
      if (kinds.size === 0) unharmed++
      if (residue.length > 0) withResidue++
    },
    lines: () => [
      `  runs: ${told(verdicts)}; ${withResidue} told of something that they could not remove`,
      `  struck by: ${told(struck)}; ${unharmed} by nothing`,
    ],
  }
}

function describe({ seed, faults, verdict, reasons, residue, violations }: Trial): string[] {
  return [
    `seed ${seed}: ${verdict} (simulated)`,
    ...reasons.map((reason) => `  ${reason}`),
    ...residue.map((left) => `  left behind: ${left}`),
    faults.length === 0 ? 'no faults' : 'faults:',
    ...faults.map(({ kind, description, struck }) => `  ${kind}: ${description}; struck ${struck} times`),
    violations.length === 0 ? 'every invariant holds' : 'broken:',
    ...violations.map((violation) => `  ${violation}`),
  ]
}
