import { createRandom } from '../base/random.ts'
import { watchNoMachine } from '../measure/machine.ts'
import type { Plan } from '../plan/plan.ts'
import type { Calibration } from '../result/calibration.ts'
import type { Verdict } from '../result/result.ts'
import type { FaultKind } from '../targets/sim/faults/index.ts'
import { drawKinds } from '../targets/sim/faults/index.ts'
import { hardwareOf, simulatedTarget } from '../targets/sim/index.ts'
import { violationsOf } from '../targets/sim/invariants/index.ts'
import type { Sample } from '../targets/sim/invariants/no-sample-lost.ts'
import type { Witness } from '../targets/sim/invariants/witness.ts'
import { witness } from '../targets/sim/invariants/witness.ts'
import { executeRun } from './run.ts'

/** One run under one seed's faults. */
export interface Trial {
  seed: number
  /** The faults that the seed has, with how often each struck. */
  faults: { kind: FaultKind; description: string; struck: number }[]
  verdict: Verdict
  reasons: string[]
  /** What must hold and did not. */
  violations: string[]
  /** The whole result, to compare runs by. */
  result: string
}

/**
 * Runs a plan in clusters that the run has to clean up itself and in which things go wrong as the seed has it, and holds what came of it
 * against the invariants. The same seed gives the same trial.
 */
export async function tryOut(plan: Plan, seed: number, calibration: Calibration): Promise<Trial> {
  const seeded = sized(plan, seed)
  const witnesses: Witness[] = []
  const samples = new Map<string, Sample[]>()
  const target = simulatedTarget({
    seed,
    calibration,
    hardware: hardwareOf(seeded, calibration),
    faults: { seed, kinds: drawKinds(seed) },
    disposable: false,
    onOpen: (opened) => witnesses.push(witness(opened)),
  })
  const outcome = await executeRun({
    runId: `seed-${seed}`,
    plan: seeded,
    target,
    clock: target.clock,
    startedAt: null,
    signal: new AbortController().signal,
    emit: () => {},
    watchMachine: watchNoMachine,
    readMachine: null,
    machine: null,
    peakMemoryBytes: null,
    onSamples(armId, measured, pods) {
      const known = samples.get(armId) ?? []
      samples.set(armId, [...known, ...pods.map((pod) => ({ measured, ...pod }))])
    },
  })
  const { verdict, reasons } = outcome.result
  return {
    seed,
    faults: target.faults().map(({ kind, description, struck }) => ({ kind, description, struck: struck() })),
    verdict,
    reasons,
    violations: violationsOf(outcome, witnesses, (armId) => samples.get(armId) ?? []),
    result: JSON.stringify(outcome.result),
  }
}

/** The plan in a size that the seed decides, so that seeds do not all meet the same moments. */
function sized(plan: Plan, seed: number): Plan {
  const random = createRandom(seed, 'size')
  const { workload, fleet } = plan
  const nodes = random.integer(2, fleet.nodes)
  if (workload === undefined) return { ...plan, seed, fleet: { ...fleet, nodes } }
  const total = random.integer(Math.ceil(workload.pods.total / 2), workload.pods.total)
  return { ...plan, seed, fleet: { ...fleet, nodes }, workload: { ...workload, pods: { ...workload.pods, total } } }
}
