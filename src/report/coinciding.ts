import { formatList } from '../base/names.ts'
import type { Curve } from '../result/parts.ts'
import { valueAt } from './curves.ts'
import type { Drawing } from './section.ts'

/** Lines closer than this share of the drawing, in either direction, cannot be told apart by eye. */
const close = 0.01
const moments = 50

/** Says of which arms the lines hide each other: `The lines of untuned and tuned coincide.`; undefined where they do not. */
export function coincidingLines(lines: Drawing['lines']): string | undefined {
  const ends = { x: Math.max(0, ...lines.map(({ curve }) => curve.at(-1)?.[0] ?? 0)), y: highest(lines) }
  const kinds = Map.groupBy(lines, ({ dash = 'solid' }) => dash)
  const groups = [...kinds.values()].flatMap((own) => groupsIn(own, ends))
  const told = [...new Set(groups.map((arms) => formatList(arms)))]
  return told.length === 0 ? undefined : `The lines of ${told.join('; of ')} coincide.`
}

interface Ends {
  x: number
  y: number
}

function groupsIn(lines: Drawing['lines'], ends: Ends): string[][] {
  const groups: { curve: Curve; arms: string[] }[] = []
  for (const { arm, curve } of lines) {
    const same = groups.find((group) => coincide(group.curve, curve, ends))
    if (same === undefined) groups.push({ curve, arms: [arm] })
    else if (!same.arms.includes(arm)) same.arms.push(arm)
  }
  return groups.flatMap(({ arms }) => (arms.length > 1 ? [arms] : []))
}

function coincide(one: Curve, other: Curve, { x, y }: Ends): boolean {
  const [last, otherLast] = [one.at(-1)?.[0] ?? 0, other.at(-1)?.[0] ?? 0]
  if (Math.abs(last - otherLast) > close * x) return false
  return Array.from({ length: moments }, (_, index) => (Math.min(last, otherLast) * (index + 1)) / moments).every(
    (ms) => Math.abs(valueAt(one, ms) - valueAt(other, ms)) <= close * y,
  )
}

function highest(lines: Drawing['lines']): number {
  return Math.max(0, ...lines.flatMap(({ curve }) => curve.map(([, value]) => value)))
}
