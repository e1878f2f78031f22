import { describe, expect, it } from 'vitest'
import { resultSchema } from '../result/result.ts'
import { sampleResult } from './sample-result.ts'
import type { Tried } from './sample-what-if.ts'
import { whatIfResult } from './sample-what-if.ts'
import { whatIfViewOf } from './what-if.ts'
import { renderWhatIfHtml } from './what-if-html.ts'
import { renderWhatIf } from './what-if-text.ts'

const kubelet = 'kubelet/KubeClient'
const falling: Tried[] = [
  { value: 5, availableMs: [60_000], boundBy: kubelet, floorMs: 59_600 },
  { value: 10, availableMs: [30_000], boundBy: kubelet, floorMs: 29_800 },
  { value: 50, availableMs: [8100], boundBy: null, floorMs: 5960 },
  { value: 100, availableMs: [8000], boundBy: null, floorMs: 2980 },
]

function viewFor(tried: Tried[], varied?: string) {
  const view = whatIfViewOf(whatIfResult(tried, varied))
  if (view === null) throw new Error('no view')
  return view
}

function available(tried: Tried[], varied?: string) {
  const rollout = viewFor(tried, varied).groups.find(({ name }) => name === 'rollout')
  const effect = rollout?.effects.find(({ label }) => label === 'available')
  if (effect === undefined) throw new Error('no effect')
  return effect
}

describe('what-if view', () => {
  it('should be there only for a run that varies a setting', () => {
    expect(whatIfViewOf(sampleResult())).toBeNull()
    expect(resultSchema.parse(whatIfResult(falling)).whatIf?.values).toHaveLength(4)
  })

  it('should say up to where a limit binds and from where on the value makes no difference', () => {
    const { bounds, change } = available(falling)
    expect(bounds).toBe('the kubelet’s limit up to 10, no client limit from 50 on')
    expect(change).toBe('the same from 50 on')
  })

  it('should mark the first value that does as well as the best', () => {
    expect(available(falling).cells.map(({ best }) => best)).toEqual([false, false, true, false])
  })

  it('should mark none when all are the same', () => {
    const flat = available([5, 10].map((value) => ({ value, availableMs: [8000 + value], boundBy: null })))
    expect(flat.cells.map(({ best }) => best)).toEqual([false, false])
    expect(flat).toMatchObject({ isFlat: true, change: 'the same at every value' })
  })

  it('should not take values for different that differ less than their repetitions', () => {
    const noisy = [5, 10].map((value) => ({ value, availableMs: [8000, 8000 + 100 * value, 10_000], boundBy: null }))
    expect(available(noisy)).toMatchObject({ isFlat: true })
    const apart = noisy.map(({ value, ...one }) => ({ ...one, value, availableMs: [8000 * value, 8100 * value] }))
    expect(available(apart)).toMatchObject({ isFlat: false, change: 'changes up to the last value' })
  })

  it('should say nothing of a change when a value did not get there', () => {
    const effect = available([...falling.slice(0, 3), { value: 100, availableMs: [null], boundBy: null }])
    expect(effect.change).toBeNull()
    expect(effect.cells.map(({ best }) => best)).toEqual([false, false, true, false])
  })

  it('should speak of names one by one: they have no order', () => {
    const named = available(
      [
        { value: 'a', availableMs: [8000], boundBy: kubelet },
        { value: 'b', availableMs: [4000], boundBy: null },
        { value: 'c', availableMs: [2000], boundBy: null },
      ],
      'etcd.splitByResource',
    )
    expect(named.bounds).toBe('the kubelet’s limit at a, no client limit at b, c')
    expect(named.change).toBeNull()
  })

  it('should have the floor of every limit that takes time, where it takes any', () => {
    const burst = viewFor([...falling, { value: 200, availableMs: [8000], boundBy: null, floorMs: 0 }])
    expect(burst.groups.find(({ name }) => name === 'rollout')?.floors[0]?.ms.at(-1)).toBeNull()
    const rollout = viewFor(falling).groups.find(({ name }) => name === 'rollout')
    expect(rollout?.floors).toEqual([{ limiter: kubelet, ms: [59_600, 29_800, 5960, 2980] }])
  })

  it('should keep a row for a value that never ran', () => {
    const result = whatIfResult(falling)
    result.arms.pop()
    const view = whatIfViewOf(result)
    expect(view?.values).toHaveLength(4)
    expect(view?.groups.every(({ effects }) => effects.every(({ cells }) => cells.at(-1)?.sample === null))).toBe(true)
  })

  it('should set no figure of a machine at its limit against others', () => {
    const result = whatIfResult(falling)
    for (const { probes } of result.arms.slice(2)) for (const probe of probes) probe.machineBusy = 0.99
    const rollout = whatIfViewOf(result)?.groups.find(({ name }) => name === 'rollout')
    const effect = rollout?.effects.find(({ label }) => label === 'available')
    expect(effect?.bounds).toBe('the kubelet’s limit up to 10, the machine from 50 on')
    expect(effect?.cells.map(({ best }) => best)).toEqual([false, true, false, false])
    expect(effect?.change).toBeNull()
  })
})

describe('what-if on the terminal', () => {
  const rendered = (tried: Tried[], varied?: string) => {
    const result = whatIfResult(tried, varied)
    return renderWhatIf(result, viewFor(tried, varied), { reportPath: 'reports/x/what-if.html' })
  }

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
    for (const { probes } of result.arms) for (const probe of probes.slice(1)) probe.explanations = []
    const view = whatIfViewOf(result)
    const text = view && renderWhatIf(result, view, { reportPath: '' })
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
  const rendered = (tried: Tried[]) => renderWhatIfHtml(whatIfResult(tried), viewFor(tried))

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
    expect(page.match(/<svg/g)).toHaveLength(1)
    expect(page).toMatch(/changes nothing there: the cluster, scale-down 200 → 1/)
  })

  it('should say that nothing changes when nothing does', () => {
    const page = rendered([5, 10].map((value) => ({ value, availableMs: [8000], boundBy: null })))
    expect(page).toContain('It changes none of the times')
    expect(page.match(/<svg/g)).toHaveLength(3)
  })

  it('should draw times that cover each other as one line', () => {
    const both = falling.map((one) => ({ ...one, availableMs: [8620 * (100 / Number(one.value))] }))
    const result = whatIfResult(both)
    for (const { probes } of result.arms) {
      const [rollout] = probes
      if (rollout === undefined) continue
      rollout.stopsMs.ready = rollout.stopsMs.available ?? null
      rollout.explanations.push({ stop: 'ready', boundBy: rollout.explanations[1]?.boundBy ?? null, text: '' })
    }
    const view = whatIfViewOf(result)
    expect(view && renderWhatIfHtml(result, view)).toContain('>available, ready</text>')
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
    const view = whatIfViewOf(result)
    expect(view && renderWhatIfHtml(result, view)).not.toContain('<img')
  })
})
