import { LineChart } from 'echarts/charts'
import { GridComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Curve } from '../result/result.ts'

use([LineChart, GridComponent, SVGRenderer])

/** A chart of counts over seconds. Colours are CSS values, so that one drawing serves light and dark pages. */
export interface Chart {
  width: number
  height: number
  yName: string
  lines: { color: string; curve: Curve }[]
  /** Moments to compare with, drawn as upright dashes. */
  marks: Mark[]
}

interface Mark {
  color: string
  atMs: number
  label: string
}

const muted = 'var(--muted)'
const faint = 'var(--line)'
const fontSize = 12
const roundSteps = [1, 2, 5, 10]

/** Draws the chart as an SVG element without script, style sheet or ids, fit to stand inside an HTML page. */
export function renderChart(chart: Chart): string {
  const counts = scaleTo(Math.max(1, ...chart.lines.flatMap(({ curve }) => curve.map(([, count]) => count))), 5)
  const ends = [
    ...chart.lines.flatMap(({ curve }) => curve.slice(-1).map(([ms]) => ms)),
    ...chart.marks.map(({ atMs }) => atMs),
  ]
  const seconds = scaleTo(Math.max(1, ...ends) / 1000, 8)
  const axis = {
    type: 'value' as const,
    silent: true,
    nameTextStyle: { color: muted, fontSize },
    axisLabel: { color: muted, fontSize },
    axisLine: { show: true, lineStyle: { color: faint } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: faint } },
  }
  const shared = { type: 'line' as const, silent: true, clip: false }
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width: chart.width, height: chart.height })
  try {
    drawing.setOption({
      animation: false,
      textStyle: { fontFamily: 'inherit' },
      grid: { left: 48, right: 24, top: 46, bottom: 44 },
      xAxis: { ...axis, name: 'seconds since the scale request', nameLocation: 'middle', nameGap: 28, ...seconds },
      yAxis: {
        ...axis,
        name: chart.yName,
        nameTextStyle: { ...axis.nameTextStyle, align: 'left', padding: [0, 0, 0, -40] },
        ...counts,
      },
      series: [
        ...chart.marks.map((mark, index) => ({
          ...shared,
          ...upright(mark, chart.marks.slice(0, index), seconds.max, counts.max),
        })),
        ...chart.lines.flatMap(({ color, curve }) => {
          const points = curve.map(([ms, count]) => [ms / 1000, count])
          return [
            // A count holds until the next event: a slope between two events far apart would be an invention.
            { ...shared, step: 'end' as const, showSymbol: false, lineStyle: { color, width: 1.8 }, data: points },
            { ...shared, symbol: 'circle', symbolSize: 6, itemStyle: { color }, data: points.slice(-1) },
          ]
        }),
      ],
    })
    return withoutInteraction(drawing.renderToSVGString())
  } finally {
    drawing.dispose()
  }
}

/**
 * Takes out what serves a script that is not there, and the clip paths, which clip nothing: their ids depend on how many
 * charts were drawn before and would clash within a page.
 */
function withoutInteraction(svg: string): string {
  return svg
    .replace(/<style[^>]*>.*?<\/style>/gs, '')
    .replace(/<defs\s*>.*?<\/defs>/gs, '')
    .replace(/ (?:class|clip-path|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/<svg [^>]*viewBox="([^"]*)"[^>]*>/, '<svg viewBox="$1" aria-hidden="true" focusable="false">')
    .replace(/\n+/g, '\n')
}

/** An axis from 0 to at least `value` in about `ticks` round steps. */
function scaleTo(value: number, ticks: number): { max: number; interval: number } {
  const power = 10 ** Math.floor(Math.log10(value / ticks))
  const interval = power * (roundSteps.find((factor) => factor * power >= value / ticks) ?? 10)
  return { max: Math.ceil(value / interval) * interval, interval }
}

/** A dashed upright with its label inside the drawing, and above the labels of earlier ones that are close by. */
function upright({ color, atMs, label }: Mark, earlier: Mark[], maxSeconds: number, top: number) {
  const share = (ms: number): number => ms / 1000 / maxSeconds
  const level = earlier.filter((other) => Math.abs(share(other.atMs - atMs)) < 0.2).length
  return {
    symbolSize: 0,
    lineStyle: { color, width: 1, type: 'dashed' as const },
    label: {
      color,
      fontSize,
      formatter: () => label,
      position: 'top' as const,
      offset: [0, -15 * level],
      align: share(atMs) < 0.1 ? ('left' as const) : share(atMs) > 0.85 ? ('right' as const) : ('center' as const),
    },
    data: [{ value: [atMs / 1000, 0] }, { value: [atMs / 1000, top], label: { show: true } }],
  }
}
