import type { Evidence } from './evidence.ts'
import { armsSeen } from './evidence.ts'

/** What a run leaves behind it says, by the name of each namespace; what it does not name is gone. */
export function nothingLeft(evidence: Pick<Evidence, 'result' | 'witnesses'>): string[] {
  return armsSeen(evidence).flatMap(({ witness, arm }) => {
    const told = arm.residue.join('\n')
    const untold = witness.left.filter(({ namespace }) => !told.includes(`namespace ${namespace} `))
    if (untold.length === 0) return []
    const shown = untold.slice(0, 3).map(({ key }) => key)
    return [`${untold.length} objects were left in ${witness.armId} and not told of: ${shown.join(', ')}`]
  })
}
