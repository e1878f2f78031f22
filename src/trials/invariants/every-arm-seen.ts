import type { Evidence, Finding } from './evidence.ts'
import { armsSeen } from './evidence.ts'

/** Every arm with a cluster, and every cluster, is compared with what clusters saw: otherwise other invariants would hold of nothing. */
export function everyArmSeen(evidence: Pick<Evidence, 'result' | 'witnesses'>): Finding {
  const { result, witnesses } = evidence
  const seen = armsSeen(evidence)
  const unseen = result.arms.filter((arm) => arm.controlPlaneReadyMs !== null && !seen.some((one) => one.arm === arm))
  const strange = witnesses.filter((witness) => !seen.some((one) => one.witness === witness))
  return {
    checked: seen.length,
    violations: [
      ...unseen.map(({ id }) => `nobody saw the cluster of ${id}`),
      ...strange.map(({ armId }) => `the run says nothing of the cluster of ${armId}`),
    ],
  }
}
