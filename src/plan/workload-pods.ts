import type { PlannedWorkload } from './workload.ts'

/** Pods of each namespace where the plan counts its Deployments (`perNamespace`); undefined where it does not. */
export function podsOfCounted({ deployments }: PlannedWorkload['pods']): number | undefined {
  const counted = deployments?.flatMap(({ replicas, perNamespace }) =>
    perNamespace === undefined ? [] : [replicas * perNamespace],
  )
  if (counted === undefined || counted.length === 0) return undefined
  return counted.reduce((sum, pods) => sum + pods, 0)
}
