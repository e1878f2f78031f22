import { systemClock } from '../../base/clock.ts'
import { removeLeftovers } from './leftovers.ts'

// Waits for the end of the orchestrator, whatever ends it, and removes what is left of its run. See reaper.ts.
const [runId = '', stateFolder = ''] = process.argv.slice(2)

// A terminal that closes, or a kill of everything that is called node, is no reason to leave the run unguarded.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})

process.stdout.write('ready\n')
try {
  // Nothing is ever sent: the pipe ends when the orchestrator does, since nobody else has its other end.
  for await (const _ of process.stdin);
} catch {
  // A broken pipe says the same.
}
await removeLeftovers({ runId, stateFolder }, systemClock)
