import { describe, expect, it } from 'vitest'
import type { Chart } from './chart.ts'
import { renderChart } from './chart.ts'

const chart: Chart = {
  width: 600,
  height: 300,
  xName: 'seconds since the scale request',
  yName: 'pods',
  lines: [
    {
      color: 'var(--p0)',
      curve: [
        [0, 1],
        [40_000, 100],
        [79_540, 200],
      ],
    },
  ],
  marks: [],
}

describe('chart', () => {
  it('should be the same text however many charts were drawn before', () => {
    expect(renderChart(chart)).toBe(renderChart(chart))
  })

  it('should bring nothing along that could clash within a page', () => {
    expect(renderChart(chart)).not.toMatch(/ id=| class=|<style|<script|url\(/)
  })

  it('should hold a count until the next event', () => {
    const line = /<path d="([^"]*)"[^>]*stroke="var\(--p0\)"/.exec(renderChart(chart))?.[1] ?? ''
    const points = [...line.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])
    expect(points).toHaveLength(5)
    for (const [index, [x, y]] of points.entries()) {
      const [nextX, nextY] = points[index + 1] ?? [x, y]
      expect(x === nextX || y === nextY).toBe(true)
    }
  })

  it('should make room for a mark that is later than every line', () => {
    const marks = [{ color: 'red', atMs: 390_000, label: 'document, {a} <b>' }]
    expect(renderChart({ ...chart, marks })).toMatch(/>400<\/text>/)
    expect(renderChart({ ...chart, marks })).toContain('document, {a} &lt;b&gt;')
    expect(renderChart(chart)).not.toMatch(/>400<\/text>/)
  })
})
