import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Failure } from '../../base/errors.ts'
import { dismissal, reaperScript } from './leftovers.ts'

/** A process that outlives the orchestrator for as long as it takes to clean up after it. */
export interface Reaper {
  isAlive(): boolean
  /** Has it end without cleaning up: the cluster is kept. Returns when it is gone. */
  dismiss(): Promise<void>
}

/**
 * Starts the guard of a run: a small process in a session of its own, so that neither Ctrl-C nor a kill of the
 * orchestrator's process group reaches it. It holds one end of a pipe; when the other end closes, the orchestrator is
 * gone, and every process of the run is killed and `stateFolder` removed, unless it was dismissed before. It does so after a run that ended well too:
 * then there is nothing to do. Throws `Failure('infrastructure')` when it does not start.
 */
export async function startReaper(run: { runId: string; stateFolder: string }): Promise<Reaper> {
  const main = fileURLToPath(new URL(reaperScript, import.meta.url))
  const child = spawn(process.execPath, [main, run.runId, run.stateFolder], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    // An environment of its own: it must not carry the mark that it kills by.
    env: {},
    cwd: '/',
  })
  const settled = new AbortController()
  try {
    await Promise.race([
      once(child.stdout, 'data', { signal: settled.signal }),
      once(child, 'exit', { signal: settled.signal }).then(([code]) => {
        throw new Error(`exit code ${code}`)
      }),
    ])
  } catch (error) {
    throw new Failure('infrastructure', 'the process that cleans up after a crash did not start', {
      next: `Try it by hand: ${process.execPath} ${main} < /dev/null`,
      cause: error,
    })
  } finally {
    settled.abort()
  }
  child.stdout.destroy()
  child.unref()
  const pipe = child.stdin as Socket
  pipe.unref()
  const isAlive = () => child.exitCode === null && child.signalCode === null && !pipe.destroyed
  return {
    isAlive,
    async dismiss() {
      if (!isAlive()) return
      const gone = once(child, 'exit')
      // Node would leave while there is nothing else to wait for.
      child.ref()
      pipe.end(dismissal)
      await gone
    },
  }
}
