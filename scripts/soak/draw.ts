import { createRandom } from '../../src/base/random.ts'

/** When something is killed: at a share of the time that it takes, or when it has written a share of its journal's records. */
export type Moment = { of: 'time'; share: number } | { of: 'journal'; share: number; delayMs: number }

/** What is done about a run that was killed. */
export interface Action {
  command: 'resume' | 'cleanup'
  /** Absent where it is left to its end. */
  killed?: Moment
}

/** One case: a run that is killed, and what follows. */
export interface DrawnCase {
  seed: number
  killed: Moment
  /** Every one but the last is killed, too. */
  actions: Action[]
  /** How long nobody does anything in between; the reaper may be at work meanwhile. */
  pauseMs: number
}

/** Of so many killed runs, one has what follows killed as well. */
const againOneIn = 4

/** The case of a seed. */
export function drawCase(seed: number): DrawnCase {
  const random = createRandom(seed, 'soak')
  const share = () => random.integer(0, 1000) / 1000
  const moment = (): Moment =>
    random.integer(0, 1) === 0
      ? { of: 'time', share: share() }
      : { of: 'journal', share: share(), delayMs: random.integer(0, 20) }
  const action = (): Action['command'] => (random.integer(0, 1) === 0 ? 'resume' : 'cleanup')
  const killed = moment()
  const actions: Action[] = []
  while (random.integer(1, againOneIn) === 1) {
    const command = action()
    // A clean-up writes no journal.
    actions.push({ command, killed: command === 'resume' ? moment() : { of: 'time', share: share() } })
  }
  actions.push({ command: action() })
  return { seed, killed, actions, pauseMs: random.integer(0, 1) * random.integer(0, 1500) }
}
