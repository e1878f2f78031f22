import type { PlannedProbe } from '../../plan/probe.ts'
import { outcomesOf } from '../../result/result.ts'
import type { StepKind } from '../kind.ts'
import { forecastProbe } from './forecast.ts'
import { objectsOfProbes } from './objects.ts'
import type { ProbeOutcome } from './outcome.ts'
import { probeOutcomes } from './outcome.ts'
import { probeSection } from './section.ts'
import { probeStep, probeStepId, probeTitle } from './step.ts'
import type { ProbeTarget } from './target.ts'
import { probeTarget, probeTargetOutline } from './target.ts'
import { probeView } from './view.ts'

/** Times a Deployment that is scaled. */
export const probe: StepKind<PlannedProbe, ProbeOutcome, ProbeTarget> = {
  section: probeSection,
  countsFirst: true,
  forecast: forecastProbe,
  objects: objectsOfProbes,
  createsEvents: () => false,
  outline: (section) => ({ id: probeStepId(section), title: probeTitle(section) }),
  preparation: {
    outline: probeTargetOutline,
    step(probes, { plan, fleet, cluster, runId }) {
      const { image, serviceAccountToken } = plan.probes.pod
      const spec = {
        runId,
        node: fleet.origin?.probeHostname ?? fleet.probeNode,
        image,
        serviceAccountToken,
        replicas: probes[0]?.from ?? 1,
        tolerated: plan.fleet.pods.taints,
      }
      return probeTarget(cluster, spec, Math.max(...probes.flatMap(({ from, to }) => [from, to])))
    },
  },
  step({ section, ...step }, { plan, cluster, fleet, limits, recording, found }, target) {
    const { pod, settle } = plan.probes
    return probeStep({
      cluster,
      target,
      probe: section,
      at: step.at,
      earlier: outcomesOf(found, probeOutcomes),
      node: fleet.probeNode,
      serviceAccountToken: pod.serviceAccountToken,
      settleMs: settle,
      limits,
      containerStarts: found.fleet.containerStarts,
      recording,
    })
  },
  outcome: probeOutcomes.outcome,
  view: probeView,
}
