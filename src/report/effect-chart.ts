import { axis, drawn, fontSize, muted, narrowBelow, rounded, scaleTo, shapeOf, shared, upperLeft } from './chart.ts'

/** A chart of times over the values of one setting. Colours are CSS values. */
export interface EffectChart {
  width: number
  height: number
  /** The setting. */
  xName: string
  /** Where each value lies; undefined for what is a name only: then all have a place of the same width. */
  values: { label: string; magnitude: number | undefined }[]
  lines: EffectLine[]
  floors: FloorLine[]
}

export interface EffectLine {
  color: string
  /** Of its marks, by its place in `shapes`. */
  shape: number
  label: string
  /** One per value; null where there is no figure. */
  points: ({ ms: number; minMs: number; maxMs: number; filled: boolean } | null)[]
}

/** A time that others cannot be below, drawn as dashes. */
interface FloorLine {
  dash: 'dashed' | 'dotted'
  label: string
  ms: (number | null)[]
}

/** How numbers become places on an axis, and which of them it names. */
interface Scale {
  isLogarithmic: boolean
  min: number
  max: number
  ticks: { at: number; label: string }[]
  place(value: number): number
}

/** Beyond this factor between the least and the most, an axis is logarithmic. */
const widestLinear = 20
const margins = {
  wide: { left: 52, right: 190, top: 34, bottom: 48 },
  /** Labels stand within the drawing. */
  narrow: { left: 44, right: 14, top: 34, bottom: 48 },
}
const lineHeight = 16

/** Draws the chart as an SVG element without script, style sheet or ids, fit to stand inside an HTML page. */
export function renderEffectChart({ width, height, xName, values, lines, floors }: EffectChart): string {
  const isNarrow = width < narrowBelow
  const margin = isNarrow ? margins.narrow : margins.wide
  const x = valueScale(values)
  const times = lines.flatMap(({ points }) =>
    points.flatMap((point) => (point === null ? [] : [point.minMs, point.maxMs])),
  )
  const floorTimes = floors.flatMap(({ ms }) => ms.filter((floorMs) => floorMs !== null))
  const y = timeScale([...times, ...floorTimes].map((ms) => ms / 1000))
  const places = values.map(({ magnitude }, index) => x.place(magnitude ?? index))
  const isContinuous = values.every(({ magnitude }) => magnitude !== undefined)
  const at = (index: number, ms: number) => [places[index] ?? 0, y.place(ms / 1000)]
  const labels = [
    ...lines.map(({ label, color, points }) => ({
      label,
      color,
      lastMs: points.findLast((point) => point !== null)?.ms,
    })),
    ...floors.map(({ label, ms }) => ({ label, color: muted, lastMs: ms.findLast((floorMs) => floorMs !== null) })),
  ]
  return drawn(
    { width, height },
    {
      grid: margin,
      xAxis: {
        ...axis,
        ...named(x),
        name: axisName(xName, x),
        nameLocation: 'middle',
        nameGap: 30,
        splitLine: { show: false },
      },
      yAxis: { ...axis, ...named(y), name: axisName('seconds', y), nameTextStyle: upperLeft },
      series: [
        ...floors.map(({ dash, ms }) => ({
          ...shared,
          ...(isContinuous ? { showSymbol: false } : { symbol: 'rect', symbolSize: [26, 1.3] }),
          itemStyle: { color: muted },
          lineStyle: { color: muted, width: isContinuous ? 1.3 : 0, type: dash },
          data: ms.map((floorMs, index) => (floorMs === null ? '-' : at(index, floorMs))),
        })),
        ...lines.flatMap(({ color, shape, points }) => [
          ...points.flatMap((point, index) =>
            point === null || point.minMs === point.maxMs
              ? []
              : [range(color, at(index, point.minMs), at(index, point.maxMs))],
          ),
          {
            ...shared,
            ...shapeOf(shape),
            symbolSize: 9,
            // Between two names there is nothing that a line could stand for.
            lineStyle: { color, width: isContinuous ? 1.8 : 0 },
            data: points.map((point, index) =>
              point === null
                ? '-'
                : {
                    value: at(index, point.ms),
                    itemStyle: { color: point.filled ? color : 'var(--page)', borderColor: color, borderWidth: 2 },
                  },
            ),
          },
        ]),
        ...directLabels(labels, { x, y, plotHeight: height - margin.top - margin.bottom, isInside: isNarrow }),
      ],
    },
  )
}

function axisName(name: string, { isLogarithmic }: Scale): string {
  return isLogarithmic ? `${name} (log scale)` : name
}

/** Only the ticks that the scale names, each with its label. */
function named({ min, max, ticks }: Scale): object {
  const customValues = ticks.map(({ at }) => at)
  const formatter = (value: number) => ticks.find(({ at }) => Math.abs(at - value) < 1e-9)?.label ?? ''
  return {
    min,
    max,
    axisLine: { ...axis.axisLine, onZero: false },
    axisLabel: { ...axis.axisLabel, customValues, formatter, hideOverlap: true },
    axisTick: { ...axis.axisTick, customValues },
  }
}

/** The values themselves are the ticks. */
function valueScale(values: EffectChart['values']): Scale {
  const sizes = values.flatMap(({ magnitude }) => magnitude ?? [])
  if (sizes.length < values.length) {
    const ticks = values.map(({ label }, index) => ({ at: index, label }))
    return { isLogarithmic: false, min: -0.5, max: values.length - 0.5, ticks, place: (index) => index }
  }
  const isLogarithmic = spansFar(sizes)
  const place = isLogarithmic ? Math.log10 : (value: number) => value
  const ticks = values.map(({ label, magnitude = 0 }) => ({ at: place(magnitude), label }))
  const least = Math.min(...ticks.map(({ at }) => at))
  const most = Math.max(...ticks.map(({ at }) => at))
  const room = 0.04 * (most - least)
  return { isLogarithmic, min: isLogarithmic || least < 0 ? least - room : 0, max: most + room, ticks, place }
}

function timeScale(seconds: number[]): Scale {
  if (!spansFar(seconds)) {
    const { max, interval } = scaleTo(Math.max(0.001, ...seconds), 5)
    const ticks = Array.from({ length: Math.round(max / interval) + 1 }, (_, index) => index * interval)
    return {
      isLogarithmic: false,
      min: 0,
      max,
      ticks: ticks.map((value) => ({ at: value, label: rounded(value) })),
      place: (value) => value,
    }
  }
  const powers = Array.from({ length: 16 }, (_, index) => 10 ** (index - 6))
  const steps = powers.flatMap((power) => [power, 2 * power, 5 * power])
  const from = steps.findLastIndex((step) => step <= Math.min(...seconds))
  const to = steps.findIndex((step) => step >= Math.max(...seconds))
  const within = steps.slice(from, to + 1)
  const ticks = within.filter((step) => within.length <= mostTicks || powers.includes(step))
  return {
    isLogarithmic: true,
    min: Math.log10(within[0] ?? 1),
    max: Math.log10(within.at(-1) ?? 1),
    ticks: ticks.map((step) => ({ at: Math.log10(step), label: rounded(step) })),
    place: Math.log10,
  }
}

/** More labels than these would stand too close together. */
const mostTicks = 11

function spansFar(values: number[]): boolean {
  const least = Math.min(...values)
  return least > 0 && Math.max(...values) / least > widestLinear
}

/** From the least to the most of the repetitions. */
function range(color: string, from: number[], to: number[]): object {
  return {
    ...shared,
    symbol: 'rect',
    symbolSize: [9, 1.5],
    itemStyle: { color },
    lineStyle: { color, width: 1.2 },
    data: [from, to],
  }
}

/** Names beside the right ends of their lines, or inside where there is no room, moved apart where they would cover each other. */
function directLabels(
  labels: { label: string; color: string; lastMs: number | undefined }[],
  { x, y, plotHeight, isInside }: { x: Scale; y: Scale; plotHeight: number; isInside: boolean },
): object[] {
  const placed = labels
    .flatMap(({ lastMs, ...label }) => {
      if (lastMs === undefined) return []
      const place = y.place(lastMs / 1000)
      return [{ ...label, place, fromTop: (plotHeight * (y.max - place)) / (y.max - y.min) }]
    })
    .toSorted((a, b) => a.fromTop - b.fromTop)
  const tops: number[] = []
  for (const { fromTop } of placed) tops.push(Math.max(fromTop, (tops.at(-1) ?? -lineHeight) + lineHeight))
  let floor = plotHeight + lineHeight
  for (let index = tops.length - 1; index >= 0; index--) {
    floor = Math.min(tops[index] ?? 0, floor - lineHeight)
    tops[index] = floor
  }
  return placed.map(({ label, color, place, fromTop }, index) => ({
    ...shared,
    symbolSize: 0,
    label: {
      show: true,
      color,
      fontSize,
      formatter: () => label,
      position: isInside ? ('left' as const) : ('right' as const),
      offset: isInside ? [-6, (tops[index] ?? fromTop) - fromTop - 9] : [6, (tops[index] ?? fromTop) - fromTop],
    },
    data: [[x.max, place]],
  }))
}
