import { Failure } from '../base/errors.ts'
import { createRandom } from '../base/random.ts'
import { sumOf } from '../base/sum.ts'
import { divideByShares } from '../plan/shares.ts'
import type { Amount, PlannedWorkload } from '../plan/workload.ts'
import { podsOfCounted } from '../plan/workload-pods.ts'
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
  const evenly = pods.map(() => 1)
  const weights = plan.pods.total === 0 ? evenly : pods
  const spread = (amount: Amount, share: (total: number) => number[]) =>
    typeof amount === 'number' ? share(amount) : pods.map(() => amount.perNamespace)
  const byPods = (amount: Amount) => spread(amount, (total) => inProportion(total, weights))
  const thrown = (amount: Amount, kind: string) =>
    spread(amount, (total) => atRandom(total, weights, createRandom(seed, kind)))
  const planned = configObjectsOf(plan)
  const services = byPods(plan.services)
  const configmapsOf = thrown(planned.configmaps, 'configmaps')
  const secretsOf = thrown(planned.secrets, 'secrets')
  const serviceAccounts = byPods(plan.serviceAccounts)
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
  const counts = divideByShares(namespaces, sizeClasses)
  return sizeClasses.flatMap(({ name: sizeClass, minimumPods }, classIndex) =>
    namespaceNames(sizeClass, counts[classIndex] ?? 0).map((name) => ({ name, sizeClass, minimumPods })),
  )
}

/** Every namespace gets the minimum of its class, and its part of what is left over; all the same where Deployments are counted. */
function podsOf(plan: PlannedWorkload, places: readonly Place[], seed: number): number[] {
  const counted = podsOfCounted(plan.pods)
  if (counted !== undefined) return places.map(() => counted)
  const minimum = sumOf(places.map(({ minimumPods }) => minimumPods))
  if (minimum > plan.pods.total) {
    throw new Failure(
      'bad-input',
      `the namespaces hold at least ${minimum} pods, but the workload has ${plan.pods.total}`,
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
function replicasOf({ pods: planned }: PlannedWorkload, pods: number): number[] {
  const { perDeployment, deploymentsPerNamespace = 1, deployments } = planned
  if (perDeployment !== undefined) return inDeployments(pods, perDeployment)
  if (deployments === undefined) {
    const evenly = new Array<number>(Math.min(deploymentsPerNamespace, pods)).fill(1)
    return inProportion(pods, evenly)
  }
  if (podsOfCounted(planned) !== undefined)
    return deployments.flatMap(({ replicas, perNamespace = 0 }) => new Array<number>(perNamespace).fill(replicas))
  const parts = divideByShares(
    pods,
    deployments.map(({ share = 0 }) => ({ share })),
  )
  return deployments.flatMap(({ replicas }, index) => inDeployments(parts[index] ?? 0, replicas))
}

/** Deployments of one size; the last one takes the remainder. */
function inDeployments(pods: number, replicas: number): number[] {
  const full = new Array<number>(Math.floor(pods / replicas)).fill(replicas)
  const rest = pods % replicas
  return rest === 0 ? full : [...full, rest]
}

/**
 * Config objects as the plan counts them, or by its two ratios. Both are rounded to the nearest, halves up: first how many config
 * objects there are, then how many of them are secrets; the others are configmaps, so that the total stays.
 */
function configObjectsOf({ pods, configObjects }: PlannedWorkload): { configmaps: Amount; secrets: Amount } {
  const { podsPerConfigObject, configmapsPerSecret, configmaps = 0, secrets = 0 } = configObjects ?? {}
  if (podsPerConfigObject === undefined || configmapsPerSecret === undefined) return { configmaps, secrets }
  const total = Math.round(pods.total / podsPerConfigObject)
  const secretsOfTotal = Math.round(total / (configmapsPerSecret + 1))
  return { configmaps: total - secretsOfTotal, secrets: secretsOfTotal }
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
