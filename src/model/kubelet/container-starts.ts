import type { ContainerStarts as Limits } from '../../fleet/hollow-node.ts'

/** The starts of containers on one node: those for which there is no room wait, and are served in the order in which they came. */
export interface ContainerStarts {
  /** Starts a container of the pod `uid`, now or when its turn comes, and calls `done` once it runs. */
  start(uid: string, done: () => void): void
  /** Takes back a start that waits for its turn. False where there is none: what has begun goes on to its end. */
  withdraw(uid: string): boolean
}

/** Without limits, containers run as soon as they are asked for. `after` calls back when a time has passed. */
export function createContainerStarts(
  limits: Limits | undefined,
  after: (durationMs: number, action: () => void) => void,
): ContainerStarts {
  if (limits === undefined) return { start: (_, done) => done(), withdraw: () => false }
  const { timeMs, parallel = Number.POSITIVE_INFINITY } = limits
  // In the order in which they came.
  const waiting = new Map<string, () => void>()
  let underWay = 0
  const begin = (done: () => void) => {
    underWay++
    after(timeMs, () => {
      underWay--
      for (const [uid, next] of waiting) {
        waiting.delete(uid)
        begin(next)
        break
      }
      done()
    })
  }
  return {
    start(uid, done) {
      if (underWay < parallel) begin(done)
      else waiting.set(uid, done)
    },
    withdraw: (uid) => waiting.delete(uid),
  }
}
