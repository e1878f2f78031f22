import { simulationOf } from '../src/cli/simulation/target.ts'
import type { Plan } from '../src/plan/plan.ts'
import type { Calibration } from '../src/result/calibration.ts'
import type { Result } from '../src/result/result.ts'
import { virtualHost } from '../src/run/host.ts'
import { executeRun } from '../src/run/run.ts'

/** Simulates a plan, as often as it says, one arm after the other; tells also how many events of the simulation that took. */
export async function simulate(plan: Plan, calibration: Calibration): Promise<{ result: Result; events: number }> {
  const target = simulationOf(plan, calibration)
  const { result, error } = await executeRun({
    runId: 'script',
    plan,
    target,
    clock: target.clock,
    host: virtualHost,
    signal: new AbortController().signal,
    emit: () => {},
    onSample: () => {},
  })
  if (error !== undefined) throw error
  return { result, events: target.events() }
}
