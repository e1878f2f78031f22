import { formatDuration } from '../base/duration.ts'
import type { StepProgress } from '../steps/step.ts'

/** Turns the progress of one step into a line with rate and time left. */
export interface ProgressLine {
  update(progress: StepProgress, nowMs: number): string
}

const barWidth = 20

/** A line for one step; rate and time left are averages since counting began. */
export function createProgressLine(): ProgressLine {
  let first: { done: number; atMs: number } | undefined
  return {
    update({ text, done, total, unit }, nowMs) {
      if (done === undefined || total === undefined) return text ?? ''
      first ??= { done, atMs: nowMs }
      const filled = Math.round(Math.min(1, Math.max(0, done / total)) * barWidth)
      const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`
      const perMs = (done - first.done) / (nowMs - first.atMs)
      const rate = perMs > 0 && Number.isFinite(perMs) ? `, ${(perMs * 1000).toFixed(1)}/s` : ''
      const left = rate !== '' && done < total ? `, ${formatDuration((total - done) / perMs)} left` : ''
      return `${bar} ${done}/${total}${unit === undefined ? '' : ` ${unit}`}${rate}${left}`
    },
  }
}
