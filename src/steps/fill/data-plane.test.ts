import { describe, expect, it } from 'vitest'
import type { NetworkProgramming } from '../../result/parts.ts'
import type { Result } from '../../result/result.ts'
import { filledResult } from '../../testing/filled-results.ts'
import { fillIn } from '../../testing/outcomes.ts'
import { htmlOf, markdownOf } from '../../testing/reports.ts'

/** A simulated run whose arms have kube-proxies, the second with a latency of its own. */
function programmed(changes: Partial<NetworkProgramming> = {}): Result {
  const result = filledResult({ evidence: 'simulated', target: 'sim' })
  for (const [index, arm] of result.arms.entries()) {
    const fill = fillIn(arm)
    if (fill === null) continue
    const latencyMs = { count: 4000, missing: 0, p50: 2100 - 500 * index, p90: 3000, p99: null, max: null }
    const counts = {
      syncs: 2624 + 26_240 * index,
      serviceChanges: 1250,
      endpointChanges: 40_000,
      endpointChangesPending: 20,
    }
    fill.networkProgramming = { proxies: 10, latencyMs, syncMs: null, ...counts, ...changes }
  }
  return result
}

const noKubeProxy =
  'It is not known how fast Services reach the data plane: no kube-proxy that was read programs these nodes.'

const textOf = (html: string) =>
  html
    .slice(html.indexOf('<h3>Services reach'))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')

describe('how Services reach the data plane', () => {
  it('should be shown arm by arm, per proxy, as simulated', () => {
    const text = textOf(htmlOf(programmed()))
    expect(text).toMatch(/^ Services reach the data plane How fast kube-proxy programmed Service changes, simulated/)
    expect(text).toMatch(/network programming, p50 from a change of .*? 2.10 s 1.60 s /)
    expect(text).toMatch(/network programming, p99 the same — — /)
    expect(text).toContain('syncs per proxy including those with nothing to do 262 (1.00/s) 2,886 (29.2/s)')
    expect(text).toContain('endpoint changes seen by a proxy 4,000 4,000')
    expect(text).toContain('Sync time is not modelled')
    const markdown = markdownOf(programmed())
    expect(markdown).toContain('### Services reach the data plane (simulated)')
    expect(markdown).toContain('| network programming, p50 | 2.10 s | 1.60 s |')
  })

  it('should say how long a sync took where proxies tell', () => {
    const syncMs = { count: 262, missing: 0, p50: 41, p90: 80, p99: 120, max: null }
    const markdown = markdownOf(programmed({ syncMs }))
    expect(markdown).toContain('| sync time, p99 | 120 ms | 120 ms |')
    expect(markdown).not.toContain('not modelled')
  })

  it('should be said not to be known where Services had no kube-proxy', () => {
    expect(markdownOf(filledResult())).toContain(noKubeProxy)
    expect(htmlOf(filledResult())).toContain(noKubeProxy)
  })

  it('should be no subject where there are no Services', () => {
    const result = filledResult()
    for (const arm of result.arms) delete fillIn(arm)?.objects['services']
    expect(markdownOf(result)).not.toContain('data plane')
    expect(htmlOf(result)).not.toContain('data plane')
  })
})
