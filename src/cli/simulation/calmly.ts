import type { RunEventSink } from '../../run/events.ts'

/** Progress is for the eye, and an arm on virtual time makes as much of it in a second as a real one in ten minutes. */
const everyMs = 100

/** Passes events on, and of progress no more than the eye takes in. */
export function calmly(emit: RunEventSink): RunEventSink {
  let atMs = Number.NEGATIVE_INFINITY
  return (event) => {
    if (event.type === 'step-progress') {
      const nowMs = performance.now()
      if (nowMs - atMs < everyMs) return
      atMs = nowMs
    }
    emit(event)
  }
}
