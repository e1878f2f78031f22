import { countedResources } from '../kube/resources.ts'
import type { Cluster } from '../targets/target.ts'
import type { Step, StepOutline } from './step.ts'

export const countObjectsOutline: StepOutline = { id: 'count-objects', title: 'Objects counted' }

/** How many objects of each resource there are, before anything is timed. */
export function countObjects({ api }: Cluster): Step<Record<string, number>> {
  return {
    ...countObjectsOutline,
    timeoutMs: 120_000,
    async setUp({ signal }) {
      const count = async (resource: (typeof countedResources)[number]) =>
        [resource, await api.count({ resource }, signal)] as const
      return Object.fromEntries(await Promise.all(countedResources.map(count)))
    },
  }
}
