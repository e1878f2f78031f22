import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import type { Progress } from '../base/progress.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { sayingHowFar } from './fleet-lateness.ts'
import type { StepContext } from './step.ts'

const timeIsUp = new Failure('inconclusive', 'Fleet of 1000 hollow nodes took longer than 10 m 0 s')

/** What becomes of a set-up whose time is up after ten minutes. */
async function late(work: (context: StepContext) => Promise<unknown>, busy: number | null, reason = timeIsUp) {
  const clock = createVirtualClock()
  const ending = new AbortController()
  const told: Progress[] = []
  const watchMachine = () => () => ({ eventLoopDelayMaxMs: 0, busy })
  const setUp = sayingHowFar({ timeoutMs: 600_000, clock, watchMachine }, work)
  const ended = setUp({ signal: ending.signal, report: (progress) => told.push(progress) }).catch((error) => error)
  await clock.sleep(600_000)
  ending.abort(reason)
  return { error: await ended, told }
}

const untilAborted = ({ signal }: StepContext) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

describe('sayingHowFar', () => {
  it.each<[string, Progress | undefined, number | null, string]>([
    [
      'how many nodes were Ready, what kept them and how long it would have taken',
      { done: 640, total: 1000, unit: 'nodes Ready' },
      0.998,
      '640 of 1000 nodes Ready when fleet.timeout (10 m 0 s) expired; the processors of this machine were 100 % busy; at this rate it would have taken about 15 m 38 s',
    ],
    [
      'how far it was with what comes before',
      { done: 51, total: 1000, unit: 'certificates' },
      0.4,
      '51 of 1000 certificates when fleet.timeout (10 m 0 s) expired; the processors of this machine were 40 % busy',
    ],
    [
      'no rate where there is none, and nothing of a machine that is not the cluster’s',
      { done: 0, total: 1000, unit: 'nodes Ready' },
      null,
      '0 of 1000 nodes Ready when fleet.timeout (10 m 0 s) expired',
    ],
    ['nothing that it does not know', undefined, null, 'the fleet was not Ready when fleet.timeout (10 m 0 s) expired'],
  ])('should say %s when time is up (fault 25)', async (_, progress, busy, message) => {
    const { error, told } = await late(async (context) => {
      if (progress !== undefined) context.report(progress)
      await untilAborted(context)
    }, busy)
    expect(error).toMatchObject({
      kind: 'inconclusive',
      message,
      next: 'Raise fleet.timeout, lower fleet.nodes, or use a machine with more cores',
    })
    expect(told).toEqual(progress === undefined ? [] : [progress])
  })

  it('should leave it to a set-up that knows more', async () => {
    const laggards = new Failure('inconclusive', 'hollow-7 is not Ready: its pod waits for its image')
    const { error } = await late((context) => untilAborted(context).catch(() => Promise.reject(laggards)), 1)
    expect(error).toBe(laggards)
  })

  it('should add nothing when it is interrupted, or fails before', async () => {
    const interrupted = new Failure('interrupted', 'interrupted by SIGINT')
    expect((await late(untilAborted, 1, interrupted)).error).toBe(interrupted)
    const died = new Failure('inconclusive', 'hollow-1-to-50 died (signal SIGKILL)')
    expect((await late(() => Promise.reject(died), 1)).error).toBe(died)
  })
})
