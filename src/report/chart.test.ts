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
}

const machineChart: Chart = {
  ...chart,
  yName: 'cores',
  yTop: 2,
  lines: [{ color: 'var(--c0)', form: 'area', curve: chart.lines[0]?.curve.map(([ms]) => [ms, 2.2]) ?? [] }],
  level: { color: 'red', value: 1.8, label: '90 % busy' },
  spans: [
    { color: 'red', fromMs: 0, toMs: 30_000, labels: ['fleet, machine-bound', 'fleet'] },
    { color: 'grey', fromMs: 30_000, toMs: 45_000, labels: ['fill, machine-bound', 'fill'] },
    { color: 'grey', fromMs: 45_000, toMs: 45_100, labels: ['knobs'] },
  ],
}

describe('chart', () => {
  it('should be the same text however many charts were drawn before', () => {
    expect(renderChart(chart)).toBe(renderChart(chart))
  })

  it('should bring nothing along that could clash within a page', () => {
    for (const one of [chart, machineChart]) expect(renderChart(one)).not.toMatch(/ id=| class=|<style|<script|url\(/)
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

  it('should join samples by straight lines when they are no counts', () => {
    const [line] = chart.lines
    const slopes = renderChart({ ...chart, lines: [{ color: 'var(--p0)', curve: line?.curve ?? [], form: 'slopes' }] })
    const points = /<path d="([^"]*)"[^>]*stroke="var\(--p0\)"/.exec(slopes)?.[1]?.match(/[ML]/g)
    expect(points).toHaveLength(3)
  })

  it('should number its axis in the unit that is asked for', () => {
    const [line] = chart.lines
    const curve = (line?.curve ?? []).map(([ms, value]): [number, number] => [ms, value * 2 ** 20])
    expect(renderChart({ ...chart, lines: [{ color: 'var(--p0)', curve }], yUnit: 2 ** 20 })).toBe(renderChart(chart))
  })

  it('should end its axis where it is told and draw nothing above', () => {
    const area = /<path d="([^"]*)"[^>]*fill="var\(--c0\)"/.exec(renderChart(machineChart))?.[1] ?? ''
    const heights = [...area.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y))
    expect(Math.min(...heights)).toBe(46)
    expect(axisNumbers(renderChart(machineChart))).toContain('2')
    expect(axisNumbers(renderChart(machineChart))).not.toContain('2.5')
    expect(axisNumbers(renderChart({ ...machineChart, yTop: 4 }))).toContain('4')
  })

  it('should say over the ribbon as much as there is room for', () => {
    const svg = renderChart(machineChart)
    expect(svg).toContain('>fleet, machine-bound</text>')
    expect(svg).toContain('>fill</text>')
    expect(svg).not.toContain('fill, machine-bound')
    expect(svg).not.toContain('knobs')
    expect(svg).toContain('>90 % busy</text>')
  })
})

/** All numbers beside the axes. */
function axisNumbers(svg: string): string[] {
  return [...svg.matchAll(/>([\d.,]+)<\/text>/g)].map(([, text = '']) => text)
}
