import { init, use } from 'echarts/core'
import { install as LineChart } from 'echarts/lib/chart/line/install.js'
import { install as GridComponent } from 'echarts/lib/component/grid/install.js'
import { install as SVGRenderer } from 'echarts/lib/renderer/installSVGRenderer.js'
import { formatCount } from '../base/count.ts'
import type { Curve } from '../result/parts.ts'
import { shapes } from './arm-marks.ts'
import { markup } from './markup.ts'

use([LineChart, GridComponent, SVGRenderer])

/** A chart of values over seconds. Colours are CSS values, so that one drawing serves light and dark pages. */
export interface Chart {
  width: number
  height: number
  /** What the seconds count from: `seconds since the fill began`. */
  xName: string
  yName: string
  /** What one on the y axis stands for in the curves' own unit: 2 ** 20 where bytes are shown as MiB. */
  yUnit?: number
  /** There cannot be more than this, in the curves' own unit: the y axis ends here, and no line is above it. */
  yTop?: number
  lines: Line[]
  /** Moments to compare with, drawn as upright dashes. */
  marks?: Mark[]
  /** A value to compare with, drawn as a level dash. */
  level?: { color: string; value: number; label: string }
  /** What was going on when, as a ribbon along the top. */
  spans?: Span[]
}

interface Line {
  color: string
  /** Of its marks, by its place in `shapes`; none unless given. */
  shape?: number
  /** What it is of, for those who point at it; none unless given. */
  label?: string
  curve: Curve
  /**
   * `steps`: a count, which holds until the next event. `slopes`: samples of something that moves in between. `area`:
   * the same, filled down to the axis; a later line covers an earlier one.
   */
  form?: 'steps' | 'slopes' | 'area'
  dash?: 'dashed' | 'dotted'
}

interface Mark {
  color: string
  atMs: number
  label: string
}

interface Span {
  color: string
  fromMs: number
  toMs: number
  /** The same thing in ever fewer words: the first one that there is room for stands above. */
  labels: string[]
}

interface Scale {
  max: number
  interval: number
}

interface Plot {
  x: Scale
  y: Scale
  plotWidth: number
}

export const muted = 'var(--muted)'
const faint = 'var(--line)'
export const fontSize = 12
const letterWidth = 6.5
const roundSteps = [1, 2, 5, 10]
const margins = { left: 48, right: 24, top: 46, bottom: 44 }
/** What every series has. */
export const shared = { type: 'line' as const, silent: true, clip: false }
/** What every axis looks like. */
export const axis = {
  type: 'value' as const,
  silent: true,
  nameTextStyle: { color: muted, fontSize },
  axisLabel: { color: muted, fontSize },
  axisLine: { show: true, lineStyle: { color: faint } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: faint } },
}
/** A name above the labels of an upright axis. */
export const upperLeft = { ...axis.nameTextStyle, align: 'left' as const, padding: [0, 0, 0, -40] }

/** Draws the chart as an SVG element without script, style sheet or ids, fit to stand inside an HTML page. */
export function renderChart(chart: Chart): string {
  const { width, height, lines, marks = [], spans = [], yUnit = 1 } = chart
  const values = lines.flatMap(({ curve }) => curve.map(([, value]) => value / yUnit))
  const y = scaleTo(chart.yTop === undefined ? Math.max(1, ...values) : chart.yTop / yUnit, 5)
  const ends = [
    ...lines.flatMap(({ curve }) => curve.slice(-1).map(([ms]) => ms)),
    ...marks.map(({ atMs }) => atMs),
    ...spans.map(({ toMs }) => toMs),
  ]
  const x = scaleTo(Math.max(1, ...ends) / 1000, width < narrowBelow ? 4 : 8)
  const margin = { ...margins, left: Math.max(margins.left, 20 + letterWidth * formatCount(y.max).length) }
  const plotWidth = width - margin.left - margin.right
  const svg = drawn(
    { width, height },
    {
      grid: margin,
      xAxis: { ...axis, name: chart.xName, nameLocation: 'middle', nameGap: 28, ...x },
      yAxis: {
        ...axis,
        name: chart.yName,
        // Above the labels of the ribbon, if there is one.
        ...(spans.length === 0 ? {} : { nameGap: 30 }),
        nameTextStyle: upperLeft,
        ...y,
      },
      series: [
        ...marks.map((mark, index) => upright(mark, marks.slice(0, index), { x, y, plotWidth })),
        ...lines.flatMap((line) => lineSeries(line, { yUnit, yTop: chart.yTop, most: plotWidth / 2 })),
        ...(chart.level === undefined ? [] : [level(chart.level, x, yUnit)]),
        ...spans.map((span) => ribbon(span, x, y, plotWidth)),
      ],
    },
  )
  return width < narrowBelow
    ? svg
    : svg.replace(/<\/svg>\s*$/, `${hovers(chart, { x, y, plotWidth, left: margin.left })}</svg>`)
}

/** A drawing that is no wider than this has room for few labels. */
export const narrowBelow = 600

/** Where somebody points at a line, its value there. */
function hovers(
  { height, lines, yName, yUnit = 1 }: Chart,
  { x, y, plotWidth, left: from }: Plot & { left: number },
): string {
  const plotHeight = height - margins.top - margins.bottom
  return lines
    .flatMap(({ label, curve }) => {
      if (label === undefined) return []
      return spread(curve, hoversPerLine).map(([ms, value]) => {
        const left = from + (plotWidth * ms) / 1000 / x.max
        const top = margins.top + plotHeight * (1 - value / yUnit / y.max)
        const text = `${label}: ${rounded(value / yUnit)} ${yName} at ${rounded(ms / 1000)} s`
        return markup`<circle cx="${left.toFixed(1)}" cy="${top.toFixed(1)}" r="9" fill="transparent"><title>${text}</title></circle>`
          .markup
      })
    })
    .join('')
}

const hoversPerLine = 16

/** A value of an axis with three digits that matter. */
export function rounded(value: number): string {
  return String(Number(value.toPrecision(3)))
}

/** Draws a chart of echarts as an SVG element without script, style sheet or ids. */
export function drawn(size: { width: number; height: number }, option: object): string {
  const drawing = init(null, null, { renderer: 'svg', ssr: true, ...size })
  try {
    drawing.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option })
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
  return (
    svg
      .replace(/<style[^>]*>.*?<\/style>/gs, '')
      .replace(/<defs\s*>.*?<\/defs>/gs, '')
      .replace(/ (?:class|clip-path|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
      // Pages forbid styles in attributes; as attributes of their own they are allowed.
      .replace(/ style="([^"]*)"/g, (_, style: string) => style.replace(/([\w-]+):([^;]*);?/g, ' $1="$2"'))
      .replace(/<svg [^>]*viewBox="([^"]*)"[^>]*>/, '<svg viewBox="$1" aria-hidden="true" focusable="false">')
      .replace(/\n+/g, '\n')
  )
}

/** An axis from 0 to at least `value` in about `ticks` round steps. */
export function scaleTo(value: number, ticks: number): Scale {
  const power = 10 ** Math.floor(Math.log10(value / ticks))
  const interval = power * (roundSteps.find((factor) => factor * power >= value / ticks) ?? 10)
  return { max: Math.ceil(value / interval) * interval, interval }
}

function lineSeries(
  { color, curve, shape, form = 'steps', dash }: Line,
  { yUnit, yTop = Number.POSITIVE_INFINITY, most }: { yUnit: number; yTop: number | undefined; most: number },
): object[] {
  const points = thinned(curve, most).map(([ms, value]) => [ms / 1000, Math.min(value, yTop) / yUnit])
  if (form === 'area')
    return [{ ...shared, showSymbol: false, lineStyle: { width: 0 }, areaStyle: { color, opacity: 1 }, data: points }]
  // A slope between two events far apart would be an invention.
  const step = form === 'steps' ? { step: 'end' as const } : {}
  const stroke = dash === undefined ? { width: 1.8 } : { width: 1.3, type: dash }
  const line = { ...shared, ...step, showSymbol: false, lineStyle: { color, ...stroke }, data: points }
  const symbol = shapeOf(shape)
  const end = { ...shared, ...symbol, symbolSize: 8, itemStyle: { color }, data: points.slice(-1) }
  const between = shape === undefined ? [] : spread(points, marksBetween)
  const marks = { ...shared, ...symbol, symbolSize: 8, lineStyle: { width: 0 }, itemStyle: { color }, data: between }
  return [line, ...(between.length === 0 ? [] : [marks]), ...(dash === undefined ? [end] : [])]
}

/** At most about so many points of a curve, its last one among them: more than the eye can tell apart on a narrow page only take room. */
function thinned(curve: Curve, most: number): Curve {
  const every = Math.ceil(curve.length / most)
  return curve.filter((_, index) => index % every === 0 || index === curve.length - 1)
}

/** So many marks of its own stand on a line, beside that at its end. */
const marksBetween = 4

/** The symbol of an arm's marks, as echarts takes it. */
export function shapeOf(shape = 0): object {
  const { symbol = 'circle', rotate = 0 } = shapes[shape] ?? {}
  return { symbol, symbolRotate: rotate }
}

/** So many points of a line, at about equal distances in time. */
function spread<Point extends readonly (number | undefined)[]>(points: readonly Point[], count: number): Point[] {
  const last = points.at(-1)?.[0] ?? 0
  const found = Array.from({ length: count }, (_, index) =>
    points.find(([at = 0]) => at >= (last * (index + 1)) / (count + 1)),
  )
  return [...new Set(found.filter((point) => point !== undefined))]
}

/** A dashed upright with its label inside the drawing, and above the labels of earlier ones that it would cover. */
function upright(mark: Mark, earlier: Mark[], { x, y, plotWidth }: Plot) {
  const { color, atMs, label } = mark
  const own = labelSpan(mark, x, plotWidth)
  const covered = earlier.filter((other) => {
    const { from, to } = labelSpan(other, x, plotWidth)
    return from < own.to && own.from < to
  })
  return {
    ...shared,
    symbolSize: 0,
    lineStyle: { color, width: 1, type: 'dashed' as const },
    label: {
      color,
      fontSize,
      formatter: () => label,
      position: 'top' as const,
      offset: [0, -15 * covered.length],
      align: own.align,
    },
    data: [{ value: [atMs / 1000, 0] }, { value: [atMs / 1000, y.max], label: { show: true } }],
  }
}

/** From where to where the label of a mark goes, in pixels, and how it is set so that neither end is cut off. */
function labelSpan({ atMs, label }: Mark, x: Scale, plotWidth: number) {
  const at = (plotWidth * atMs) / 1000 / x.max
  const width = letterWidth * label.length
  if (at < width / 2) return { from: at, to: at + width, align: 'left' as const }
  if (at > plotWidth - width / 2) return { from: at - width, to: at, align: 'right' as const }
  return { from: at - width / 2, to: at + width / 2, align: 'center' as const }
}

/** A dashed line across, its label above the right end. */
function level({ color, value, label }: NonNullable<Chart['level']>, x: Scale, yUnit: number) {
  return {
    ...shared,
    symbolSize: 0,
    lineStyle: { color, width: 1, type: 'dashed' as const },
    label: { color, fontSize, formatter: () => label, position: 'top' as const, align: 'right' as const },
    data: [{ value: [0, value / yUnit] }, { value: [x.max, value / yUnit], label: { show: true } }],
  }
}

/** A piece of the ribbon, a little apart from the one before. */
function ribbon({ color, fromMs, toMs, labels }: Span, x: Scale, y: Scale, plotWidth: number) {
  const msPerPixel = (1000 * x.max) / plotWidth
  const label = labels.find((text) => text.length * letterWidth < (toMs - fromMs) / msPerPixel)
  const at = (ms: number): [number, number] => [ms / 1000, y.max]
  return {
    ...shared,
    symbolSize: 0,
    lineStyle: { color, width: 5, cap: 'butt' as const },
    label: { color: muted, fontSize, formatter: () => label ?? '', position: 'top' as const, distance: 8 },
    data: [
      { value: at(Math.min(toMs, fromMs + 1.5 * msPerPixel)) },
      { value: at((fromMs + toMs) / 2), label: { show: label !== undefined } },
      { value: at(toMs) },
    ],
  }
}
