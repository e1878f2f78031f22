import type { ListrTask } from 'listr2'
import { Listr } from 'listr2'
import { formatDuration } from '../base/duration.ts'
import { printable } from '../base/printable.ts'
import type { RunEvent, RunEventSink } from '../run/events.ts'
import type { ProgressLine } from './progress.ts'
import { createProgressLine } from './progress.ts'
import type { Styles } from './terminal.ts'
import { cutAtWord } from './wrap.ts'

type TaskWrapper = Parameters<ListrTask['task']>[1]

/** How a step ended, for the line that shows it. */
type Ending =
  | { kind: 'done'; text: string; durationMs: number }
  | { kind: 'failed'; message: string }
  | { kind: 'skipped' }

interface StepLine {
  title: string
  ended: PromiseWithResolvers<Ending>
  progress: ProgressLine
  task?: TaskWrapper
}

/** An arm of another thread may be over before its task begins. */
interface ArmLine {
  title: string
  task: TaskWrapper | undefined
  /** Its last step waits for that: a list that is done draws no title any more. */
  over: PromiseWithResolvers<void>
}

/** Durations stand below each other. */
const durationWidth = 9

/** What the list puts before a step's title, and what stands between that and its duration. */
const besideTitle = 10

/** Of more arms, those that are done take a line each: their figures are in the summary. */
const mostOpenArms = 2

/** Redraws cost about half a millisecond each: four a second are enough for the eye. */
const redrawMs = 250

/**
 * The run as a list that redraws itself. The run is not driven by it: each task here only waits for the event that
 * tells how its step ended.
 */
export function listrView(
  styles: Styles,
  nowMs: () => number,
  columns: () => number,
): { emit: RunEventSink; finished: Promise<void> } {
  const lines = new Map<string, StepLine>()
  /** Whether an arm's first step began, or the run ended before. */
  const armBegins = new Map<string, PromiseWithResolvers<boolean>>()
  const armLines = new Map<string, ArmLine>()
  const finished = Promise.withResolvers<void>()
  let drawnAtMs = Number.NEGATIVE_INFINITY

  const lineOf = ({ armId, stepId }: { armId: string; stepId: string }) => lines.get(`${armId}/${stepId}`)
  const skipAll = () => {
    for (const begins of armBegins.values()) begins.resolve(false)
    for (const { ended } of lines.values()) ended.resolve({ kind: 'skipped' })
    for (const { over } of armLines.values()) over.resolve()
  }

  const timed = (durationMs: number, title: string) =>
    `${styles.dim(formatDuration(durationMs).padStart(durationWidth))}  ${title}`
  const titleOf = (title: string, { text, durationMs }: { text: string; durationMs: number }) => {
    if (text === '') return timed(durationMs, title)
    const room = columns() - besideTitle - durationWidth - title.length
    return timed(durationMs, `${title}: ${styles.bold(cutAtWord(text, room))}`)
  }

  const stepTask = (line: StepLine, until?: Promise<void>): ListrTask => ({
    title: line.title,
    task: async (_, task: TaskWrapper) => {
      line.task = task
      const ending = await line.ended.promise
      await until
      if (ending.kind === 'failed') throw new Error(ending.message)
      if (ending.kind === 'skipped') task.skip(styles.dim(`${line.title}: not reached`))
      else task.title = titleOf(line.title, ending)
    },
  })

  const start = (event: Extract<RunEvent, { type: 'run-started' }>) => {
    const arms = event.outline.map((arm): ListrTask => {
      const own: ArmLine = { title: styles.bold(arm.title), task: undefined, over: Promise.withResolvers() }
      const steps = arm.steps.map(({ stepId, title }, index) => {
        const line: StepLine = { title, ended: Promise.withResolvers(), progress: createProgressLine() }
        lines.set(`${arm.armId}/${stepId}`, line)
        return stepTask(line, index === arm.steps.length - 1 ? own.over.promise : undefined)
      })
      const begins = Promise.withResolvers<boolean>()
      armBegins.set(arm.armId, begins)
      armLines.set(arm.armId, own)
      return {
        title: own.title,
        task: async (_, task) => {
          own.task = task
          task.title = own.title
          if (await begins.promise) return task.newListr(steps, { exitOnError: false })
          return task.skip(styles.dim(`${arm.title}: not reached`))
        },
      }
    })
    const list = new Listr(arms, {
      exitOnError: false,
      // Its own handler would end the process before anything is cleaned up.
      registerSignalListeners: false,
      rendererOptions: {
        collapseSubtasks: event.outline.length > mostOpenArms,
        collapseSkips: true,
        suffixSkips: false,
        formatOutput: 'truncate',
        showErrorMessage: true,
        collapseErrors: false,
      },
    })
    list.run().then(() => finished.resolve(), finished.reject)
  }

  const emit: RunEventSink = (event) => {
    switch (event.type) {
      case 'run-started':
        start(event)
        break
      case 'step-started':
        armBegins.get(event.armId)?.resolve(true)
        break
      case 'step-progress': {
        const line = lineOf(event)
        const text = line?.progress.update(event, nowMs()) ?? ''
        if (line?.task === undefined || nowMs() - drawnAtMs < redrawMs) break
        drawnAtMs = nowMs()
        line.task.output = printable(text)
        break
      }
      case 'step-finished':
        lineOf(event)?.ended.resolve({
          kind: 'done',
          text: printable(event.text ?? ''),
          durationMs: event.durationMs,
        })
        break
      case 'step-failed':
        lineOf(event)?.ended.resolve({ kind: 'failed', message: printable(event.message) })
        for (const [key, { ended }] of lines) {
          if (key.startsWith(`${event.armId}/`) && !key.endsWith('/clean-up')) ended.resolve({ kind: 'skipped' })
        }
        break
      case 'arm-finished': {
        const arm = armLines.get(event.armId)
        if (arm === undefined) break
        arm.title = timed(event.durationMs, arm.title)
        if (arm.task !== undefined) arm.task.title = arm.title
        arm.over.resolve()
        break
      }
      case 'run-finished':
        skipAll()
        break
    }
  }
  return { emit, finished: finished.promise }
}
