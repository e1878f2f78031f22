import { join } from 'node:path'
import { formatCount, plural } from '../base/count.ts'
import { exitCodes, Failure } from '../base/errors.ts'
import { checkedLines, createTally } from '../trials/tally.ts'
import type { Trial } from '../trials/trial.ts'
import { tryOut } from '../trials/trial.ts'
import { loadPlan } from './plans.ts'
import type { Surroundings } from './surroundings.ts'
import { defaultCalibration, readCalibration } from './targets.ts'

export interface SimulateOptions {
  seeds?: number
  from?: number
  /** One seed only, and all there is to say of it. */
  seed?: number
  /** Where a line cannot be written over, there is one after so many seeds. */
  tellEvery?: number
}

const planName = 'experiments/faults'

/**
 * Runs a small plan under the faults of many seeds; stops at the first that breaks an invariant and says how to replay it. Passes only if
 * every invariant had something to look at.
 */
export async function simulateCommand(
  options: SimulateOptions,
  { folders, terminal, interruption }: Surroundings,
): Promise<number> {
  const { first, last } = seedsOf(options)
  const plan = loadPlan(planName, folders)
  const calibration = readCalibration(join(folders.root, defaultCalibration))
  if (options.seed !== undefined) {
    const trial = await tryOut(plan, options.seed, calibration)
    describe(trial).forEach(terminal.print)
    return trial.violations.length === 0 ? exitCodes.pass : exitCodes.thresholdMissed
  }

  const startMs = performance.now()
  const tally = createTally()
  const seeds = last - first + 1
  for (let seed = first; seed <= last; seed++) {
    interruption.signal.throwIfAborted()
    const trial = await tryOut(plan, seed, calibration)
    tally.note(trial)
    if (trial.violations.length > 0) {
      if (terminal.interactive) terminal.write('\r')
      describe(trial).forEach(terminal.print)
      terminal.print(`\nreplay it: npm run scale-test -- simulate --seed ${seed}`)
      return exitCodes.thresholdMissed
    }
    const isToTell = tally.seeds() % (terminal.interactive ? 25 : (options.tellEvery ?? 200)) === 0 && seed < last
    if (!isToTell) continue
    const soFar = `${formatCount(tally.seeds())} of ${plural(seeds, 'seed')}, ${perSecond(tally.seeds(), startMs)} a second`
    if (terminal.interactive) terminal.write(`\r${soFar} `)
    else terminal.print(`${soFar}; ${[...tally.verdicts()].map(([verdict, runs]) => `${verdict} ${runs}`).join(', ')}`)
  }
  if (terminal.interactive) terminal.write('\r')
  const vacuous = tally.vacuous()
  const done = `${plural(tally.seeds(), 'seed')} from ${first}`
  terminal.print(
    vacuous.length === 0
      ? `${done}: no invariant broken, ${perSecond(tally.seeds(), startMs)} seeds/s`
      : `${done}: inconclusive, because no seed tested: ${vacuous.join(', ')}`,
  )
  for (const line of tally.lines()) terminal.print(`  ${line}`)
  if (vacuous.length === 0) return exitCodes.pass
  terminal.printError('\nRun more seeds; 100 are usually enough: --seeds 100')
  return exitCodes.inconclusive
}

const usualSeeds = 1000

/** Throws `Failure('bad-input')` for options that contradict each other, and for seeds that are not told apart as numbers. */
function seedsOf({ seeds, from, seed }: SimulateOptions): { first: number; last: number } {
  if (seed !== undefined && (seeds !== undefined || from !== undefined))
    throw new Failure('bad-input', '--seed runs a single seed; it cannot be combined with --seeds or --from')
  const first = seed ?? from ?? 1
  const last = seed ?? first + ((seeds ?? usualSeeds) - 1)
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last))
    throw new Failure('bad-input', `seeds go up to ${formatCount(Number.MAX_SAFE_INTEGER)}`, {
      next: 'lower --from or --seeds',
    })
  return { first, last }
}

function perSecond(done: number, startMs: number): string {
  return (done / ((performance.now() - startMs) / 1000)).toFixed(0)
}

function describe({ seed, faults, verdict, reasons, residue, checked, violations }: Trial): string[] {
  return [
    `seed ${seed}: ${verdict} (simulated)`,
    ...reasons.map((reason) => `  ${reason}`),
    ...residue.map((left) => `  left behind: ${left}`),
    faults.length === 0 ? 'no faults' : 'faults:',
    ...faults.map(({ kind, description, struck }) => `  ${kind}: ${description}; ${struckTimes(struck)}`),
    violations.length === 0 ? 'no invariant broken' : 'broken:',
    ...violations.map((violation) => `  ${violation}`),
    'checked:',
    ...checkedLines(checked),
  ]
}

function struckTimes(times: number): string {
  if (times === 0) return 'did not strike'
  return times === 1 ? 'struck once' : `struck ${formatCount(times)} times`
}
