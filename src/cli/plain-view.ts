import { formatDuration } from '../base/duration.ts'
import type { RunEvent, RunEventSink } from '../run/events.ts'
import type { ProgressLine } from './progress.ts'
import { createProgressLine } from './progress.ts'
import type { Terminal } from './terminal.ts'

const quietMs = 10_000

/** The duration of a step, or how long it has taken so far, in columns of its own. */
function timed(ms: number | undefined): string {
  return (ms === undefined ? '' : formatDuration(ms)).padStart(9)
}

/** A view for logs: one line per step begun and ended, and its progress now and then. */
export function plainView(terminal: Terminal, nowMs: () => number): RunEventSink {
  const titles = new Map<string, string>()
  let line: ProgressLine = createProgressLine()
  let saidAtMs = 0

  return (event: RunEvent) => {
    switch (event.type) {
      case 'run-started':
        terminal.print(`run ${event.run}: plan ${event.plan} on target ${event.target}`)
        for (const arm of event.outline)
          for (const step of arm.steps) titles.set(`${arm.armId}/${step.stepId}`, `${arm.title}: ${step.title}`)
        break
      case 'step-started':
        line = createProgressLine()
        saidAtMs = nowMs()
        break
      case 'step-progress': {
        const text = line.update(event, nowMs())
        if (nowMs() - saidAtMs < quietMs) break
        saidAtMs = nowMs()
        terminal.print(`${timed(event.elapsedMs)}  ${titleOf(event)}: ${text}`)
        break
      }
      case 'step-finished':
        terminal.print(`${timed(event.durationMs)}  ${titleOf(event)}: ${event.text ?? 'done'}`)
        break
      case 'step-failed':
        terminal.print(
          `${timed(undefined)}  ${titleOf(event)}: ${/^interrupted\b/.test(event.message) ? '' : 'FAILED: '}${event.message}`,
        )
        break
      case 'symptom':
        if (event.event === 'began') terminal.print(`${timed(undefined)}  ${event.armId}: symptom: ${event.text}`)
        break
      case 'arm-finished':
      case 'run-finished':
        break
    }
  }

  function titleOf({ armId, stepId }: { armId: string; stepId: string }): string {
    return titles.get(`${armId}/${stepId}`) ?? `${armId}: ${stepId}`
  }
}
