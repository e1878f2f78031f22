/*
 * Arms are told apart by colour and by the shape of their marks, for readers who see no colours, and on paper without any. The same shape
 * stands in legends and tables (style.ts) and in charts.
 */

const colours = 6

/** A mark in a chart: a symbol of echarts, and its mask in CSS. */
interface Shape {
  symbol: string
  rotate?: number
  mask: string
}

/** One for each class `s0`, `s1`, ... */
export const shapes: readonly Shape[] = [
  { symbol: 'circle', mask: 'circle(50%)' },
  { symbol: 'rect', mask: 'inset(6%)' },
  { symbol: 'triangle', mask: 'polygon(50% 0, 100% 100%, 0 100%)' },
  { symbol: 'diamond', mask: 'polygon(50% 0, 100% 50%, 50% 100%, 0 50%)' },
  { symbol: 'triangle', rotate: 180, mask: 'polygon(0 0, 100% 0, 50% 100%)' },
  {
    symbol: 'path://M4 0 L6 0 L6 4 L10 4 L10 6 L6 6 L6 10 L4 10 L4 6 L0 6 L0 4 L4 4 Z',
    mask: 'polygon(38% 0, 62% 0, 62% 38%, 100% 38%, 100% 62%, 62% 62%, 62% 100%, 38% 100%, 38% 62%, 0 62%, 0 38%, 38% 38%)',
  },
]

/** The colour and the shape of the arm at a place, from 0; no two of the first 36 share both. */
export function markOf(place: number): { colour: number; shape: number } {
  const round = Math.floor(place / colours)
  return { colour: place % colours, shape: (place + round) % shapes.length }
}
