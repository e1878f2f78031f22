import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import knownCalibration from '../model/calibration.json' with { type: 'json' }
import type { Plan, PlannedArm } from '../plan/plan.ts'
import { armName } from '../plan/plan.ts'
import type { PlannedWorkload } from '../plan/workload.ts'
import { calibrationSchema } from '../result/calibration.ts'
import type { ArmOutcome } from '../result/result.ts'
import { virtualHost } from '../run/host.ts'
import { executeRun } from '../run/run.ts'
import { hardwareOf, simulatedTarget } from '../targets/sim/index.ts'
import { probesIn } from '../testing/outcomes.ts'
import { barePods, planForTests, stepsOf } from '../testing/plans.ts'
import { armOf } from '../testing/profiles.ts'
import { drawFaults, faultKinds } from './faults/index.ts'

const calibration = calibrationSchema.parse(knownCalibration)

interface Surroundings {
  kubeProxy: boolean
  faults: { seed: number; kinds: typeof faultKinds } | undefined
}

/** What a run says of each arm, by its name and repetition; nothing that is the arm's name or place. */
async function outcomesOf(plan: Plan, { kubeProxy, faults }: Surroundings): Promise<Map<string, object>> {
  const hardware = hardwareOf(plan, calibration)
  const faultsOf = (repetition: number) =>
    faults === undefined ? [] : drawFaults(faults.seed, repetition, faults.kinds)
  const target = simulatedTarget({ seed: plan.seed, calibration, hardware, kubeProxy, faultsOf, disposable: false })
  const samples = new Map<string, object[]>()
  const { result } = await executeRun({
    runId: 'run',
    plan,
    target,
    clock: target.clock,
    host: virtualHost,
    signal: new AbortController().signal,
    emit: () => {},
    onSample: ({ armId, ...sample }) => samples.set(armId, [...(samples.get(armId) ?? []), sample]),
  })
  const told = ({ id: armId, name: _, order: __, ...outcome }: ArmOutcome): [string, object] => {
    return [armId, { ...outcome, samples: samples.get(armId) }]
  }
  return new Map(result.arms.map(told))
}

const limits = fc.record({
  profile: fc.constantFrom('untuned', 'tuned', 'stock'),
  set: fc.uniqueArray(
    fc.record({
      knob: fc.constantFrom('kubelet.kubeAPIQPS', 'kubelet.kubeAPIBurst', 'controllerManager.kubeApiQps'),
      value: fc.integer({ min: 1, max: 200 }),
      because: fc.constant('drawn'),
    }),
    { selector: ({ knob }) => knob, maxLength: 2 },
  ),
})

/** Up to three arms, of which one is there again under another name, anywhere. */
const armsWithOneTwice = fc
  .record({ arms: fc.array(limits, { minLength: 1, maxLength: 2 }), which: fc.nat(), at: fc.nat() })
  .map(({ arms, which, at }) => {
    const named: PlannedArm[] = arms.map(({ profile, set }, index) => ({
      ...armOf(profile, set),
      name: `arm-${index}`,
    }))
    const one = named[which % named.length] as PlannedArm
    return { once: armName(one), arms: named.toSpliced(at % (named.length + 1), 0, { ...one, name: 'the-same-again' }) }
  })

const workload: PlannedWorkload = {
  namespaces: 2,
  sizeClasses: [{ name: 'small', share: 1, minimumPods: 1 }],
  pods: { ...barePods, total: 9, perDeployment: 3, serviceAccountToken: true, mountingShare: 0.5 },
  services: 2,
  configObjects: { podsPerConfigObject: 2, configmapsPerSecret: 4, configmapSize: 100, secretSize: 100 },
  serviceAccounts: 1,
  pace: { rate: 20 },
  timeout: 120_000,
}

const plans = fc
  .record({
    seed: fc.nat(1_000_000),
    nodes: fc.integer({ min: 1, max: 4 }),
    repetitions: fc.integer({ min: 1, max: 2 }),
    settle: fc.integer({ min: 0, max: 3000 }),
    replicas: fc.integer({ min: 2, max: 12 }),
    filled: fc.boolean(),
    arms: armsWithOneTwice,
  })
  .map(({ seed, nodes, repetitions, settle, replicas, filled, arms: { arms, once } }) => {
    const base = planForTests({ nodes })
    const sequence = [
      { name: 'rollout', from: 1, to: replicas, timeout: 60_000 },
      { name: 'scale-down', from: replicas, to: 1, timeout: 60_000 },
    ]
    const probes = { ...base.probes, settle }
    const steps = stepsOf(filled ? workload : undefined, sequence)
    return { once, plan: { ...base, seed, repetitions, arms, probes, steps } }
  })

const surroundings = fc.record({
  kubeProxy: fc.boolean(),
  faults: fc.option(fc.record({ seed: fc.nat(1000), kinds: fc.subarray(faultKinds, { minLength: 1 }) }), {
    nil: undefined,
  }),
})

describe('two arms that are set alike', () => {
  it('should give the same outcome, to the last bit, wherever they stand in the run (hostile 2)', async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(plans, surroundings, async ({ plan, once }, around) => {
        const outcomes = await outcomesOf(plan, around)
        for (let repetition = 1; repetition <= plan.repetitions; repetition++) {
          const [one, other] = [`${once}-${repetition}`, `the-same-again-${repetition}`].map((arm) => outcomes.get(arm))
          // What goes wrong in an arm may end the run.
          if (one === undefined || other === undefined) continue
          compared++
          expect(other).toEqual(one)
        }
      }),
      { numRuns: 40, seed: 12 },
    )
    expect(compared).toBeGreaterThan(30)
  }, 240_000)

  it('should differ from one repetition to the next, by chance', async () => {
    const outcomes = await outcomesOf({ ...planForTests(), repetitions: 2 }, { kubeProxy: false, faults: undefined })
    const stopsOf = (armId: string) => probesIn(outcomes.get(armId) as ArmOutcome).map(({ stopsMs }) => stopsMs)
    expect(stopsOf('tuned-1')).not.toEqual(stopsOf('tuned-2'))
  })
})
