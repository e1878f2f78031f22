import { describe, expect, it } from 'vitest'
import { outcomesOf } from '../result/result.ts'
import { observations } from '../steps/observe/outcome.ts'
import { resultSchema } from '../testing/outcomes.ts'
import { htmlOf, junitOf, markdownOf, summaryOf } from '../testing/reports.ts'
import { simulatedRun } from '../testing/simulated-runs.ts'

describe('a step `observe`', () => {
  it('should measure an idle cluster and create nothing in it', async () => {
    const { result } = await simulatedRun('steps: [{ observe: { name: idle, for: 5m } }]')
    expect(result).toMatchObject({ verdict: 'pass', reasons: ['No threshold was judged.'] })
    for (const arm of result.arms) {
      const [idle] = outcomesOf(arm, observations)
      expect(idle?.outcome.durationMs).toBeGreaterThanOrEqual(300_000)
      const requests = (verb: string) =>
        (idle?.series ?? []).flatMap((one) =>
          one.name === 'apiserver_requests_total' && one.labels['verb'] === verb && 'value' in one ? [one] : [],
        )
      expect(requests('POST')).toEqual([])
      // Every kubelet renews its Lease every 10 s: ten nodes for five minutes.
      const leases = requests('PUT').find(({ labels }) => labels['resource'] === 'leases')
      expect(leases?.value).toBeGreaterThanOrEqual(290)
    }
  })

  it('should be shown in every format, and be read again from the file', async () => {
    const fill = '{ namespaces: 1, pods: { total: 20, perDeployment: 10 } }'
    const { result } = await simulatedRun(`steps: [{ fill: ${fill} }, { observe: { name: after, for: 30s } }]`)
    const written: unknown = JSON.parse(JSON.stringify(result))
    expect(resultSchema.parse(written)).toEqual(written)
    for (const text of [htmlOf(result), markdownOf(result), summaryOf(result)]) expect(text).toContain('after, 30.0 s')
    expect(junitOf(result)).toContain('name="tuned #1: after: watched to its end"')
    expect(htmlOf(result)).toContain('Every series of after')
  })
})
