import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { shownPath } from '../base/file-failures.ts'
import { kindOf, listFolder, listTree, readTextFile } from '../base/files.ts'
import { didYouMean, formatNames } from '../base/names.ts'
import type { SchemaProblem } from '../base/schema-problems.ts'
import { pinnedVersions } from '../components/components.ts'
import { measuredSeries } from '../measure/catalogue.ts'
import type { ParseOptions } from '../plan/parse.ts'
import { parseClusters, parsePlan } from '../plan/parse.ts'
import type { Plan, PlannedClusters, Vocabulary } from '../plan/plan.ts'
import { kindOf as stepKindOf } from '../plan/section.ts'
import type { Override } from '../plan/sources.ts'
import { largestPlanBytes } from '../plan/sources.ts'
import { stepKinds } from '../steps/registry.ts'
import { versionsNotModelled } from '../targets/sim/versions.ts'
import { faultKinds } from '../trials/faults/index.ts'
import { profilesIn } from './profile-files.ts'
import type { Surroundings } from './surroundings.ts'
import type { TargetName } from './target-names.ts'
import { targetNames } from './target-names.ts'
import { refuseOverrides, refuseUseless } from './useless-options.ts'

/** Where what plans name is kept. */
export type PlanFolders = Pick<Surroundings['folders'], 'plans' | 'profiles'>

/** What plans may name. */
export function vocabularyOf({ profiles }: Pick<PlanFolders, 'profiles'>): Vocabulary {
  return {
    targets: targetNames,
    faults: faultKinds,
    profiles: profilesIn(profiles),
    kubernetes: pinnedVersions(join(import.meta.dirname, '..', '..', 'components')),
    kinds: stepKinds.map(({ section }) => section),
    series: measuredSeries,
  }
}

/** Folders of plans/ that hold what other plans include, and no plans. */
const fragments = ['include', 'slo']

/** Where target remote looks for its clusters when nobody names a file. */
export const defaultClusters = 'clusters.yaml'

/** How a plan is read from the command line. */
export interface PlanChoices {
  repeat?: number | undefined
  /** `path=value`, over what the plan says. */
  set?: readonly string[] | undefined
  target?: string | undefined
  /** Where the command runs a plan when neither `target` nor the plan says; nowhere when absent. */
  otherwise?: TargetName
  /** Version of Kubernetes, over the one that the plan as a whole has. */
  kubernetes?: string | undefined
  /** The file that says where the clusters of target remote are. */
  clusters?: string | undefined
}

/**
 * Reads a plan, with as many repetitions as it runs on its target, and, for target remote, the file of its clusters: the one that is named, or clusters.yaml in the working
 * directory if there is one. Throws `Failure('bad-input')`.
 */
export function loadPlanFor(
  nameOrPath: string,
  folders: PlanFolders,
  { set = [], target, otherwise, clusters, repeat, kubernetes }: PlanChoices,
): Plan {
  if (repeat !== undefined) refuseOverrides(set, 'repetitions', 'with --repeat')
  if (target !== undefined) refuseOverrides(set, 'target', 'with --target')
  if (kubernetes !== undefined) refuseOverrides(set, 'kubernetes', 'with --kubernetes')
  const version = { option: '--kubernetes', text: `kubernetes=${JSON.stringify(kubernetes)}` }
  const overrides = kubernetes === undefined ? set : [...set, version]
  // What is said for this run is meant for every target.
  const isSaid = set.some((override) => typeof override === 'string' && override.startsWith('repetitions='))
  const load = (over: readonly string[]) => {
    const refuse = (plan: Plan) => refusalsOf(target ?? plan.target ?? otherwise, plan)
    const plan = loadPlan(nameOrPath, folders, overrides, { over, refuse })
    if (plan.arms.every((arm) => arm.kubernetes !== undefined))
      refuseUseless({ '--kubernetes': kubernetes }, 'here: every arm of the plan names its own version')
    const there = target ?? plan.target ?? otherwise
    const usual = there === 'sim' && !isSaid ? plan.simulation?.repetitions : undefined
    return { ...plan, repetitions: repeat ?? usual ?? plan.repetitions }
  }
  if (clusters !== undefined) return load([clusters])
  const plan = load([])
  if ((target ?? plan.target) !== 'remote' || kindOf(defaultClusters) === undefined) return plan
  return load([defaultClusters])
}

/** What a target refuses of a plan, where it stands in the plan. */
export function refusalsOf(target: string | undefined, plan: Plan): SchemaProblem[] {
  if (target === undefined) return []
  const refused = plan.steps.flatMap((step) => {
    const message = stepKindOf(step, stepKinds).refusalOn?.(target, step.section)
    return message === undefined ? [] : [{ path: pathIn(step.at), message }]
  })
  return [...(target === 'sim' ? versionsNotModelled(plan) : []), ...refused]
}

/** `steps`, 0, `observe` of `steps[0].observe`. */
function pathIn(text: string): (string | number)[] {
  return [...text.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part))
}

/**
 * Reads a plan by the name of a file in the folder of plans, such as `single-node` or `experiments/heartbeat`, or by a path, and
 * applies the files `over` it, then `overrides`; `refuse` says what else is wrong with it. Throws `Failure('bad-input')` for an unknown name and for every
 * mistake.
 */
export function loadPlan(
  nameOrPath: string,
  folders: PlanFolders,
  overrides: readonly Override[] = [],
  choices: Pick<ParseOptions, 'over' | 'refuse'> = {},
): Plan {
  const file = planFile(nameOrPath, folders.plans)
  const shown = relative(process.cwd(), file)
  return parsePlan(readPlanFile(file), shown.startsWith('..') ? file : shown, vocabularyOf(folders), {
    read: readPlanFile,
    overrides,
    fileName: (found) => calledBy(nameOrPath, { found, plan: file, plansFolder: folders.plans }),
    ...choices,
  })
}

/**
 * What results call a plan's file, or one that it includes: by its folder where the plan was given by its name, by the path as it was given
 * otherwise. The working directory is no part of it, so that a result is the same wherever the command ran.
 */
function calledBy(
  given: string,
  { found, plan, plansFolder }: { found: string; plan: string; plansFolder: string },
): string {
  const isNamed = plan === join(plansFolder, `${given}.yaml`)
  const from = isNamed ? join(basename(plansFolder), `${given}.yaml`) : given
  return join(dirname(from), relative(dirname(resolve(plan)), resolve(found)))
}

/** Reads the file of the clusters of target remote alone. Throws `Failure('bad-input')`. */
export function loadClusters(file: string): PlannedClusters {
  return parseClusters(readPlanFile(file), file, { read: readPlanFile, overrides: [] })
}

function readPlanFile(file: string): string {
  return readTextFile(file, largestPlanBytes)
}

/** Where a plan is that somebody named. */
function planFile(nameOrPath: string, plansFolder: string): string {
  if (nameOrPath === '-' || /^[a-z][a-z\d+.-]*:\/\//i.test(nameOrPath))
    throw new Failure('bad-input', `${excerpt(nameOrPath)} is not a plan: plans are files`, {
      next: 'Save it to a file, and give its path',
    })
  const named = join(plansFolder, `${nameOrPath}.yaml`)
  if (kindOf(named) !== undefined) return named
  const folder =
    nameOrPath === ''
      ? undefined
      : [nameOrPath, join(plansFolder, nameOrPath)].find((path) => kindOf(path) === 'folder')
  if (folder !== undefined) {
    const inside = listFolder(folder).filter((name) => name.endsWith('.yaml'))
    throw new Failure('bad-input', `${shownPath(nameOrPath)} is a folder, not a plan`, {
      next: inside.length === 0 ? 'Give the path to a .yaml file' : `plans in it: ${formatNames(inside)}`,
    })
  }
  if (nameOrPath !== '' && kindOf(nameOrPath) !== undefined) return nameOrPath
  const names = planNames(plansFolder)
  const file = `${nameOrPath}.yaml`
  const meant =
    kindOf(file) === 'file'
      ? `; did you mean ${shownPath(file)}?`
      : didYouMean(nameOrPath.replace(/^(\.\/)?plans\/|\.ya?ml$/g, ''), names)
  throw new Failure('bad-input', `there is no plan ${nameOrPath === '' ? '""' : shownPath(nameOrPath)}${meant}`, {
    next: `plans here: ${names.join(', ')}; or give a path to a .yaml file`,
  })
}

/** The names of the plans in a folder and those below it. */
export function planNames(plansFolder: string): string[] {
  return listTree(plansFolder)
    .filter((name) => name.endsWith('.yaml') && !name.split(sep).some((part) => fragments.includes(part)))
    .map((name) => name.replace(/\.yaml$/, ''))
    .sort()
}
