import type { KnobRequest } from './profiles.ts'
import { valuesUnder } from './values.ts'

/**
 * The kubelets' nodeStatusUpdateFrequency as an arm sets it; null where it leaves it alone, which is not the same as its
 * built-in value: see the catalogue.
 */
export function statusPeriodSecondsOf(requests: readonly KnobRequest[]): number | null {
  const id = 'kubelet.nodeStatusUpdateFrequency'
  const values = valuesUnder(requests)
  return values.isRequested(id) ? values.durationMs(id) / 1000 : null
}
