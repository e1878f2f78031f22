import { simulationOf } from '../cli/simulation/target.ts'
import calibration from '../model/calibration.json' with { type: 'json' }
import { parsePlan } from '../plan/parse.ts'
import type { Plan } from '../plan/plan.ts'
import { calibrationSchema } from '../result/calibration.ts'
import type { SampleLine } from '../result/sample-line.ts'
import type { RunEvent } from '../run/events.ts'
import { virtualHost } from '../run/host.ts'
import type { RunOutcome } from '../run/run.ts'
import { executeRun } from '../run/run.ts'
import { vocabulary } from './plans.ts'

/** Simulates a plan that is written after what every plan needs; its fleet has ten nodes. */
export async function simulatedRun(
  written: string,
): Promise<RunOutcome & { plan: Plan; events: RunEvent[]; samples: SampleLine[] }> {
  const text = `apiVersion: scale-test/v1
name: simulated
fleet: { nodes: 10, node: { cpu: 8, memory: 16Gi } }
arms: [{ profile: untuned }, { profile: tuned }]
${written}
`
  const plan = parsePlan(text, 'simulated.yaml', vocabulary)
  const target = simulationOf(plan, calibrationSchema.parse(calibration))
  const events: RunEvent[] = []
  const samples: SampleLine[] = []
  const outcome = await executeRun({
    runId: 'run',
    plan,
    target,
    clock: target.clock,
    host: virtualHost,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    onSample: (line) => samples.push(line),
  })
  return { ...outcome, plan, events, samples }
}
