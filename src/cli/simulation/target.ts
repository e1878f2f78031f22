import type { Plan } from '../../plan/plan.ts'
import type { Calibration } from '../../result/calibration.ts'
import type { SimulatedTarget } from '../../targets/sim/index.ts'
import { hardwareOf, runsKubeProxies, simulatedTarget } from '../../targets/sim/index.ts'
import { drawFaults, faultKinds } from '../../trials/faults/index.ts'

/** The simulation that a plan asks for; its time begins at zero. */
export function simulationOf(plan: Plan, calibration: Calibration): SimulatedTarget {
  return simulatedTarget({
    seed: plan.seed,
    calibration,
    hardware: hardwareOf(plan, calibration),
    kubeProxy: runsKubeProxies(plan),
    ...(plan.faults !== undefined && { faultsOf: faultsNamed(plan.faults) }),
  })
}

/** The faults that a plan names, in every cluster of a repetition the same. */
function faultsNamed({ seed, kinds }: NonNullable<Plan['faults']>) {
  const known = kinds.flatMap((kind) => faultKinds.find((one) => one === kind) ?? [])
  return (repetition: number) => drawFaults(seed, repetition, known)
}
