import { describe, expect, it } from 'vitest'
import type { EffectChart } from './effect-chart.ts'
import { renderEffectChart } from './effect-chart.ts'

const point = (ms: number, filled = true) => ({ ms, minMs: ms, maxMs: ms, filled })

function chart(changes: Partial<EffectChart> = {}): EffectChart {
  return {
    width: 1000,
    height: 380,
    xName: 'kubelet.kubeAPIQPS',
    values: [5, 10, 20].map((magnitude) => ({ label: String(magnitude), magnitude })),
    lines: [
      { shape: 0, color: 'var(--p0)', label: 'available', points: [point(60_000), point(30_000), point(15_000)] },
    ],
    floors: [],
    ...changes,
  }
}

/** Everything that is written in the drawing. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/>([^<>]+)<\/text>/g)].map(([, text = '']) => text)
}

/** Where the points of a line are, from the left and from the top. */
function placesOf(svg: string, color: string): number[][] {
  const path = new RegExp(`<path d="([^"]*)"[^>]*stroke="${color.replace(/[()]/g, '\\$&')}"`).exec(svg)?.[1] ?? ''
  return [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])
}

describe('effect chart', () => {
  it('should be the same text however many charts were drawn before, and bring nothing along that clashes', () => {
    expect(renderEffectChart(chart())).toBe(renderEffectChart(chart()))
    expect(renderEffectChart(chart())).not.toMatch(/ id=| class=|<style|<script|url\(/)
  })

  it('should have its values as ticks, apart by what they are', () => {
    const svg = renderEffectChart(chart())
    expect(texts(svg)).toEqual(expect.arrayContaining(['5', '10', '20', 'available', 'kubelet.kubeAPIQPS', 'seconds']))
    const [[first = 0] = [], [second = 0] = [], [third = 0] = []] = placesOf(svg, 'var(--p0)')
    expect((third - second) / (second - first)).toBeCloseTo(2, 1)
  })

  it('should be logarithmic on an axis that spans more than a factor of 20', () => {
    const values = [1, 10, 100].map((magnitude) => ({ label: String(magnitude), magnitude }))
    const lines = [
      { shape: 0, color: 'var(--p0)', label: 'available', points: [point(100_000), point(10_000), point(1000)] },
    ]
    const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = placesOf(
      renderEffectChart(chart({ values, lines })),
      'var(--p0)',
    )
    expect(x2 - x1).toBeCloseTo(x1 - x0, 0)
    expect(y2 - y1).toBeCloseTo(y1 - y0, 0)
  })

  it('should give names places side by side, and draw no line between them', () => {
    const values = ['ipvs', 'iptables', 'nftables'].map((label) => ({ label, magnitude: undefined }))
    const svg = renderEffectChart(chart({ values }))
    expect(texts(svg)).toEqual(expect.arrayContaining(['ipvs', 'iptables', 'nftables']))
    expect(svg).not.toContain('stroke-width="1.8"')
    expect(renderEffectChart(chart())).toContain('stroke-width="1.8"')
  })

  it('should leave a gap where a time was not reached', () => {
    const points = [point(60_000), null, point(15_000), point(10_000)]
    const values = [5, 10, 20, 30].map((magnitude) => ({ label: String(magnitude), magnitude }))
    const svg = renderEffectChart(
      chart({ values, lines: [{ shape: 0, color: 'var(--p0)', label: 'available', points }] }),
    )
    expect(placesOf(svg, 'var(--p0)').length).toBeLessThan(4)
    expect(svg).not.toContain('NaN')
  })

  it('should draw when no time was reached at all', () => {
    const svg = renderEffectChart(
      chart({ lines: [{ shape: 0, color: 'var(--p0)', label: 'available', points: [null, null, null] }] }),
    )
    expect(texts(svg)).not.toContain('available')
    expect(svg).not.toMatch(/NaN|Infinity/)
  })

  it.each([100, 100_000])('should keep labels apart, and inside, where lines end close together at %d ms', (endMs) => {
    const names = ['a', 'b', 'c']
    const points = [point(60_000), null, point(endMs)]
    const svg = renderEffectChart(
      chart({ lines: names.map((label) => ({ shape: 0, color: 'var(--p0)', label, points })) }),
    )
    const [top = 0, middle = 0, bottom = 0] = names
      .map((name) => Number(new RegExp(`translate\\([\\d.]+ ([\\d.]+)\\)"[^>]*>${name}<`).exec(svg)?.[1]))
      .toSorted((left, right) => left - right)
    expect(middle - top).toBeGreaterThanOrEqual(15)
    expect(bottom - middle).toBeGreaterThanOrEqual(15)
    expect(top).toBeGreaterThanOrEqual(30)
    expect(bottom).toBeLessThanOrEqual(340)
  })

  it('should draw a bar from the least to the most of the repetitions', () => {
    const spread = { ms: 30_000, minMs: 20_000, maxMs: 40_000, filled: true }
    const without = renderEffectChart(chart())
    const withBar = renderEffectChart(
      chart({
        lines: [{ shape: 0, color: 'var(--p0)', label: 'available', points: [point(60_000), spread, point(15_000)] }],
      }),
    )
    expect(withBar.match(/<path/g)?.length).toBeGreaterThan(without.match(/<path/g)?.length ?? 0)
  })
})
