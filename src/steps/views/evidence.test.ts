import { describe, expect, it } from 'vitest'
import { whatIfViewOf } from '../../report/what-if.ts'
import { renderWhatIfHtml } from '../../report/what-if-html.ts'
import { renderWhatIf } from '../../report/what-if-text.ts'
import type { Result } from '../../result/result.ts'
import { filledResult } from '../../testing/filled-results.ts'
import { fillIn, probesIn } from '../../testing/outcomes.ts'
import { htmlOf, junitOf, markdownOf, summaryOf, viewFor } from '../../testing/reports.ts'
import { sampleResult } from '../../testing/results.ts'
import { whatIfResult } from '../../testing/what-if-results.ts'

/** Every report of a result, in every format. */
function reportsOf(result: Result): string[] {
  const whatIf = whatIfViewOf(viewFor(result))
  const options = { reportPath: 'x' }
  return [
    htmlOf(result),
    markdownOf(result),
    junitOf(result),
    summaryOf(result, options),
    ...(whatIf === null ? [] : [renderWhatIfHtml(whatIf), renderWhatIf(whatIf, options)]),
  ]
}

/** A simulated run with everything that a report may say something of. */
function troubled(evidence: Result['evidence']): Result {
  const result = filledResult({
    evidence,
    ...(evidence === 'simulated' && { target: 'sim', startedAt: null, machine: null }),
  })
  for (const arm of result.arms) {
    if (evidence === 'simulated') arm.machine = null
    const [rollout, scaleDown] = probesIn(arm)
    Object.assign(rollout ?? {}, { stopsVagueByMs: { created: 400 }, clientRetries: { count: 1, waitedMs: 107 } })
    Object.assign(rollout?.stopsMs ?? {}, { ready: null })
    Object.assign(rollout?.explanations[0] ?? {}, { boundBy: null, contradicts: true, unread: ['kubelet'] })
    Object.assign(scaleDown ?? {}, { machineBusy: null })
    const latencyMs = { count: 1, missing: 0, p50: 1, p90: 1, p99: 1, max: 1 }
    const programming = {
      proxies: 10,
      syncs: 3,
      syncMs: evidence === 'simulated' ? null : latencyMs,
      serviceChanges: 1,
      endpointChanges: 1,
      endpointChangesPending: 0,
    }
    Object.assign(fillIn(arm) ?? {}, { networkProgramming: { ...programming, latencyMs } })
    arm.residue = ['namespace x']
  }
  return { ...result, partial: true }
}

const onlyOfClusters = /measur|running component|own metrics|read back|ready in 0 ms|real component/i

describe('the words of a report', () => {
  it.each([
    ['a plain run', sampleResult({ evidence: 'simulated', target: 'sim', machine: null, startedAt: null })],
    ['a filled run in trouble', troubled('simulated')],
    [
      'a what-if',
      whatIfResult([
        { value: 5, availableMs: [80_000], boundBy: 'kubelet/KubeClient' },
        { value: 50, availableMs: [null], boundBy: null },
      ]),
    ],
  ])('should claim nothing of a simulation that only a cluster could tell: %s', (_, result) => {
    for (const report of reportsOf(result)) {
      expect(report).not.toMatch(onlyOfClusters)
      expect(report).toMatch(/simulated/i)
    }
  })

  it('should say of a cluster that it was measured, and nothing of a model', () => {
    for (const report of reportsOf(troubled('measured'))) {
      expect(report).toContain('measured')
      expect(report.replace(/<style>.*<\/style>/s, '')).not.toMatch(/simulat|model/i)
    }
    expect(htmlOf(troubled('measured'))).toContain('From the components’ own metrics')
  })
})
