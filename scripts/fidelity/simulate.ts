import { join } from 'node:path'
import { defaultCalibration, readCalibration } from '../../src/cli/targets.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { Result } from '../../src/result/result.ts'
import { virtualHost } from '../../src/run/host.ts'
import { executeRun } from '../../src/run/run.ts'
import { hardwareOf, runsKubeProxies, simulatedTarget } from '../../src/targets/sim/index.ts'

/** Simulates a plan on the machine that the calibration was measured on, as often as the plan says: every repetition draws its own numbers. */
export async function simulate(plan: Plan, root: string): Promise<Result> {
  const calibration = readCalibration(join(root, defaultCalibration))
  const hardware = hardwareOf(plan, calibration)
  const target = simulatedTarget({ seed: plan.seed, calibration, hardware, kubeProxy: runsKubeProxies(plan) })
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
