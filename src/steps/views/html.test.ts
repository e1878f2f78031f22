import { describe, expect, it } from 'vitest'
import type { Result } from '../../result/result.ts'
import { filledResult } from '../../testing/filled-results.ts'
import { fillIn, probesIn } from '../../testing/outcomes.ts'
import { htmlOf } from '../../testing/reports.ts'
import { sampleResult } from '../../testing/results.ts'

const hostile = `<img src=x onerror="alert('1')">&`

describe('html report', () => {
  it('should show the figures of a stop beside those of the document', () => {
    const text = rowText(htmlOf(sampleResult()), 'available the document’s stop')
    expect(text).toBe(
      'available the document’s stop kubectl rollout status returns 79.4 s 79.0–79.7 s, n = 2 8.46 s 7.61–9.32 s, n = 2 9.43× faster 2.48 to 35.8 document 3.15× faster 78.1 s this run +1.6 % 24.8 s this run −66 %, note 1',
    )
  })

  it('should link every note and have it on the page', () => {
    const page = htmlOf(sampleResult())
    expect(page).toContain('<a href="#note-2">note 2</a>')
    expect(page).toContain('<li id="note-2">Not reproduced: the document’s 32 s')
  })

  it('should say not reached where a stop was not reached', () => {
    const result = sampleResult()
    for (const arm of result.arms)
      if (arm.name === 'tuned') Object.assign(probesIn(arm)[1]?.stopsMs ?? {}, { deleted: null })
    expect(rowText(htmlOf(result), 'deleted every removed pod')).toBe(
      'deleted every removed pod is gone from the API 122.6 s 122.6 s, n = 2 not reached reached in 0 of 2 runs — — —',
    )
    expect(rowText(htmlOf(result), 'deleted tuned #1')).toMatch(/^deleted tuned #1 not reached/)
  })

  it('should need neither network nor script', () => {
    const page = htmlOf(sampleResult())
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:\/\//i)
    expect(page).toMatch(
      /content="default-src 'none'; style-src 'sha256-[\w+/]+='; base-uri 'none'; form-action 'none'"/,
    )
    expect(page).not.toMatch(/ style=/)
  })

  it('should say simulated in title, verdict, tables and charts when nothing was measured', () => {
    const page = htmlOf(sampleResult({ evidence: 'simulated', target: 'sim' }))
    expect(page).toContain('<title>kubelet-200: pass (simulated) – tuned rolls out 200 pods')
    expect(page).toContain('Verdict: pass (simulated)')
    expect(page).toContain('median over the repetitions, simulated')
    expect(page).toContain('Pods Ready, rollout 1 → 200 (simulated)')
    expect(page).not.toMatch(/>measured<|\(measured\)|, measured/)
  })

  it('should say at the top that a run was interrupted', () => {
    const result = sampleResult({ partial: true })
    Object.assign(result.arms[3] ?? {}, { outcome: 'interrupted', probes: [] })
    const page = htmlOf(result)
    expect(page.indexOf('partial: interrupted')).toBeGreaterThan(0)
    expect(page.indexOf('partial: interrupted')).toBeLessThan(page.indexOf('Verdict:'))
  })

  it('should escape every text of the result', () => {
    const page = htmlOf(poisoned(sampleResult()))
    expect(page).not.toContain('<img')
    expect(page).not.toContain('onerror="')
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;')
  })

  it('should never call a knob applied that was not read back', () => {
    const result = sampleResult()
    for (const arm of result.arms) {
      for (const knob of arm.knobs) Object.assign(knob, { effective: null, readFrom: null, status: 'unverified' })
    }
    const page = htmlOf(result)
    expect(page).not.toContain('class="applied"')
    expect(rowText(page, 'kubeAPIQPS kubelet')).toBe(
      'kubeAPIQPS kubelet — requested 5, unverified — requested 50, unverified —',
    )
  })

  it('should fold away the knobs that were not applied, with the reason', () => {
    const folded = /<details><summary>Not applied, and why.*?<\/details>/s.exec(htmlOf(sampleResult()))?.[0] ?? ''
    expect(folded).toContain('hollow nodes run no kube-proxy')
    expect(folded).not.toContain('kubeAPIQPS')
  })

  it('should say plainly that the machine was the limit', () => {
    const result = sampleResult()
    Object.assign(probesIn(result.arms[1])[0] ?? {}, { machineBusy: 0.97 })
    const page = htmlOf(result)
    expect(page).toContain('Machine-bound: this machine was the limit, so these times are upper bounds')
    expect(rowText(page, 'tuned #1 97 %')).toContain('97 % machine-bound')
  })

  it('should set the floor of a limiter against the stop it accounts for', () => {
    expect(rowText(htmlOf(sampleResult()), 'kubelet KubeClient untuned #1 5 10 402')).toBe(
      'kubelet KubeClient untuned #1 5 10 402 GET 201, PATCH 201 402 262 m 38 s 78.4 s 98 % of 79.7 s available 99 % of 79.5 s ready',
    )
  })

  it('should tell no limit from one that was not read, and leave open whose waits are not known', () => {
    const result = sampleResult()
    for (const arm of result.arms)
      for (const limiter of probesIn(arm)[0]?.limiters ?? []) {
        const changes = { qps: null, burst: null, floorMs: null, waitedMs: null }
        if (limiter.client === 'KubeClient') Object.assign(limiter, changes, { limit: 'none' })
        if (limiter.client === 'controllers') Object.assign(limiter, changes, { limit: 'unknown' })
      }
    const page = htmlOf(result)
    expect(rowText(page, 'kubelet KubeClient')).toMatch(/ no limit no limit 402 .* 402 — — /)
    expect(rowText(page, 'kube-controller-manager controllers')).toMatch(/ not read not read 405 .* 199 — — /)
  })

  it('should not count requests of an apiserver that was not read as none', () => {
    const result = sampleResult()
    for (const arm of result.arms) if (arm.name === 'tuned') Object.assign(probesIn(arm)[0] ?? {}, { apiRequests: {} })
    expect(rowText(htmlOf(result), 'POST pods')).toBe('POST pods 199 —')
  })

  it('should stay one small file, the same for the same result', () => {
    const page = htmlOf(sampleResult())
    expect(Buffer.byteLength(page)).toBeLessThan(300_000)
    expect(htmlOf(sampleResult())).toBe(page)
  })

  it('should be a page even when no arm ever started', () => {
    const page = htmlOf(
      sampleResult({
        arms: [],
        thresholds: [],
        reference: null,
        machine: null,
        partial: true,
        verdict: 'inconclusive',
      }),
    )
    expect(page).toContain('Verdict: inconclusive (measured)')
    expect(page).toContain('No step with figures ran.')
  })
})

describe('html report of a filled cluster', () => {
  it('should show what the fill took side by side', () => {
    const page = htmlOf(filledResult())
    expect(rowText(page, 'filled')).toBe(
      'filled every object is created, every pod is Ready 4 m 22 s 98.7 s 2.66× faster',
    )
    expect(rowText(page, 'Filling the cluster')).toContain('no row')
    expect(rowText(page, 'scheduling, peak')).toBe('scheduling, peak over the best ten seconds 23.1/s 96.4/s —')
    expect(rowText(page, 'ballast untuned #1')).toBe(
      'ballast untuned #1 380 4.00 s 95.0/s 200/s 21 ms 148 ms 201 ms 41 ms',
    )
    expect(rowText(page, 'created to Ready untuned #1')).toBe(
      'created to Ready untuned #1 740 ms 1.61 s 2.48 s 4.12 s 5,000 0',
    )
    expect(rowText(page, 'etcd-pods')).toBe(
      'etcd-pods tuned-split #1 1.0 MiB 36.0 MiB 32.8 MiB 1.3 ms 10 ms 0.56 ms 5.2 ms',
    )
  })

  it('should mark the fill of a machine at its limit and say only what it is at least', () => {
    const result = filledResult()
    Object.assign(fillIn(result.arms[1]) ?? {}, { machineBusy: 0.97 })
    expect(rowText(htmlOf(result), 'filled')).toMatch(/98\.7 s machine-bound ≥ 2\.66× faster$/)
    expect(rowText(htmlOf(result), 'tuned-split #1 97 %')).toContain('97 % machine-bound 61 ms 2 0 0')
  })

  it('should fold the counts away only when everything is there', () => {
    expect(foldedAs(htmlOf(filledResult()), 'Nothing is missing: 5,000 pods Ready and 2,205 other')).toContain(
      'serviceaccounts',
    )
    const result = filledResult()
    Object.assign(fillIn(result.arms[1])?.objects['secrets'] ?? {}, { observed: 247, failed: 3 })
    const page = htmlOf(result)
    expect(page).not.toContain('Nothing is missing')
    expect(rowText(page, 'secrets 250')).toBe('secrets 250 250 247 3 failed')
    expect(page).toContain('<b class="bad">247</b>')
  })

  it('should show the slowest requests and fold the others away', () => {
    const page = htmlOf(filledResult())
    expect(rowText(page, 'POST pods/binding')).toBe('POST pods/binding 3.3 ms 47 ms 5,000 5.3 ms 75 ms 5,000')
    const folded = foldedAs(page, '16 faster kinds of request')
    expect(folded).toContain('GET leases')
    expect(folded).not.toContain('LIST pods')
    expect(page.indexOf('LIST pods')).toBeLessThan(page.indexOf('POST pods/binding'))
  })

  it('should put a request first whose latency lies beyond every bucket', () => {
    const result = filledResult()
    for (const arm of result.arms)
      for (const { verb, latencyMs } of fillIn(arm)?.apiLatency ?? [])
        if (verb === 'PUT') Object.assign(latencyMs, { p99: null })
    const page = htmlOf(result)
    expect(page.indexOf('PUT leases')).toBeLessThan(page.indexOf('LIST pods'))
    expect(rowText(page, 'PUT leases')).toBe('PUT leases 1.5 ms — 26,400 2.4 ms — 9,900')
  })

  it('should mark the steps in which the machine was the limit, in table and chart', () => {
    const page = htmlOf(filledResult())
    expect(rowText(page, 'Fleet of 1000 hollow nodes 99.3 s')).toBe(
      'Fleet of 1000 hollow nodes 99.3 s 99 % machine-bound 8.7 6.7 GiB 16 % hollow-node 1.05, kube-apiserver 0.58, etcd 0.18, kube-controller-manager 0.06',
    )
    expect(rowText(page, 'Fleet of 1000 hollow nodes 61.8 s')).not.toContain('machine-bound')
    expect(page).toContain('untuned #1 (measured): machine-bound: Fleet of 1000 hollow nodes')
    expect(page).toContain('>fleet, machine-bound</text>')
    expect(page).toContain('when more than 90 % of the processor time was in use')
  })

  it('should fold the machine of further repetitions away', () => {
    const result = filledResult()
    const [untuned] = result.arms
    if (untuned !== undefined) result.arms.push({ ...untuned, repetition: 2, order: 3 })
    expect(foldedAs(htmlOf(result), 'untuned #2')).toContain('Processor cores in use, untuned #2')
  })

  it('should say what took time that is in no figure', () => {
    const result = filledResult()
    Object.assign(fillIn(result.arms[1]) ?? {}, { countedMs: 12_000 })
    expect(htmlOf(result)).toContain(
      'Not included in these times: tuned-split #1: 12.0 s counting objects after the fill.',
    )
  })

  it('should say what an arm is based on, how its nodes did and what the orchestrator took', () => {
    const page = htmlOf(filledResult())
    expect(rowText(page, 'untuned #1 complete')).toBe(
      'untuned #1 complete 1,000 1 21 2.14 s 99.3 s 9 of 7 nodes nothing',
    )
    expect(rowText(page, 'tuned-split #1 based on tuned complete')).toContain('61.8 s 0 nothing')
    expect(page).toContain('297.0 MiB of memory at its peak')
  })

  it('should say simulated in every title and caption when nothing was measured', () => {
    const page = htmlOf(filledResult({ evidence: 'simulated', target: 'sim' }))
    expect(page).not.toMatch(/>measured<|\(measured\)|, measured/)
    const section = page.slice(page.indexOf('<h2>Filling the cluster'), page.indexOf('<h2>Settings</h2>'))
    const titles = [...section.matchAll(/<(?:caption><span|figcaption><h3)>(.*?)<\//g)].map(([, title = '']) => title)
    expect(titles.length).toBeGreaterThan(12)
    expect(titles.filter((title) => !title.includes('simulated'))).toEqual([])
  })

  it('should escape every text of the result', () => {
    const page = htmlOf(poisoned(filledResult()))
    expect(page).not.toContain('<img')
    expect(page).not.toContain('onerror="')
  })

  it('should say nothing of what was not measured', () => {
    const page = htmlOf(sampleResult({ orchestrator: null }))
    expect(page).not.toMatch(/Filling the cluster|<h2>The machine|node flaps|orchestrator<|based on/)
  })

  it('should stay one file that a browser takes at once', () => {
    expect(Buffer.byteLength(htmlOf(filledResult()))).toBeLessThan(500_000)
  })

  it('should show the conditions of a fill after which no probe ran', () => {
    const result = filledResult()
    for (const arm of result.arms) arm.steps = arm.steps.filter(({ kind }) => kind === 'fill')
    expect(rowText(htmlOf(result), 'untuned #1 52 %')).toBe('untuned #1 52 % 23 ms 0 0 0')
  })
})

/** What is folded away behind a line that starts with the given words. */
function foldedAs(page: string, start: string): string {
  const folds = page.split('<details>').map((part) => part.split('</details>')[0] ?? '')
  const textOf = (part: string): string => part.replace(/<[^>]*>/g, '')
  return folds.find((part) => textOf(part.split('</summary>')[0] ?? '').startsWith(start)) ?? ''
}

/** The text of the first table row that starts with the given words. */
function rowText(page: string, start: string): string {
  const rows = page
    .split('<tr')
    .slice(1)
    .map((row) => `<tr${row}`.split('</tr>')[0] ?? '')
  const texts = rows.map((row) =>
    row
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .replaceAll(' ,', ',')
      .trim(),
  )
  return texts.find((text) => text.startsWith(start)) ?? `no row starts with ${start}`
}

/** The result with something hostile in every text that is not one of a fixed set of words. */
function poisoned(result: Result): Result {
  const fixed = new Set([
    'evidence',
    'verdict',
    'outcome',
    'status',
    'unit',
    'stop',
    'probe',
    'arm',
    'name',
    'kind',
    'source',
  ])
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return fixed.has(key) ? value : `${value}${hostile}`
    if (Array.isArray(value)) return value.map((item) => visit(item, key))
    if (value === null || typeof value !== 'object') return value
    const named = ['objects', 'podPhasesMs', 'cores'].includes(key) ? hostile : ''
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [`${name}${named}`, visit(inner, name)]))
  }
  const poisonedResult = visit(result, '') as Result
  return {
    ...poisonedResult,
    arms: poisonedResult.arms.map((arm) => ({
      ...arm,
      name: `${arm.name}${hostile}`,
      objects: { [hostile]: 1 },
      error: hostile,
      residue: [hostile],
      steps: arm.steps.map((step) => ({
        ...step,
        outcome: Object.assign(step.outcome ?? {}, step.kind === 'probe' && { apiRequests: { [hostile]: 1 } }),
      })),
    })),
  }
}
