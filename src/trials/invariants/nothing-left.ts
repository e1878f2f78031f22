import type { Evidence, Finding } from './evidence.ts'
import { armsSeen, together } from './evidence.ts'

/** What a run leaves behind it says, by the name of each namespace; what it does not name is gone. */
export function nothingLeft(evidence: Pick<Evidence, 'result' | 'witnesses'>): Finding {
  const findings = armsSeen(evidence).map(({ witness, arm }): Finding => {
    // A name is a word of its own: one is often the beginning of another.
    const told = new Set(arm.residue.flatMap((text) => text.split(/[\s,;()]+/)))
    const untold = witness.left().filter(({ namespace }) => !told.has(namespace))
    const checked = witness.own.size + witness.pods.size
    if (untold.length === 0) return { checked, violations: [] }
    const shown = untold.slice(0, 3).map(({ key }) => key)
    const violation = `${untold.length} objects were left in ${witness.armId} and not reported: ${shown.join(', ')}`
    return { checked, violations: [violation] }
  })
  return together(findings)
}
