import type { Random } from '../../base/random.ts'
import type { Fault, FaultSite } from '../../model/fault.ts'

/** One kind of trouble in one cluster, drawn from a seed: when it strikes, and how hard. */
export interface DrawnFault extends Omit<Fault, 'end'> {
  /** What it will do, for whoever replays it. */
  readonly description: string
  /** When it is over by itself, in the cluster's time; infinite where only somebody ends it. */
  readonly overMs: number
  /** How often it has struck so far. */
  struck(): number
  /** What an operator does once it is over: what it broke and does not mend itself is mended. */
  mend?(site: FaultSite): void
}

/** Draws a fault; all that is random about it comes from `random`. */
export type DrawFault = (random: Random) => DrawnFault

/** A stretch of a cluster's life in which something happens. */
export interface Window {
  startMs: number
  endMs: number
}

/** Runs of the plan that seeds are tried on take about as long as this when nothing goes wrong. */
const usualRunMs = 30_000
/** One window in so many is so many times as long: longer than anybody goes on trying. */
const longWindows = { oneIn: 6, times: 6 }

/** A window somewhere in a run, of `shortestMs` to `longestMs`, or now and then far longer. */
export function drawWindow(random: Random, shortestMs: number, longestMs: number): Window {
  const startMs = random.integer(0, usualRunMs)
  const times = random.integer(1, longWindows.oneIn) === 1 ? longWindows.times : 1
  return { startMs, endMs: startMs + times * random.integer(shortestMs, longestMs) }
}

/** A moment somewhere in a run. */
export function drawMoment(random: Random, earliestMs = 0): number {
  return random.integer(earliestMs, usualRunMs)
}

/** Whether a moment lies within a window. */
export function isWithin({ startMs, endMs }: Window, nowMs: number): boolean {
  return nowMs >= startMs && nowMs < endMs
}

/** `from 12.0 s to 20.5 s`. */
export function formatWindow({ startMs, endMs }: Window): string {
  return `from ${formatMoment(startMs)} to ${formatMoment(endMs)}`
}

/** `12.0 s` */
export function formatMoment(atMs: number): string {
  return `${(atMs / 1000).toFixed(1)} s`
}
