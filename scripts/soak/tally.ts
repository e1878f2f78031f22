import { plural } from '../../src/base/count.ts'

/** What many cases came to. */
export interface Tally {
  kill(phase: string): void
  action(command: 'resume' | 'cleanup'): void
  note(kind: Finding, sentences: readonly string[]): void
  kills(): number
  /** Whether anything was found that must not be. */
  hasFindings(): boolean
  /** `10 kills, 6 resumes, 4 cleanups: 0 left behind, 0 duplicates, 0 lost samples, 0 other failures`. */
  line(): string
  /** How many kills each phase had. */
  phases(): string
}

/** What must not be found. */
export type Finding = 'residue' | 'duplicates' | 'lost samples' | 'other failures'

/** Nothing yet. */
export function createTally(): Tally {
  const kills = new Map<string, number>()
  const actions = { resume: 0, cleanup: 0 }
  const findings: Record<Finding, number> = { residue: 0, duplicates: 0, 'lost samples': 0, 'other failures': 0 }
  const count = () => [...kills.values()].reduce((sum, one) => sum + one, 0)
  return {
    kill: (phase) => kills.set(phase, (kills.get(phase) ?? 0) + 1),
    action: (command) => {
      actions[command]++
    },
    note: (kind, sentences) => {
      findings[kind] += sentences.length
    },
    kills: count,
    hasFindings: () => Object.values(findings).some((found) => found > 0),
    line: () => {
      const done = [plural(count(), 'kill'), plural(actions.resume, 'resume'), plural(actions.cleanup, 'cleanup')]
      return `${done.join(', ')}: ${Object.entries(findings)
        .map(([kind, found]) => `${found} ${kind}`)
        .join(', ')}`
    },
    phases: () =>
      [...kills]
        .sort(([, one], [, other]) => other - one)
        .map(([phase, times]) => `${phase} ${times}`)
        .join(', '),
  }
}
