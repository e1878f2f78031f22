import { countedResources } from '../kube/resources.ts'
import type { Cluster } from '../targets/target.ts'
import type { Step } from './step.ts'

export const countObjectsStepId = 'count-objects'
export const countObjectsTitle = 'Objects counted'

/** How many objects of each resource there are, before anything is timed. */
export function countObjects({ api }: Cluster): Step<Record<string, number>> {
  return {
    id: countObjectsStepId,
    title: countObjectsTitle,
    timeoutMs: 120_000,
    async setUp({ signal }) {
      const count = async (resource: (typeof countedResources)[number]) =>
        [resource, await api.count({ resource }, signal)] as const
      return Object.fromEntries(await Promise.all(countedResources.map(count)))
    },
  }
}
