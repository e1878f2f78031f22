import { Failure } from '../base/errors.ts'
import { createRandom } from '../base/random.ts'
import { sumOf } from '../base/sum.ts'
import type { PlannedWorkload } from '../plan/plan.ts'
import { namespacesPerClass } from '../plan/size-classes.ts'
import { namespaceNames } from './names.ts'
import { atRandom, drawn, inProportion } from './spread.ts'
import type { NamespaceLayout, WorkloadLayout } from './workload.ts'

/** A namespace before anything is in it. */
interface Place {
  name: string
  sizeClass: string
  minimumPods: number
}

/**
 * Decides how much of everything goes where: the plan's totals exactly, and what is drawn at random from the seed alone, so
 * that the same plan and seed give the same workload on every machine. Throws a `Failure` when the smallest sizes of the
 * namespaces add up to more pods than there are.
 */
export function layOutWorkload(plan: PlannedWorkload, seed: number): WorkloadLayout {
  const places = placesOf(plan)
  const pods = podsOf(plan, places, seed)
  const { configmaps, secrets } = configObjectsOf(plan)
  const services = inProportion(plan.services, pods)
  const configmapsOf = atRandom(configmaps, pods, createRandom(seed, 'configmaps'))
  const secretsOf = atRandom(secrets, pods, createRandom(seed, 'secrets'))
  const serviceAccounts = inProportion(plan.serviceAccounts, pods)
  const evenly = pods.map(() => 1)
  const ballast = inProportion(ballastOf(plan), evenly)
  const namespaces = places.map(({ name, sizeClass }, index) => ({
    name,
    sizeClass,
    pods: pods[index] ?? 0,
    replicas: replicasOf(plan, pods[index] ?? 0),
    services: services[index] ?? 0,
    configmaps: configmapsOf[index] ?? 0,
    secrets: secretsOf[index] ?? 0,
    serviceAccounts: serviceAccounts[index] ?? 0,
    ballast: ballast[index] ?? 0,
  }))
  return { plan, seed, namespaces: withMounts(plan, namespaces, seed) }
}

/** How many there are of everything; configmaps without the ballast, service accounts without `default`. */
export function totalsOf({ namespaces }: WorkloadLayout) {
  const total = (countOf: (namespace: NamespaceLayout) => number) => sumOf(namespaces.map(countOf))
  return {
    namespaces: namespaces.length,
    pods: total(({ pods }) => pods),
    deployments: total(({ replicas }) => replicas.length),
    services: total(({ services }) => services),
    configmaps: total(({ configmaps }) => configmaps),
    secrets: total(({ secrets }) => secrets),
    serviceaccounts: total(({ serviceAccounts }) => serviceAccounts),
    ballast: total(({ ballast }) => ballast),
  }
}

function placesOf({ namespaces, sizeClasses }: PlannedWorkload): Place[] {
  const counts = namespacesPerClass(namespaces, sizeClasses)
  return sizeClasses.flatMap(({ name: sizeClass, minimumPods }, classIndex) =>
    namespaceNames(sizeClass, classIndex, counts[classIndex] ?? 0).map((name) => ({ name, sizeClass, minimumPods })),
  )
}

/** Every namespace gets the minimum of its class, and its part of what is left over. */
function podsOf(plan: PlannedWorkload, places: readonly Place[], seed: number): number[] {
  const minimum = sumOf(places.map(({ minimumPods }) => minimumPods))
  if (minimum > plan.pods.total) {
    throw new Failure(
      'bad-input',
      `the namespaces hold ${minimum} pods at least, but the workload has ${plan.pods.total}`,
      { next: 'Raise pods.total, or lower minimumPods or the number of namespaces.' },
    )
  }
  // What is left over is shared out in proportion to the minimum, give or take half. So a namespace of a class with three times
  // the minimum of another's is always the larger one, whatever is drawn. A minimum of 0 counts as 1: it can grow, too.
  const random = createRandom(seed, 'pods')
  const weights = places.map(({ minimumPods }) => Math.max(1, minimumPods) * random.integer(50, 150))
  const more = inProportion(plan.pods.total - minimum, weights)
  return places.map(({ minimumPods }, index) => minimumPods + (more[index] ?? 0))
}

/** Replicas of each Deployment of a namespace, never 0 of them. */
function replicasOf({ pods: { perDeployment, deploymentsPerNamespace = 1 } }: PlannedWorkload, pods: number): number[] {
  if (perDeployment === undefined) {
    const evenly = new Array<number>(Math.min(deploymentsPerNamespace, pods)).fill(1)
    return inProportion(pods, evenly)
  }
  const full = new Array<number>(Math.floor(pods / perDeployment)).fill(perDeployment)
  const rest = pods % perDeployment
  return rest === 0 ? full : [...full, rest]
}

/**
 * Config objects by the plan's two ratios. Both are rounded to the nearest, halves up: first how many config objects there
 * are, then how many of them are secrets; the others are configmaps, so that the total stays.
 */
function configObjectsOf({ pods, configObjects }: PlannedWorkload): { configmaps: number; secrets: number } {
  if (configObjects === undefined) return { configmaps: 0, secrets: 0 }
  const total = Math.round(pods.total / configObjects.podsPerConfigObject)
  const secrets = Math.round(total / (configObjects.configmapsPerSecret + 1))
  return { configmaps: total - secrets, secrets }
}

/** Ballast is made of objects of one size, so it weighs up to one object more than the plan asks for. */
function ballastOf({ ballast }: PlannedWorkload): number {
  return ballast === undefined ? 0 : Math.ceil(ballast.total / ballast.objectSize)
}

/** Draws the Deployments whose pods mount something, among those that have something to mount. */
function withMounts(
  plan: PlannedWorkload,
  namespaces: readonly Omit<NamespaceLayout, 'mounting'>[],
  seed: number,
): NamespaceLayout[] {
  const all = namespaces.flatMap(({ replicas, configmaps, secrets }) =>
    replicas.map(() => configmaps > 0 && secrets > 0),
  )
  const able = all.filter((canMount) => canMount).length
  const draws = drawn(Math.round(plan.pods.mountingShare * all.length), able, createRandom(seed, 'mounts')).values()
  return namespaces.map((namespace) => ({
    ...namespace,
    mounting: namespace.replicas.map(
      () => namespace.configmaps > 0 && namespace.secrets > 0 && draws.next().value === true,
    ),
  }))
}
