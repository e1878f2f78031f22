import { plural } from '../../base/count.ts'
import { fillFloor, objectsToCreate } from '../../fleet/duration.ts'
import { hollowNodeOf } from '../../fleet/hollow-node.ts'
import type { ObjectsForecast, StepForecast } from '../../fleet/step-forecast.ts'
import type { Plan } from '../../plan/plan.ts'
import type { PlannedWorkload } from '../../plan/workload.ts'
import { layOutWorkload, totalsOf } from '../../workload/layout.ts'
import { ballastResourceOf } from '../../workload/workload.ts'

/** What filling the cluster comes to. */
export function forecastFill(workload: PlannedWorkload, { seed, fleet }: Pick<Plan, 'seed' | 'fleet'>): StepForecast {
  const objects = forecastObjects(workload, seed)
  return {
    title: `fill, ${plural(objects.totals.pods, 'pod')} Ready`,
    objects,
    podsOnProbeNode: 0,
    quietMs: 0,
    timeoutMs: workload.timeout,
    floor: (limits) => fillFloor(workload, objects.totals, limits, hollowNodeOf(fleet.node).containerStarts),
    warnings: emptyWarnings(workload, objects),
  }
}

function forecastObjects(workload: PlannedWorkload, seed: number): ObjectsForecast {
  const layout = layOutWorkload(workload, seed)
  const totals = totalsOf(layout)
  const classes = workload.sizeClasses.map(({ name }) => {
    const members = layout.namespaces.filter(({ sizeClass }) => sizeClass === name)
    return { name, namespaces: members.length, pods: rangeOf(members.map(({ pods }) => pods)) }
  })
  return {
    totals,
    toCreate: objectsToCreate(totals),
    ballastKind: ballastResourceOf(workload),
    // What a plan does not have weighs nothing.
    bytes: {
      configmap: workload.configObjects?.configmapSize ?? 0,
      secret: workload.configObjects?.secretSize ?? 0,
      ballast: workload.ballast?.objectSize ?? 0,
    },
    classes,
    namespaces: layout.namespaces,
  }
}

function rangeOf(values: readonly number[]): { min: number; median: number; max: number } {
  const sorted = values.toSorted((left, right) => left - right)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return { min: at(0), median: at(0.5), max: at(1) }
}

/** A ratio to pods gives nothing where there are none. */
function emptyWarnings({ configObjects }: PlannedWorkload, { totals }: ObjectsForecast): string[] {
  const ratio = configObjects?.podsPerConfigObject
  if (ratio === undefined || totals.configmaps + totals.secrets > 0) return []
  return [
    `no configmaps and no secrets: the workload has ${totals.pods} pods and asks for one config object per ${ratio}; set their numbers instead (workload.configObjects.secrets: { perNamespace: 10 })`,
  ]
}
