import { systemClock } from '../../base/clock.ts'
import { dismissal, removeLeftovers } from './leftovers.ts'

// Waits for the end of the orchestrator, whatever ends it, and removes what is left of its run. See reaper.ts.
const [runId = '', stateFolder = ''] = process.argv.slice(2)

// A terminal that closes, or a kill of everything that is called node, is no reason to leave the run unguarded.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})

process.stdout.write('ready\n')
let said = ''
try {
  // The pipe ends when the orchestrator does, since nobody else has its other end.
  for await (const text of process.stdin) said += text
} catch {
  // A broken pipe says the same.
}
if (said !== dismissal) await removeLeftovers({ runId, stateFolder }, systemClock)
