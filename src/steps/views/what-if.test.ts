import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Random } from '../../base/random.ts'
import { createRandom } from '../../base/random.ts'
import { whatIfViewOf } from '../../report/what-if.ts'
import { renderWhatIfHtml } from '../../report/what-if-html.ts'
import { renderWhatIf } from '../../report/what-if-text.ts'
import { filledResult } from '../../testing/filled-results.ts'
import { probesIn, resultSchema } from '../../testing/outcomes.ts'
import { viewFor } from '../../testing/reports.ts'
import { sampleResult } from '../../testing/results.ts'
import type { Tried } from '../../testing/what-if-results.ts'
import { whatIfResult } from '../../testing/what-if-results.ts'

const kubelet = 'kubelet/KubeClient'
const falling: Tried[] = [
  { value: 5, availableMs: [60_000, 60_100, 59_900], boundBy: kubelet, floorMs: 59_600 },
  { value: 10, availableMs: [30_000, 30_100, 29_900], boundBy: kubelet, floorMs: 29_800 },
  { value: 50, availableMs: [8100, 8150, 8060], boundBy: null, floorMs: 5960 },
  { value: 100, availableMs: [8000, 8070, 7900], boundBy: null, floorMs: 2980 },
]
const once = falling.map((one) => ({ ...one, availableMs: one.availableMs.slice(0, 1) }))

function whatIfFor(tried: Tried[], varied?: string) {
  const view = whatIfViewOf(viewFor(whatIfResult(tried, varied)))
  if (view === null) throw new Error('no view')
  return view
}

function available(tried: Tried[], varied?: string) {
  const rollout = whatIfFor(tried, varied).groups.find(({ name }) => name === 'rollout')
  const effect = rollout?.effects.find(({ label }) => label === 'available')
  if (effect === undefined) throw new Error('no effect')
  return effect
}

describe('what-if view', () => {
  it('should be there only for a run that varies a setting', () => {
    expect(whatIfViewOf(viewFor(sampleResult()))).toBeNull()
    expect(resultSchema.parse(whatIfResult(falling)).whatIf?.values).toHaveLength(4)
  })

  it('should count the fill among what the cluster takes to come up', () => {
    const values = ['untuned', 'tuned-split'].map((arm, index) => ({ value: index, arm }))
    const view = whatIfViewOf(viewFor(filledResult({ whatIf: { varied: 'x', basedOn: 'tuned', values } })))
    expect(view?.groups.map(({ name, effects }) => [name, effects.map(({ label }) => label)])).toEqual([
      ['cluster', ['nodes Ready', 'filled', 'pod startup, p99']],
      ['rollout', ['created', 'available', 'ready']],
      ['scale-down', ['ReplicaSet current', 'deleted']],
    ])
  })

  it('should say up to where a limit binds and from where on the value makes no difference', () => {
    const { bounds, change } = available(falling)
    expect(bounds).toBe('bound by the kubelet’s limit up to 10, no client limit from 50 on')
    expect(change).toBe('7.50× faster at 100 than at 5, within chance from 50 on')
  })

  it('should say on top which value is enough, and what it may cost the apiserver', () => {
    const { headline } = whatIfFor(falling)
    expect(headline).toEqual({
      claim: 'kubelet.kubeAPIQPS=50 is enough: no other value is shown to be faster by more than 5 %.',
      because: 'Rollout available: 60.0 s at 5, 8.10 s at 50. At that limit, 2 kubelets can send 100 requests/s.',
    })
    for (const text of [
      renderWhatIf(whatIfFor(falling), {}).replaceAll('\n', ' '),
      renderWhatIfHtml(whatIfFor(falling)),
    ])
      expect(text).toContain('kubelet.kubeAPIQPS=50 is enough')
    expect(whatIfFor(falling.slice(0, 2)).headline?.claim).toMatch(/^kubelet.kubeAPIQPS still helps at 10/)
    expect(whatIfFor(once).headline).toBeUndefined()
    const rising = falling.map((one, index) => ({ ...one, availableMs: falling[3 - index]?.availableMs ?? [] }))
    expect(whatIfFor(rising).headline).toEqual({
      claim: 'None of the other values tried for kubelet.kubeAPIQPS is faster than 5.',
      because: 'Rollout available: 60.0 s at 100, 8.00 s at 5.',
    })
  })

  it.each(['unsure', 'contradicts'] as const)('should not call unlimited what nobody can tell: %s', (doubt) => {
    const result = whatIfResult(falling)
    const doubted = result.arms.filter(({ name }) => name === 'arm-2' || name === 'arm-3')
    for (const arm of doubted)
      for (const explanation of probesIn(arm)[0]?.explanations ?? []) Object.assign(explanation, { [doubt]: true })
    const view = whatIfViewOf(viewFor(result))
    const effects = view?.groups.find(({ name }) => name === 'rollout')?.effects ?? []
    expect(effects.find(({ label }) => label === 'available')?.bounds).toBe(
      'bound by the kubelet’s limit up to 10, not known from 50 on',
    )
    expect(view && renderWhatIfHtml(view)).toContain('○ bound by none, or not known')
  })

  it('should mark the first value that does as well as the best', () => {
    expect(available(falling).cells.map(({ best }) => best)).toEqual([false, false, true, false])
  })

  const tried = (...figures: number[][]) =>
    figures.map((availableMs, index) => ({ value: 5 * 2 ** index, availableMs, boundBy: null }))

  it.each<[string, number[][], boolean]>([
    [
      'the same at every value',
      [
        [8000, 12_000, 8500],
        [8500, 8000, 12_000],
      ],
      true,
    ],
    [
      'within chance: 8.00 s to 12.0 s',
      [
        [8000, 8100, 12_000],
        [9000, 9100, 9900],
      ],
      true,
    ],
    [
      'within 5 %: 8.00 s to 8.30 s',
      [
        [8000, 8010, 8020],
        [8200, 8210, 8300],
      ],
      true,
    ],
    [
      '1.80× faster at 10 than at 5, still improving at 10',
      [
        [9000, 9100, 8900],
        [5000, 5010, 4900],
      ],
      false,
    ],
    [
      '1.80× slower at 10 than at 5, still getting worse at 10',
      [
        [5000, 5010, 4900],
        [9000, 9100, 8900],
      ],
      false,
    ],
    [
      '2.00× slower at 20 than at 5, within chance from 10 on',
      [
        [5000, 5010, 4900],
        [9500, 9400, 12_000],
        [10_000, 9900, 10_100],
      ],
      false,
    ],
    [
      '2.00× faster at 10 than at 5, still getting worse at 20',
      [
        [9000, 9010, 8900],
        [4500, 4510, 4600],
        [8900, 8910, 8800],
      ],
      false,
    ],
  ])('should say of two values or three: %s', (change, figures, isFlat) => {
    const effect = available(tried(...figures))
    expect(effect).toMatchObject({ isFlat, change })
    if (isFlat) expect(effect.cells.map(({ best }) => best)).toEqual(figures.map(() => false))
  })

  it('should never call values that overlap faster or slower', () => {
    const times = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(times, { minLength: 2, maxLength: 5 }), (figures) => {
        const { change } = available(tried(...figures))
        const overlaps = (one: number[], other: number[]) =>
          Math.min(...one) <= Math.max(...other) && Math.min(...other) <= Math.max(...one)
        const allOverlap = figures.every((one) => figures.every((other) => overlaps(one, other)))
        if (allOverlap) expect(change).not.toMatch(/faster|slower|improving|worse/)
      }),
    )
  })

  it.each<[string, (random: Random) => number]>([
    ['anything within a second', (random) => 1000 + random.integer(0, 1000)],
    ['one of three moments', (random) => [404, 433, 470][random.integer(0, 2)] ?? 0],
    ['nearly always the same', (random) => (random.integer(1, 6) === 1 ? 470 : 404)],
  ])('should take seven values for alike that differ by chance alone: %s (hostile 3)', (_, draw) => {
    const random = createRandom(1, 'figures')
    const trials = Array.from({ length: 200 }, () => {
      const figures = Array.from({ length: 7 }, () => Array.from({ length: 3 }, () => draw(random)))
      return available(tried(...figures)).change ?? ''
    })
    expect(trials.filter((change) => /faster|slower/.test(change)).length).toBeLessThanOrEqual(4)
  })

  it('should claim nothing of values that ran once: what is chance is not known (hostile 3)', () => {
    const effect = available(once)
    expect(whatIfFor(once).runs).toBe(1)
    expect(effect.change).toBe('8.00 s to 60.0 s')
    expect(effect.cells.map(({ best }) => best)).toEqual([false, false, false, false])
  })

  it('should put values into quotes whose end would not be seen otherwise', () => {
    const labels = (values: string[]) =>
      whatIfFor(values.map((value) => ({ value, availableMs: [1], boundBy: null }))).values.map(({ label }) => label)
    expect(labels(['8Gi #x', '/pods,/events', '', 'ipvs'])).toEqual(['"8Gi #x"', '"/pods,/events"', '(empty)', 'ipvs'])
  })

  it('should say nothing of a change when a value did not get there', () => {
    const effect = available([...falling.slice(0, 3), { value: 100, availableMs: [null], boundBy: null }])
    expect(effect.change).toBeNull()
    expect(effect.cells.map(({ best }) => best)).toEqual([false, false, true, false])
  })

  it('should speak of names one by one: they have no order', () => {
    const named = available(
      [
        { value: 'a', availableMs: [8000, 8100], boundBy: kubelet },
        { value: 'b', availableMs: [4000, 4100], boundBy: null },
        { value: 'c', availableMs: [2000, 2050], boundBy: null },
      ],
      'etcd.splitByResource',
    )
    expect(named.bounds).toBe('bound by the kubelet’s limit at a, no client limit at b, c')
    expect(named.change).toBe('3.98× faster at c than at a')
  })

  it('should have the floor of every limit that takes time, where it takes any', () => {
    const burst = whatIfFor([...falling, { value: 200, availableMs: [8000], boundBy: null, floorMs: 0 }])
    expect(burst.groups.find(({ name }) => name === 'rollout')?.floors[0]?.ms.at(-1)).toBeNull()
    const rollout = whatIfFor(falling).groups.find(({ name }) => name === 'rollout')
    expect(rollout?.floors).toEqual([{ limiter: kubelet, ms: [59_600, 29_800, 5960, 2980] }])
  })

  it('should keep a row for a value that never ran', () => {
    const result = whatIfResult(once)
    result.arms.pop()
    const view = whatIfViewOf(viewFor(result))
    expect(view?.values).toHaveLength(4)
    expect(view?.groups.every(({ effects }) => effects.every(({ cells }) => cells.at(-1)?.sample === null))).toBe(true)
  })

  it('should set no figure of a machine at its limit against others', () => {
    const result = whatIfResult(falling)
    for (const arm of result.arms.slice(6)) for (const probe of probesIn(arm)) probe.machineBusy = 0.99
    const rollout = whatIfViewOf(viewFor(result))?.groups.find(({ name }) => name === 'rollout')
    const effect = rollout?.effects.find(({ label }) => label === 'available')
    expect(effect?.bounds).toBe('bound by the kubelet’s limit up to 10, the machine from 50 on')
    expect(effect?.cells.map(({ best }) => best)).toEqual([false, true, false, false])
    expect(effect?.change).toBeNull()
  })
})

describe('what-if on the terminal', () => {
  const rendered = (tried: Tried[], varied?: string) =>
    renderWhatIf(whatIfFor(tried, varied), { reportPath: 'reports/x/what-if.html' })

  it('should have a row per value, the best one marked, and what bounds it', () => {
    const text = rendered(falling)
    expect(text).toMatch(/kubeAPIQPS\s+Ready\s+created\s+available\s+ready/)
    expect(text).toMatch(/^ +5 .*60\.0 s {2}/m)
    expect(text).toMatch(/^ +50 .* 8\.10 s\*/m)
    expect(text).toMatch(/^rollout available +bound by the kubelet’s limit up to 10, no client/m)
    expect(text).toContain('(simulated)')
    expect(text).toContain('report: reports/x/what-if.html')
  })

  it('should tell times together of which the same is true', () => {
    const result = whatIfResult(falling)
    for (const arm of result.arms) for (const probe of probesIn(arm).slice(1)) probe.explanations = []
    const view = whatIfViewOf(viewFor(result))
    const text = view && renderWhatIf(view, { reportPath: '' })
    expect(text).toMatch(/^scale-down, all times +the same at every value$/m)
    expect(text).not.toContain('scale-down deleted')
  })

  it('should keep within 80 columns, whatever the values are', () => {
    const long = ['/pods,coordination.k8s.io/leases,/events', ''].map((value) => ({
      value,
      availableMs: [1, 2],
      boundBy: kubelet,
    }))
    for (const text of [rendered(falling), rendered(long, 'etcd.splitByResource')])
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})

describe('what-if page', () => {
  const rendered = (tried: Tried[]) => renderWhatIfHtml(whatIfFor(tried))

  it('should need neither network nor script, and be the same every time', () => {
    const page = rendered(falling)
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:\/\//i)
    expect(page).toBe(rendered(falling))
  })

  it('should say simulated in title, heading, charts and table', () => {
    const page = rendered(falling)
    expect(page).toContain('<title>what if: kubelet.kubeAPIQPS, what-if (simulated)</title>')
    expect(page).toContain('<h1>What if: kubelet.kubeAPIQPS <span class="tag simulated">simulated</span></h1>')
    expect(page).toContain('rollout 1 → 200 (simulated)')
    expect(page).toContain('median over the repetitions, simulated')
    expect(page).not.toMatch(/>measured<|\(measured\)|, measured/)
  })

  it('should chart what changes, and say of what it does not chart', () => {
    const page = rendered(falling)
    expect(page.match(/<figure>/g)).toHaveLength(1)
    expect(page).toMatch(/Not charted because nothing changes: the cluster, scale-down 200 → 1/)
  })

  it('should say that nothing changes when nothing does', () => {
    const page = rendered([5, 10].map((value) => ({ value, availableMs: [8000], boundBy: null })))
    expect(page).toContain('It makes no difference to any time beyond chance')
    expect(page.match(/<figure>/g)).toHaveLength(3)
  })

  it('should draw times that cover each other as one line', () => {
    const both = falling.map((one) => ({ ...one, availableMs: [8620 * (100 / Number(one.value))] }))
    const result = whatIfResult(both)
    for (const arm of result.arms) {
      const [rollout] = probesIn(arm)
      if (rollout === undefined) continue
      rollout.stopsMs.ready = rollout.stopsMs.available ?? null
      rollout.explanations.push({ stop: 'ready', boundBy: rollout.explanations[1]?.boundBy ?? null, text: '' })
    }
    const view = whatIfViewOf(viewFor(result))
    expect(view && renderWhatIfHtml(view)).toContain('>available, ready</text>')
  })

  it('should escape what it is given', () => {
    const hostile = '<img src=x>'
    const result = whatIfResult(
      [
        { value: hostile, availableMs: [1], boundBy: hostile },
        { value: 'b', availableMs: [9000], boundBy: hostile },
      ],
      hostile,
    )
    const view = whatIfViewOf(viewFor(result))
    expect(view && renderWhatIfHtml(view)).not.toContain('<img')
  })
})
