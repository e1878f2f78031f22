import type { MachineLook } from '../record/this-machine.ts'

/**
 * What the piece of work of `lookAtThisMachine` takes on the machine that durations were measured on (duration.ts). Worked out, not measured
 * there: where it took 20.1 ms, `scale-test calibrate` found that reads and writes take 1.58 times the processor time that
 * src/model/calibration.json has of that machine (November 2026).
 */
const referenceWorkMs = 12.7

/** What a machine gets done of what was measured on another one. */
export interface MachinePace {
  /** Processor time that the same work takes here, as a multiple. */
  slowness: number
  /** Share of its processors that is left for a run, 0 to 1. */
  share: number
}

/**
 * An estimate from a quick look. A run gets what others leave, and on a crowded machine its turn among those that wait.
 */
export function paceOf({ workMs, busy, loadPerCore }: MachineLook): MachinePace {
  const turn = 1 / (1 + loadPerCore)
  return { slowness: workMs / referenceWorkMs, share: busy === null ? turn : Math.max(1 - busy, turn) }
}

/** Why something takes longer here than where it was measured; empty when it does not. */
export function whySlower({ slowness, share }: MachinePace): string {
  const reasons = [
    ...(slowness >= noticed
      ? [`takes ${slowness.toFixed(1)} times the processor time of the one this was measured on`]
      : []),
    ...(1 / share >= noticed ? [`has ${Math.round(100 * share)} % of its processors free`] : []),
  ]
  return reasons.length === 0 ? '' : `this machine ${reasons.join(' and ')}`
}

/** Less than this is chance. */
const noticed = 1.2
