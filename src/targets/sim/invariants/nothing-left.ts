import type { ArmOutcome } from '../../../result/result.ts'
import type { Witness } from './witness.ts'

/** What a run leaves behind it says, and what it does not say is gone. */
export function nothingLeft({ left }: Witness, { residue }: Pick<ArmOutcome, 'residue'>): string[] {
  if (left.length === 0 || residue.length > 0) return []
  return [`${left.length} objects were left behind and not told of: ${left.slice(0, 3).join(', ')}`]
}
