import { sumOf } from '../../base/sum.ts'
import type { Plan } from '../../plan/plan.ts'
import { sectionsOf } from '../../plan/section.ts'
import type { ArmOutcome } from '../../result/result.ts'
import { canaryIn } from '../../steps/fill/observation.ts'
import { fillOf } from '../../steps/fill/outcome.ts'
import { fillSection } from '../../steps/fill/section.ts'
import { probesOf } from '../../steps/probe/outcome.ts'
import { probeSection } from '../../steps/probe/section.ts'
import { layOutWorkload } from '../../workload/layout.ts'
import { probeDeployment, probeNamespace } from '../../workload/probe-target.ts'
import { kinds, objectsOf, resourceOf } from '../../workload/stamp.ts'
import type { Evidence, Finding, Seen } from './evidence.ts'
import { armsSeen, takenIn, together } from './evidence.ts'
import type { WitnessedPod } from './witness.ts'
import { keyOf } from './witness.ts'

/**
 * Nothing that a run creates is created twice, however often its requests were tried; it creates nothing but what its plan says; and
 * there are no pods beyond those, unless the run says that there were, or that nodes went away, whose pods are replaced.
 */
export function createdOnce(evidence: Pick<Evidence, 'plan' | 'result' | 'samples' | 'witnesses'>): Finding {
  const { plan, result } = evidence
  const planned = plannedKeys(plan, result.run)
  return together(
    armsSeen(evidence).map(({ witness, arm }) => ({
      checked: witness.own.size + witness.pods.size,
      violations: [
        ...[...witness.own].flatMap(([key, { created }]) => [
          ...(created > 1 ? [`${key} was created ${created} times`] : []),
          ...(planned.has(key) ? [] : [`${key} was created and is not in the plan`]),
        ]),
        ...extraPods(plan, { witness, arm }, lastSampleMs(evidence, witness.armId)),
      ],
    })),
  )
}

function plannedKeys(plan: Plan, runId: string): Set<string> {
  const probes = { runId, node: '', image: '', serviceAccountToken: false, replicas: 1 }
  const keys = new Set([keyOf('namespaces', probeNamespace(probes)), keyOf('deployments', probeDeployment(probes))])
  for (const workload of sectionsOf(plan, fillSection)) {
    const layout = layOutWorkload(workload, plan.seed)
    for (const kind of kinds) {
      for (const object of objectsOf(layout, kind)) keys.add(keyOf(resourceOf(kind, workload), object))
    }
    // It is in the namespace that came to be first, which may be any of them.
    for (const { name } of layout.namespaces) keys.add(keyOf('configmaps', canaryIn(name)))
  }
  return keys
}

/** What happens after the last measurement, such as the eviction of pods, is no longer the run's to tell. */
function lastSampleMs(evidence: Pick<Evidence, 'samples'>, armId: string): number {
  return Math.max(...takenIn(evidence, armId).map(({ atMs }) => atMs))
}

function extraPods(plan: Plan, { witness, arm }: Seen, untilMs: number): string[] {
  if (toldOfExtra(arm)) return []
  const count = (role: WitnessedPod['role']) =>
    [...witness.pods.values()].filter((pod) => pod.role === role && pod.createdMs <= untilMs).length
  // Each probe that scales up makes what it adds.
  const probes = sectionsOf(plan, probeSection)
  const started = probes[0]?.from ?? 0
  const most = {
    workload: sumOf(sectionsOf(plan, fillSection).map(({ pods }) => pods.total)),
    probe: probes.reduce((sum, { from, to }) => sum + Math.max(0, to - from), started),
  }
  return (['workload', 'probe'] as const)
    .filter((role) => count(role) > most[role])
    .map((role) => `there were ${count(role)} ${role} pods, of ${most[role]} planned`)
}

function toldOfExtra(arm: ArmOutcome): boolean {
  const extra = fillOf(arm)?.pods.unexpected ?? 0
  return arm.fleet.flaps.count > 0 || extra > 0 || probesOf(arm).some(({ pods }) => pods.unexpected > 0)
}
