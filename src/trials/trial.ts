import type { Random } from '../base/random.ts'
import { createRandom } from '../base/random.ts'
import type { Plan } from '../plan/plan.ts'
import { armName } from '../plan/plan.ts'
import { sectionsOf, withSections } from '../plan/section.ts'
import type { Calibration } from '../result/calibration.ts'
import type { Verdict } from '../result/result.ts'
import type { SampleLine } from '../result/sample-line.ts'
import { virtualHost } from '../run/host.ts'
import { executeRun } from '../run/run.ts'
import { fillSection } from '../steps/fill/section.ts'
import { probeSection } from '../steps/probe/section.ts'
import { hardwareOf, runsKubeProxies, simulatedTarget } from '../targets/sim/index.ts'
import type { FaultKind, NamedFault } from './faults/index.ts'
import { drawFaults, drawKinds } from './faults/index.ts'
import type { InvariantName } from './invariants/index.ts'
import { checkedIn, examine, violationsIn } from './invariants/index.ts'
import type { Witness } from './invariants/witness.ts'
import { witness } from './invariants/witness.ts'
import type { Survivor } from './recovery.ts'
import { recover } from './recovery.ts'

/** One run under one seed's faults. */
export interface Trial {
  seed: number
  /** The faults that the seed has, with how often each struck. */
  faults: { kind: FaultKind; description: string; struck: number }[]
  verdict: Verdict
  reasons: string[]
  /** What the run says that it left behind. */
  residue: string[]
  /** How many things each invariant has looked at. */
  checked: Record<InvariantName, number>
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
  const kinds = drawKinds(seed)
  // Where nothing goes wrong, the run is to pass.
  const wasHurried = kinds.length > 0 && createRandom(seed, 'hurry').integer(1, hurriedOneIn) === 1
  const sizedPlan = sized(plan, seed)
  const seeded = wasHurried ? hurried(sizedPlan, seed) : sizedPlan
  const witnesses: Witness[] = []
  const samples: SampleLine[] = []
  const faults: NamedFault[] = []
  const target = simulatedTarget({
    seed,
    calibration,
    hardware: hardwareOf(seeded, calibration),
    kubeProxy: runsKubeProxies(seeded),
    faultsOf(repetition) {
      const drawn = drawFaults(seed, repetition, kinds)
      faults.push(...drawn)
      return drawn
    },
    disposable: false,
    onOpen: (opened) => witnesses.push(witness(opened)),
  })
  const runId = `seed-${seed}`
  let survivor: Survivor | undefined
  const outcome = await executeRun({
    runId,
    plan: seeded,
    // A cluster is let go of, as one of somebody else's: it lives on until the next arm opens its own.
    target: {
      ...target,
      async open(options) {
        await survivor?.cluster[Symbol.asyncDispose]()
        const cluster = await target.open(options)
        const seen = witnesses.at(-1)
        if (seen === undefined) throw new Error('a cluster shows itself when it opens')
        survivor = { cluster, witness: seen }
        return { ...cluster, [Symbol.asyncDispose]: async () => seen.conclude() }
      },
    },
    clock: target.clock,
    host: virtualHost,
    signal: new AbortController().signal,
    emit: () => {},
    onSample: (line) => samples.push(line),
  })
  const { verdict, reasons, arms } = outcome.result
  const told = faults.map(({ kind, description, struck }) => ({ kind, description, struck: struck() }))
  const struck = new Set(told.filter((fault) => fault.struck > 0).map(({ kind }) => kind))
  const last = arms.at(-1)
  const lastArm = sizedPlan.arms.find((arm) => armName(arm) === last?.name)
  if (survivor === undefined || lastArm === undefined) throw new Error('every run has an arm, and a cluster for it')
  const recovery = await recover(survivor, { runId, plan: { ...sizedPlan, arms: [lastArm] }, target, faults })
  const findings = examine({ plan: seeded, ...outcome, samples, witnesses, struck, wasHurried, recovery })
  return {
    seed,
    faults: told,
    verdict,
    reasons,
    residue: arms.flatMap(({ residue }) => residue),
    checked: checkedIn(findings),
    violations: violationsIn(findings),
    result: JSON.stringify(outcome.result),
  }
}

/** The plan in a size and at a pace that the seed decides, so that seeds do not all meet the same moments. */
function sized(plan: Plan, seed: number): Plan {
  const random = createRandom(seed, 'size')
  const { fleet, arms } = plan
  const nodes = random.integer(2, fleet.nodes)
  const probed = sectionsOf(plan, probeSection).flatMap(({ from, to }) => [from, to])
  const most = random.integer(2, Math.max(...probed))
  const atMost = (replicas: number) => Math.min(replicas, most)
  const seeded: Plan = { ...plan, seed, fleet: { ...fleet, nodes }, arms: someOf(arms, random) }
  const scaled = withSections(seeded, probeSection, (probe) => ({
    ...probe,
    from: atMost(probe.from),
    to: atMost(probe.to),
  }))
  return withSections(scaled, fillSection, (workload) => {
    const total = random.integer(Math.ceil(workload.pods.total / 2), workload.pods.total)
    const namespaces = random.integer(2, workload.namespaces)
    const pace = random.integer(0, 1) === 0 ? { rate: random.integer(5, 50) } : { concurrency: random.integer(1, 8) }
    return { ...workload, namespaces, pace, pods: { ...workload.pods, total } }
  })
}

/**
 * Of ten seeds eight run one arm, as what a second one meets, it does not meet more often; one runs all of them, and one an arm twice under
 * two names.
 */
function someOf(arms: Plan['arms'], random: Random): Plan['arms'] {
  const chance = random.integer(1, 10)
  const one = arms[random.integer(0, arms.length - 1)]
  if (one === undefined || chance === 1) return arms
  return chance === 2 ? [one, { ...one, name: `${armName(one)}-again` }] : [one]
}

/** One run in so many has too little time. */
const hurriedOneIn = 5

/** The plan with time-outs so short that some of them strike before all is there. */
function hurried(plan: Plan, seed: number): Plan {
  const random = createRandom(seed, 'time-outs')
  const short = withSections(plan, probeSection, (probe) => ({ ...probe, timeout: random.integer(100, 20_000) }))
  return withSections(short, fillSection, (workload) => ({ ...workload, timeout: random.integer(1000, 20_000) }))
}
