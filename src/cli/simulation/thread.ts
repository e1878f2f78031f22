import { parentPort, workerData } from 'node:worker_threads'
import { virtualHost } from '../../run/host.ts'
import { runArm } from '../../run/run.ts'
import { backAndForth } from '../../run/schedule.ts'
import { calmly } from './calmly.ts'
import type { FromThread, ThreadTask, ToThread } from './messages.ts'
import { packError, unpackError } from './messages.ts'
import { simulationOf } from './target.ts'

/** A thread of its own for arms of a simulated run: it runs one at a time, and tells all there is to tell of it. */
const { runId, plan, plans, calibration } = workerData as ThreadTask
const interruption = new AbortController()
/** Samples that go together: a message costs more than what is in it. */
const samplesPerMessage = 500

const tell = (message: FromThread) => parentPort?.postMessage(message)

async function run(armId: string): Promise<void> {
  const target = simulationOf(plan, calibration)
  const { clock } = target
  const arm = backAndForth({ plan, plans, target, machine: null }).planned.find(({ id }) => id === armId)
  if (arm === undefined) throw new Error(`the plan has no arm ${armId}`)
  let lines: string[] = []
  const sendSamples = () => {
    if (lines.length > 0) tell({ type: 'samples', lines: lines.join('\n') })
    lines = []
  }
  const { outcome, error } = await runArm(arm, {
    runId,
    plan,
    target,
    clock,
    host: virtualHost,
    signal: interruption.signal,
    emit: calmly((event) => tell({ type: 'event', atMs: clock.nowMs(), event })),
    onSample(line) {
      lines.push(JSON.stringify(line))
      if (lines.length === samplesPerMessage) sendSamples()
    },
  })
  sendSamples()
  tell({ type: 'done', durationMs: clock.nowMs(), outcome, ...(error !== undefined && { error: packError(error) }) })
}

parentPort?.on('message', (message: ToThread) => {
  if (message.type === 'abort') interruption.abort(unpackError(message.reason))
  else void run(message.armId)
})
tell({ type: 'ready' })
