import type { RunEventSink } from '../run/events.ts'

/** What a simulated run is expected to take of its own time. */
interface Expected {
  /** Of the arm with this id, by the plan's forecast. */
  armMs: (armId: string) => number
  /** This machine's clock. */
  nowMs: () => number
}

/** With less of the run done than this share, what is left is a guess. */
const leastShare = 0.02
const leastMs = 1000

/**
 * Has a simulation tell how far the whole run is, in its own virtual time: `13 of 53 virtual minutes, about 40 s left`. How many pods it
 * starts in a second of this machine says nothing of any cluster.
 */
export function inVirtualTime(emit: RunEventSink, { armMs, nowMs }: Expected): RunEventSink {
  const beganMs = nowMs()
  const expected = new Map<string, number>()
  const spent = new Map<string, { stepsMs: number; elapsedMs: number }>()
  const spentIn = (armId: string) => {
    const known = spent.get(armId) ?? { stepsMs: 0, elapsedMs: 0 }
    spent.set(armId, known)
    return known
  }

  const told = () => {
    const arms = [...expected].map(([armId, wholeMs]) => {
      const { stepsMs, elapsedMs } = spentIn(armId)
      const doneMs = stepsMs + elapsedMs
      return { doneMs, wholeMs: Math.max(wholeMs, doneMs) }
    })
    const doneMs = arms.reduce((sum, arm) => sum + arm.doneMs, 0)
    const wholeMs = arms.reduce((sum, arm) => sum + arm.wholeMs, 0)
    const share = wholeMs === 0 ? 0 : doneMs / wholeMs
    const sinceMs = nowMs() - beganMs
    const isKnown = share >= leastShare && sinceMs >= leastMs
    const left = isKnown ? `, about ${roughly((sinceMs * (1 - share)) / share)} left` : ''
    return `${virtualTime(doneMs, wholeMs)}${left}`
  }

  return (event) => {
    switch (event.type) {
      case 'run-started':
        for (const { armId } of event.outline) expected.set(armId, armMs(armId))
        break
      case 'step-progress': {
        spentIn(event.armId).elapsedMs = event.elapsedMs ?? 0
        const { done, total, unit, text, ...rest } = event
        const counted =
          done === undefined || total === undefined ? [] : [`${done}/${total}${unit === undefined ? '' : ` ${unit}`}`]
        return emit({ ...rest, text: [...counted, text ?? [], told()].flat().join('; ') })
      }
      case 'step-finished': {
        const own = spentIn(event.armId)
        own.stepsMs += event.durationMs
        own.elapsedMs = 0
        break
      }
      case 'arm-finished':
        // What it took is known by now.
        expected.set(event.armId, event.durationMs)
        Object.assign(spentIn(event.armId), { stepsMs: event.durationMs, elapsedMs: 0 })
        break
      case 'step-started':
      case 'step-failed':
      case 'run-finished':
        break
    }
    emit(event)
  }
}

function virtualTime(doneMs: number, wholeMs: number): string {
  const [unitMs, unit] = wholeMs < 180_000 ? [1000, 'seconds'] : [60_000, 'minutes']
  return `${Math.round(doneMs / unitMs)} of ${Math.round(wholeMs / unitMs)} virtual ${unit}`
}

function roughly(ms: number): string {
  return ms < 90_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} m`
}
