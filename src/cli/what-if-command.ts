import { Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { didYouMean, formatChoice, formatNames } from '../base/names.ts'
import { longestArmName, names } from '../plan/names.ts'
import { isLookedAt } from '../plan/other-targets.ts'
import { planFields } from '../plan/parse.ts'
import type { Plan, PlannedArm } from '../plan/plan.ts'
import { armName, kubernetesOf } from '../plan/plan.ts'
import type { ProfileFiles } from '../plan/profile.ts'
import { isProfilePath, readProfile } from '../plan/profile.ts'
import type { Override } from '../plan/sources.ts'
import { formatListed } from '../report/format.ts'
import type { Comparison } from '../run/context.ts'
import { conflictsAmong } from '../tuning/conflicts.ts'
import type { KnobValue } from '../tuning/knob.ts'
import { refusalOf } from '../tuning/open-knobs.ts'
import { requestsOf } from '../tuning/profiles.ts'
import type { Variation } from '../tuning/vary.ts'
import { parseVariation } from '../tuning/vary.ts'
import { measureWhatIf } from './measure-hint.ts'
import type { WhatIfOptions } from './options.ts'
import type { Pipeline } from './pipeline.ts'
import { withPipeline } from './pipeline.ts'
import { loadPlan, refusalsOf, vocabularyOf } from './plans.ts'
import { carryOut } from './run-command.ts'
import type { Surroundings } from './surroundings.ts'
import { targetNamed } from './target-names.ts'
import { runOn } from './targets.ts'
import { refuseForOtherTargets, refuseOverrides } from './useless-options.ts'

/** Runs a plan with one arm for each value of a setting, and charts what it changes; returns the exit status. */
export function whatIfCommand(planName: string, options: WhatIfOptions, surroundings: Surroundings): Promise<number> {
  return withPipeline(planName, options, surroundings, (pipeline) => tryValues(planName, options, pipeline))
}

async function tryValues(planName: string, options: WhatIfOptions, pipeline: Pipeline): Promise<number> {
  const { surroundings } = pipeline
  const [vary = '', ...more] = options.vary
  if (more.length > 0)
    throw new Failure('bad-input', '--vary takes one setting at a time', {
      next: 'set anything else that differs from the plan with --set',
    })
  const vocabulary = vocabularyOf(surroundings.folders)
  const variation = parseVariation(vary, planFields(vocabulary))
  const { varied, knob } = variation
  const set = options.set ?? []
  refuseOverrides(set, varied, 'with --vary')
  refuseOverrides(set, 'target', 'here: what-if simulates unless --target says otherwise')
  if (options.repeat !== undefined) refuseOverrides(set, 'repetitions', 'with --repeat')
  const read = (overrides: readonly Override[]) =>
    loadPlan(planName, surroundings.folders, overrides, {
      refuse: (plan) => refusalsOf(options.target ?? 'sim', plan),
    })
  const load = (overrides: readonly Override[]) => read([...set, ...overrides])
  const { plan, comparison } = compare(load, variation, (plan) => baseArm(plan, vocabulary.profiles, options.profile))
  const target = targetNamed(options.target ?? 'sim', plan)
  refuseForOtherTargets(target, plan, options)
  if (!isLookedAt(varied, plan, target))
    throw new Failure('bad-input', `on target ${target}, ${varied} would change nothing`)
  if (target === 'remote' && varied.startsWith('fleet.'))
    throw new Failure('bad-input', `on target remote, ${varied} cannot vary: all arms share the hosts' fleet`, {
      next: 'run the plan once for each value, with --set',
    })
  // More than once unless the plan or the command line says how often.
  const usual = target === 'sim' ? read([`repetitions=${usualRepetitions}`, ...set]).repetitions : 1
  plan.repetitions = options.repeat ?? Math.max(plan.repetitions, usual)
  const on = runOn(target, plan, surroundings, { ...options, whatIf: comparison })
  const support = knob === undefined ? { supported: true as const } : on.target.supports(knob, plan.kubernetes)
  if (!support.supported)
    throw new Failure('bad-input', `on target ${on.target.name}, ${varied} would change nothing: ${support.because}`)
  return carryOut(plan, on, pipeline, { whatIf: comparison, measure: measureWhatIf(plan, planName, options) })
}

/** How often each value runs in a simulation. */
const usualRepetitions = 3

/** The plan with one arm for each value, and nothing that speaks of the arms it had; `load` reads it with overrides. */
function compare(
  load: (overrides: readonly Override[]) => Plan,
  { varied, knob, values }: Variation,
  baseOf: (plan: Plan) => PlannedArm,
): { plan: Plan; comparison: Comparison } {
  const armNamesOfValues = armNames(varied, values)
  // As JSON, which YAML reads as the very value.
  const withValue = (value: KnobValue) => ({ option: '--vary', text: `${varied}=${JSON.stringify(value)}` })
  const plans = values.map((value) => load(knob === undefined ? [withValue(value)] : []))
  // The last one is the largest: what a target prepares has to do for all.
  const { reference: _, ...plan } = plans.at(-1) ?? load([])
  const base = baseOf(plan)
  const arms = values.map((value, index): PlannedArm => {
    const others = base.set.filter((departure) => departure.knob !== knob?.id)
    const departure = knob === undefined ? [] : [{ knob: knob.id, value, because: 'what-if' }]
    const set = [...others, ...departure]
    const refusal = knob && refusalOf(knob, value, kubernetesOf(plan, base))
    if (refusal !== undefined) throw new Failure('bad-input', `--vary ${varied}: ${refusal}`)
    const arm = { ...base, name: armNamesOfValues[index], set }
    const [conflict] = conflictsAmong(requestsOf(arm))
    if (conflict !== undefined) throw new Failure('bad-input', `--vary ${varied}: with ${value}, ${conflict.message}`)
    return arm
  })
  const tried = values.map((value, index) => ({ value, arm: armNamesOfValues[index] ?? '' }))
  return {
    plan: {
      ...plan,
      name: `${plan.name}-what-if`,
      description: `What if ${varied} were ${listed(values)}? Everything else as in ${plan.name}, arm ${armName(base)}.`,
      arms,
      thresholds: [],
    },
    comparison: {
      record: { varied, basedOn: armName(base), values: tried },
      plans: knob === undefined ? new Map(plans.map((own, index) => [armNamesOfValues[index] ?? '', own])) : new Map(),
    },
  }
}

/** The arm that is asked for by its name or its profile; a profile without an arm has no departures. */
function baseArm({ arms, name: planName }: Plan, profiles: ProfileFiles, asked?: string): PlannedArm {
  const called = (name: string) => arms.find((arm) => armName(arm) === name) ?? arms.find((arm) => arm.profile === name)
  if (asked === undefined) {
    const arm = called('tuned') ?? arms[0]
    if (arm === undefined) throw new Error('a plan has arms: its check lets no other through')
    return arm
  }
  const arm = called(asked)
  if (arm !== undefined) return arm
  if (profiles.names.includes(asked) || isProfilePath(asked)) {
    const { name, settings } = readProfile(asked, profiles)
    return { profile: name, base: settings, set: [] }
  }
  const known = [...new Set([...arms.map(armName), ...profiles.names])]
  throw new Failure(
    'bad-input',
    `${planName} has no arm ${excerpt(asked)}, and there is no such profile${didYouMean(asked, known)}`,
    { next: `there are ${formatNames(known)}; or give the path to a .yaml file` },
  )
}

/** `kube-api-qps-50`: the knob and the value as names of arms may be; numbered where that does not tell values apart. */
function armNames(varied: string, values: readonly KnobValue[]): string[] {
  const knob = nameOf(
    (varied.split('.').at(-1) ?? varied).replace(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]|QPS)/g, '-'),
  )
  const telling = values.map((value) => `${knob}-${nameOf(String(value))}`)
  if (new Set(telling).size === telling.length && telling.every((name) => names.arm.safeParse(name).success))
    return telling
  return values.map((_, index) => `${knob.slice(0, longestArmName - 5)}-${index + 1}`)
}

function nameOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .replace(/^-|-$/g, '')
}

function listed(values: readonly KnobValue[]): string {
  return formatChoice(values.map(formatListed))
}
