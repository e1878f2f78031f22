import { probeFloor } from '../../fleet/duration.ts'
import { hollowNodeOf } from '../../fleet/hollow-node.ts'
import type { StepForecast } from '../../fleet/step-forecast.ts'
import type { Plan } from '../../plan/plan.ts'
import type { PlannedProbe } from '../../plan/probe.ts'

/** What scaling the Deployment under test comes to. */
export function forecastProbe(probe: PlannedProbe, { probes, fleet }: Pick<Plan, 'probes' | 'fleet'>): StepForecast {
  const pods = {
    serviceAccountToken: probes.pod.serviceAccountToken,
    containerStarts: hollowNodeOf(fleet.node).containerStarts,
  }
  const { name, from, to, timeout } = probe
  return {
    title: `${name} ${from} -> ${to}`,
    objects: null,
    podsOnProbeNode: Math.max(from, to),
    quietMs: probes.settle,
    timeoutMs: timeout,
    floor: (limits) => probeFloor(probe, pods, limits),
    warnings: [],
  }
}
