import { formatCount } from '../base/count.ts'
import { formatChoice } from '../base/names.ts'
import { formatBytes } from '../base/quantity.ts'
import type { SchemaProblem, ValuePath } from '../base/schema-problems.ts'
import { shown } from '../base/shown.ts'
import { mostObjects } from './limits.ts'
import { divideByShares } from './shares.ts'
import type { Amount, PlannedWorkload } from './workload.ts'
import { podsOfCounted } from './workload-pods.ts'

/** The apiserver takes 1 MiB of data in a ConfigMap or Secret (MaxSecretSize); a little less leaves room for the key. */
const largestDataBytes = 2 ** 20 - 1024

/** Mistakes between the parts of a workload, at `at` in its plan, whose parts are valid by themselves. */
export function checkWorkload(workload: PlannedWorkload, at: ValuePath): SchemaProblem[] {
  const { pods, pace, configObjects, ballast } = workload
  const problem = (path: (string | number)[], message: string): SchemaProblem => ({
    path: [...at, ...path],
    message,
  })
  const oneOf = (path: string[], given: object, keys: readonly string[]) => {
    const count = keys.filter((key) => key in given).length
    const tooMany = keys.length > 2 ? ', only one of them' : ', not both'
    return count === 1 ? [] : [problem(path, `needs ${formatChoice(keys)}${count > 1 ? tooMany : ''}`)]
  }
  const sizes = ['perDeployment', 'deploymentsPerNamespace', 'deployments']
  const tooBig = (path: string[], bytes: number | undefined) =>
    bytes === undefined || bytes <= largestDataBytes
      ? []
      : [
          problem(
            path,
            `${formatBytes(bytes)} does not fit in one object; the apiserver takes a little less than 1 MiB`,
          ),
        ]
  return [
    ...classes(workload).map(({ path, message }) => problem([...path], message)),
    ...(pods.total === 0 && !sizes.some((key) => key in pods) ? [] : oneOf(['pods'], pods, sizes)),
    ...deploymentsOf(workload).map(({ path, message }) => problem([...path], message)),
    ...configObjectsOf(workload).map((message) => problem(['configObjects'], message)),
    ...oneOf(['pace'], pace, ['rate', 'concurrency']),
    ...(pods.mountingShare > 0 && configObjects === undefined
      ? [problem(['pods', 'mountingShare'], 'there is nothing to mount: the workload has no configObjects')]
      : []),
    ...tooBig(['configObjects', 'configmapSize'], configObjects?.configmapSize),
    ...tooBig(['configObjects', 'secretSize'], configObjects?.secretSize),
    ...tooBig(['ballast', 'objectSize'], ballast?.objectSize),
    ...(ballast !== undefined && ballast.total < ballast.objectSize
      ? [problem(['ballast', 'total'], `is less than one object of ${formatBytes(ballast.objectSize)}`)]
      : []),
    ...tooMany(workload).map(({ path, message }) => problem([...path], message)),
    ...(ballast?.objectSize === 0 ? [problem(['ballast', 'objectSize'], 'must be more than 0')] : []),
  ]
}

/** What the workload's numbers multiply to, where that is more than a plan may have of one kind. */
function tooMany({
  namespaces,
  pods,
  services,
  serviceAccounts,
  configObjects,
  ballast,
}: PlannedWorkload): SchemaProblem[] {
  const inAll = (amount: Amount | undefined) =>
    amount === undefined || typeof amount === 'number' ? amount : namespaces * amount.perNamespace
  const { podsPerConfigObject, configmaps, secrets } = configObjects ?? {}
  const counts: [path: string[], count: number | undefined][] = [
    [['services'], inAll(services)],
    [['serviceAccounts'], inAll(serviceAccounts)],
    [['configObjects', 'configmaps'], inAll(configmaps)],
    [['configObjects', 'secrets'], inAll(secrets)],
    [['configObjects', 'podsPerConfigObject'], podsPerConfigObject && pods.total / podsPerConfigObject],
    [['ballast'], ballast && ballast.total / Math.max(1, ballast.objectSize)],
  ]
  return counts.flatMap(([path, count = 0]) =>
    count <= mostObjects
      ? []
      : [
          {
            path,
            message: `adds up to ${formatCount(count)} objects; a plan may have at most ${formatCount(mostObjects)} of one kind`,
          },
        ],
  )
}

function classes({ namespaces, sizeClasses, pods }: PlannedWorkload): SchemaProblem[] {
  const shares = sizeClasses.reduce((sum, { share }) => sum + share, 0)
  const path = ['sizeClasses']
  if (!addUp(shares)) return [{ path, message: sharesMessage(shares) }]
  const taken = sizeClasses.findIndex(({ name }, index) => sizeClasses.slice(0, index).some((one) => one.name === name))
  const twice =
    taken === -1
      ? []
      : [
          {
            path: [...path, taken, 'name'],
            message: `duplicate size class ${shown(sizeClasses[taken]?.name)}`,
          },
        ]
  const counts = divideByShares(namespaces, sizeClasses)
  // There is a count for every class.
  const parts = sizeClasses.map(({ minimumPods }, index) => ({ count: counts[index] as number, minimumPods }))
  const least = parts.reduce((sum, { count, minimumPods }) => sum + count * minimumPods, 0)
  if (least <= pods.total) return twice
  const sum = parts.map(({ count, minimumPods }) => `${count} x ${minimumPods}`).join(' + ')
  return [
    ...twice,
    {
      path: ['pods', 'total'],
      message: `is less than the minimums add up to, ${sum} = ${least}; raise it, or lower minimumPods`,
    },
  ]
}

/** Deployments of several sizes are either shares of a namespace's pods, or counted. */
function deploymentsOf({ namespaces, sizeClasses, pods }: PlannedWorkload): SchemaProblem[] {
  const { deployments, total } = pods
  if (deployments === undefined) return []
  const path = ['pods', 'deployments']
  const forms = deployments.map((one) => ('share' in one ? 'share' : 'perNamespace'))
  const unclear = deployments.findIndex((one) => 'share' in one === 'perNamespace' in one)
  if (unclear !== -1) return [{ path: [...path, unclear], message: 'needs share or perNamespace, only one of them' }]
  if (new Set(forms).size > 1)
    return [{ path, message: 'give all of them a share, or all of them a perNamespace count' }]
  const counted = podsOfCounted(pods)
  if (counted === undefined) {
    const shares = deployments.reduce((sum, { share = 0 }) => sum + share, 0)
    return addUp(shares) ? [] : [{ path, message: sharesMessage(shares) }]
  }
  const large = sizeClasses.findIndex(({ minimumPods }) => minimumPods > counted)
  return [
    ...(total === namespaces * counted
      ? []
      : [
          {
            path: ['pods', 'total'],
            message: `must be ${namespaces * counted}: the Deployments add up to ${counted} pods in each of ${namespaces} namespaces`,
          },
        ]),
    ...(large === -1
      ? []
      : [
          {
            path: ['sizeClasses', large, 'minimumPods'],
            message: `is more than the ${counted} pods that the Deployments in a namespace add up to`,
          },
        ]),
  ]
}

/** Config objects are either in two ratios, or counted. */
function configObjectsOf({ configObjects }: PlannedWorkload): string[] {
  if (configObjects === undefined) return []
  const has = (key: keyof typeof configObjects) => configObjects[key] !== undefined
  const ratios = [has('podsPerConfigObject'), has('configmapsPerSecret')]
  const isCounted = has('configmaps') || has('secrets')
  if (ratios.includes(true) && isCounted)
    return ['needs podsPerConfigObject and configmapsPerSecret, or configmaps and secrets: ratios or numbers, not both']
  if (isCounted || !ratios.includes(false)) return []
  return ['needs podsPerConfigObject and configmapsPerSecret, or the numbers of configmaps, secrets or both']
}

function addUp(shares: number): boolean {
  return Math.abs(shares - 1) <= 1e-6
}

function sharesMessage(shares: number): string {
  // As a number again it has no zeros at its end.
  return `the shares add up to ${Number(shares.toFixed(6))}, not to 1; a share can be a fraction, such as 1/3`
}
