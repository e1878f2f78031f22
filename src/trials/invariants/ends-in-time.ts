import { Failure } from '../../base/errors.ts'
import { sumOf } from '../../base/sum.ts'
import type { Plan } from '../../plan/plan.ts'
import { sectionsOf } from '../../plan/section.ts'
import { fillSection } from '../../steps/fill/section.ts'
import { observeSection } from '../../steps/observe/section.ts'
import { probeSection } from '../../steps/probe/section.ts'
import type { Evidence, Finding } from './evidence.ts'

/** What an arm takes beside what its plan allows: bringing up the control plane, reading knobs, counting objects, looking at the nodes again. */
const besidesMs = 120_000 + 30_000 + 120_000 + 60_000
/** Beyond the plan's own time-outs: for counting after a fill, for the Deployment under test, for each probe. */
const afterFillMs = 120_000
const probeTargetMs = 60_000
const perReplicaMs = 1000
const perProbeMs = 60_000
/** What tear-downs may take: the workload and the Deployment under test, with their pods, the fleet and the control plane. */
const tearDownMs = 600_000 + 300_000 + 5000 + 30_000
const tearDownPerPodMs = 60 + 1000
/** And what they had to say when that was over, twice, and the second look at what was left. */
const lastWordsMs = 20_000 + 4 * 10_000

/** A run ends by itself within the time-outs of its plan, and in good order: what goes wrong in a cluster is no bug of the program. */
export function endsInTime({ plan, result, error }: Pick<Evidence, 'plan' | 'result' | 'error'>): Finding {
  const mostMs = plan.arms.length * plan.repetitions * longestArmMs(plan)
  const { durationMs } = result
  const violations = [
    ...(durationMs > mostMs ? [`the run took ${formatSeconds(durationMs)}, of ${formatSeconds(mostMs)} at most`] : []),
    ...(error === undefined || error instanceof Failure ? [] : [`the run ended with a bug: ${stackOf(error)}`]),
  ]
  return { checked: 1, violations }
}

function longestArmMs(plan: Plan): number {
  const workloads = sectionsOf(plan, fillSection)
  const sequence = sectionsOf(plan, probeSection)
  const pods = [...workloads.map((workload) => workload.pods.total), ...sequence.flatMap(({ from, to }) => [from, to])]
  return sumOf([
    besidesMs,
    plan.fleet.timeout,
    ...sectionsOf(plan, observeSection).map((observation) => observation.for),
    ...workloads.map(({ timeout }) => timeout + afterFillMs),
    probeTargetMs + perReplicaMs * (sequence[0]?.from ?? 0),
    ...sequence.map(({ timeout }) => plan.probes.settle + timeout + perProbeMs),
    tearDownMs + lastWordsMs,
    tearDownPerPodMs * Math.max(0, ...pods),
  ])
}

function formatSeconds(durationMs: number): string {
  return `${Math.round(durationMs / 1000)} s`
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
