import { formatBytes } from '../base/quantity.ts'
import type { PlanProblem } from './parse.ts'
import type { PlannedWorkload } from './plan.ts'
import { shown } from './plan.ts'
import { namespacesPerClass } from './size-classes.ts'

/** The apiserver takes 1 MiB of data in a ConfigMap or Secret (MaxSecretSize); a little less leaves room for the key. */
const largestDataBytes = 2 ** 20 - 1024

/** Mistakes between the parts of a workload whose parts are valid by themselves. */
export function checkWorkload(workload: PlannedWorkload): PlanProblem[] {
  const { pods, pace, configObjects, ballast } = workload
  const problem = (path: (string | number)[], message: string): PlanProblem => ({
    path: ['workload', ...path],
    message,
  })
  const oneOf = (path: string[], given: object, keys: readonly string[]) => {
    const count = keys.filter((key) => key in given).length
    return count === 1 ? [] : [problem(path, `needs ${keys.join(' or ')}${count > 1 ? ', not both' : ''}`)]
  }
  const tooBig = (path: string[], bytes: number | undefined) =>
    bytes === undefined || bytes <= largestDataBytes
      ? []
      : [
          problem(
            path,
            `${formatBytes(bytes)} do not fit into one object; the apiserver takes a little less than 1 MiB`,
          ),
        ]
  return [
    ...classes(workload).map(({ path, message }) => problem([...path], message)),
    ...oneOf(['pods'], pods, ['perDeployment', 'deploymentsPerNamespace']),
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
    ...(ballast?.objectSize === 0 ? [problem(['ballast', 'objectSize'], 'objects of no size have no weight')] : []),
  ]
}

function classes({ namespaces, sizeClasses, pods }: PlannedWorkload): PlanProblem[] {
  const shares = sizeClasses.reduce((sum, { share }) => sum + share, 0)
  const path = ['sizeClasses']
  if (Math.abs(shares - 1) > 1e-6)
    return [{ path, message: `the shares add up to ${Number(shares.toFixed(6))}, not to 1` }]
  const taken = sizeClasses.findIndex(({ name }, index) => sizeClasses.slice(0, index).some((one) => one.name === name))
  const twice =
    taken === -1
      ? []
      : [
          {
            path: [...path, taken, 'name'],
            message: `${shown(sizeClasses[taken]?.name)}: an earlier class is called so`,
          },
        ]
  const counts = namespacesPerClass(namespaces, sizeClasses)
  const parts = sizeClasses.map(({ minimumPods }, index) => ({ count: counts[index] ?? 0, minimumPods }))
  const least = parts.reduce((sum, { count, minimumPods }) => sum + count * minimumPods, 0)
  if (least <= pods.total) return twice
  const sum = parts.map(({ count, minimumPods }) => `${count} x ${minimumPods}`).join(' + ')
  return [
    ...twice,
    {
      path: ['pods', 'total'],
      message: `is less than the smallest sizes add up to, ${sum} = ${least}: raise it, or lower the minimumPods`,
    },
  ]
}
