import { describe, expect, it } from 'vitest'
import calibration from '../model/calibration.json' with { type: 'json' }
import { parsePlan } from '../plan/parse.ts'
import { calibrationSchema } from '../result/calibration.ts'
import { outcomesOf } from '../result/result.ts'
import { observations } from '../steps/observe/outcome.ts'
import { hardwareOf, simulatedTarget } from '../targets/sim/index.ts'
import { resultSchema } from '../testing/outcomes.ts'
import { vocabulary } from '../testing/plans.ts'
import { htmlOf, junitOf, markdownOf, summaryOf } from '../testing/reports.ts'
import { executeRun, onVirtualTime } from './run.ts'

/** Simulates a plan of ten nodes that does these steps. */
async function simulated(steps: string) {
  const text = `apiVersion: scale-test/v1
name: watch
fleet: { nodes: 10, node: { cpu: 8, memory: 16Gi } }
arms: [{ profile: untuned }, { profile: tuned }]
steps: ${steps}
`
  const plan = parsePlan(text, 'watch.yaml', vocabulary)
  const measured = calibrationSchema.parse(calibration)
  const target = simulatedTarget({ seed: plan.seed, calibration: measured, hardware: hardwareOf(plan, measured) })
  const ids: string[] = []
  const { result } = await executeRun({
    runId: 'run',
    plan,
    target,
    clock: target.clock,
    ...onVirtualTime,
    signal: new AbortController().signal,
    emit: (event) => event.type === 'step-started' && ids.push(event.stepId),
    onSamples: () => {},
  })
  return { result, ids: ids.slice(0, ids.length / 2) }
}

describe('a step `observe`', () => {
  it('should measure an idle cluster and create nothing in it', async () => {
    const { result, ids } = await simulated('[{ observe: { name: idle, for: 5m } }]')
    expect(ids).toEqual(['control-plane', 'fleet', 'verify-knobs', 'observe/idle', 'fleet-check', 'clean-up'])
    expect(result).toMatchObject({ verdict: 'pass', reasons: ['The plan sets no threshold.'] })
    for (const arm of result.arms) {
      const [idle] = outcomesOf(arm, observations)
      expect(idle?.outcome.durationMs).toBeGreaterThanOrEqual(300_000)
      const requests = (verb: string) =>
        (idle?.series ?? []).flatMap((one) =>
          one.name === 'apiserver_requests_total' && one.labels['verb'] === verb && 'value' in one ? [one] : [],
        )
      expect(requests('POST')).toEqual([])
      // Every kubelet renews its Lease every 10 s (untuned) and writes its status: ten nodes for five minutes.
      const leases = requests('PUT').find(({ labels }) => labels['resource'] === 'leases')
      expect(leases?.value).toBeGreaterThanOrEqual(290)
    }
  })

  it('should be shown in every format, and be read again from the file', async () => {
    const { result } = await simulated(
      '[{ fill: { namespaces: 1, pods: { total: 20, perDeployment: 10 } } }, { observe: { name: after, for: 30s } }]',
    )
    const again = resultSchema.parse(JSON.parse(JSON.stringify(result)))
    expect(again).toEqual(JSON.parse(JSON.stringify(result)))
    for (const text of [htmlOf(result), markdownOf(result), summaryOf(result)]) expect(text).toContain('after, 30.0 s')
    expect(junitOf(result)).toContain('name="tuned #1: after: watched to its end"')
    expect(htmlOf(result)).toContain('Every series of after')
  })
})
