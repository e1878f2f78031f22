import { estimateFleetCores } from '../fleet/sizing.ts'
import type { Plan, PlannedArm } from '../plan/plan.ts'
import { armIdOf, armName, kubernetesOf } from '../plan/plan.ts'
import type { ArmOutcome, Result } from '../result/result.ts'
import type { Target } from '../targets/target.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { statusPeriodSecondsOf } from '../tuning/status-period.ts'

/** One go at an arm, with everything that it is resolved. */
export interface Arm {
  /** `tuned-2`: names its files and its place in the progress view; `tuned-0` is its warm-up. */
  id: string
  /** The plan's name for it, or its profile's. */
  name: string
  /** 1 for the first that counts, 0 for the warm-up. */
  repetition: number
  /** Position in the run, from 1. */
  order: number
  profile: PlannedArm['profile']
  /** The version of Kubernetes that it asks for; undefined where neither it nor its plan does. */
  kubernetes: string | undefined
  /** What its knobs are asked to be, its profile's settings included. */
  requests: readonly KnobRequest[]
  /** What the plan sets beyond the profile, or takes back. */
  set: PlannedArm['set']
  /** What it runs: the run's plan, or its own where the arms are the values of a field of the plan. */
  plan: Plan
  /** What the fleet's heartbeats alone will take of the machine; null where it is not known which one that is. */
  estimate: ArmOutcome['fleet']['estimate']
}

/** Which arm is next. */
export interface Schedule {
  /** Every arm that will run, as far as that is known, in order. */
  planned: readonly Arm[]
  /** The arm to run after those that are done; undefined when there is none. */
  next(done: readonly Pick<ArmOutcome, 'id'>[]): Arm | undefined
}

/** What arms are resolved with. */
export interface Resolving {
  plan: Plan
  target: Pick<Target, 'onThisMachine' | 'modelledCores'>
  machine: Result['machine']
  /** What arms run instead of the run's plan, by their names. */
  plans?: ReadonlyMap<string, Plan> | undefined
}

/**
 * The arms in the order they run: each once as a warm-up if the plan asks for that, then forwards, then backwards, and so on (ABBA), so that a machine that slowly warms up
 * or fills favours none of them.
 */
export function backAndForth(resolving: Resolving): Schedule {
  const { arms, repetitions, warmUp } = resolving.plan
  const warmUps = warmUp ? [arms.map((arm) => ({ arm, repetition: 0 }))] : []
  const rounds = Array.from({ length: repetitions }, (_, round) =>
    (round % 2 === 0 ? arms : arms.toReversed()).map((arm) => ({ arm, repetition: round + 1 })),
  )
  const planned = [...warmUps, ...rounds]
    .flat()
    .map(({ arm, repetition }, index) => resolved(arm, { repetition, order: index + 1 }, resolving))
  return {
    planned,
    next: (done) => planned.find(({ id }) => !done.some((one) => one.id === id)),
  }
}

function resolved(
  arm: PlannedArm,
  { repetition, order }: { repetition: number; order: number },
  { plan: whole, plans, target, machine }: Resolving,
): Arm {
  const { profile, set } = arm
  const name = armName(arm)
  const plan = plans?.get(name) ?? whole
  const requests = requestsOf(arm)
  const cores = target.onThisMachine ? machine?.cores : target.modelledCores
  const { nodes } = plan.fleet
  const statusPeriodSeconds = statusPeriodSecondsOf(requests)
  return {
    id: armIdOf(name, repetition),
    name,
    repetition,
    order,
    profile,
    kubernetes: kubernetesOf(plan, arm),
    requests,
    set,
    plan,
    estimate:
      cores === undefined
        ? null
        : { coresNeeded: estimateFleetCores({ nodes, statusPeriodSeconds }).coresNeeded, cores },
  }
}
