import type { ThresholdOutcome } from '../result/result.ts'

/** Where a plan has a threshold: `plans/single-node.yaml:41`; undefined where that is not known. */
export function thresholdPlace({ place }: ThresholdOutcome): string | undefined {
  return place === undefined ? undefined : `${place.file}:${place.line}`
}
