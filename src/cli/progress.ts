import { formatDuration } from '../base/duration.ts'
import type { Progress } from '../base/progress.ts'

/** Turns the progress of one step into a line with rate and time left. */
export interface ProgressLine {
  update(progress: Progress, nowMs: number): string
}

const barWidth = 20

/** Rate and time left are averages over about so long: long enough to be calm, short enough to be true. */
const windowMs = 15_000

/** A line for one step. */
export function createProgressLine(): ProgressLine {
  const recent: { done: number; atMs: number }[] = []
  let counted: string | undefined
  return {
    update({ text, done, total, unit }, nowMs) {
      if (done === undefined || total === undefined) return text ?? ''
      // A step may count one thing after another.
      if (unit !== counted) recent.length = 0
      counted = unit
      if (nowMs - (recent.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY) >= windowMs / 30) recent.push({ done, atMs: nowMs })
      while (recent.length > 2 && nowMs - (recent[1]?.atMs ?? nowMs) > windowMs) recent.shift()
      const filled = Math.round(Math.min(1, Math.max(0, done / total)) * barWidth)
      const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`
      const [since] = recent
      const perMs = since === undefined ? 0 : (done - since.done) / (nowMs - since.atMs)
      const rate = perMs > 0 && Number.isFinite(perMs) ? `, ${(perMs * 1000).toFixed(1)}/s` : ''
      const left = rate !== '' && done < total ? `, ${formatDuration((total - done) / perMs)} left` : ''
      const beside = text === undefined ? '' : `; ${text}`
      return `${bar} ${done}/${total}${unit === undefined ? '' : ` ${unit}`}${rate}${left}${beside}`
    },
  }
}
