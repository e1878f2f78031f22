import { exitCodeOf } from '../../../src/cli/exit.ts'
import { parsePlan } from '../../../src/plan/parse.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import type { RunEvent } from '../../../src/run/events.ts'
import { plannedWork } from '../../../src/steps/planned-work.ts'
import { stepKinds } from '../../../src/steps/registry.ts'
import type { RemoteTargetOptions } from '../../../src/targets/remote/index.ts'
import { vocabulary } from '../../../src/testing/plans.ts'
import { run } from '../../remote/simulated.ts'
import type { Rig } from '../rig.ts'

/** A second of configmaps on a real cluster, so that there is time for something to go wrong. */
const { arms, steps } = parsePlan(
  `apiVersion: scale-test/v1
name: faults
fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
arms: [{ profile: stock }]
workload:
  namespaces: 2
  pods: { total: 4, deploymentsPerNamespace: 1, image: pause }
  configObjects: { configmaps: 300, secrets: 0 }
  pace: { concurrency: 4 }
  timeout: 10m
`,
  'plan.yaml',
  vocabulary,
)

/** A plan that fills the rig's cluster, within ten minutes or so long. */
export function filled({ plan }: Pick<RemoteTargetOptions, 'plan'>, timeoutMs?: number): Plan {
  if (timeoutMs === undefined) return { ...plan, arms, steps }
  const limited = steps.map((step) => ({ ...step, section: { ...(step.section as object), timeout: timeoutMs } }))
  return { ...plan, arms, steps: limited }
}

/** Whether a request is for one of the fill's configmaps. */
export function fillNames(request: string): boolean {
  return request.startsWith('create configmaps scale-test-') && !request.endsWith('watch-lag')
}

/** When something is to go wrong in such a run, or no longer. */
interface Moments {
  /** The fill begins. */
  onStart?: () => void
  /** Its first configmap is there. */
  onFill?: () => void
  /** Everything is taken away again. */
  onEnd?: () => void
}

/** Runs such a plan, and tells how it ended: its exit status, what it left and what its journal says of a fill that failed. */
export async function runFilled(
  rig: Rig,
  runId: string,
  { onStart, onFill, onEnd, timeoutMs }: Moments & { timeoutMs?: number },
) {
  const options = rig.remote(runId)
  const plan = filled(options, timeoutMs)
  const events: RunEvent[] = []
  let isFilling = false
  const work = plannedWork(plan, runId, stepKinds)
  const outcome = await run(
    { ...options, plan, work },
    {
      plan,
      emit(event) {
        if (event.type !== 'step-progress') events.push(event)
        else if (event.unit === 'configmaps' && !isFilling) {
          isFilling = true
          onFill?.()
        }
        if (event.type === 'step-started' && event.stepId === 'fill') onStart?.()
        if (event.type === 'step-started' && event.stepId === 'clean-up') onEnd?.()
      },
    },
  )
  return {
    status: exitCodeOf(outcome, undefined),
    error: outcome.error,
    result: outcome.result,
    residue: outcome.result.arms.flatMap(({ residue }) => residue),
    failed: events.flatMap((event) => (event.type === 'step-failed' && event.stepId === 'fill' ? [event.message] : [])),
    events,
  }
}
