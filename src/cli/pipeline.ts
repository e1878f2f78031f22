import { isAbsolute, relative, resolve } from 'node:path'
import process from 'node:process'
import { systemClock } from '../base/clock.ts'
import { Failure, messageOf } from '../base/errors.ts'
import { machineFailure } from '../base/file-failures.ts'
import { kindOf, openLineFile, sizeBytes, writeFileWhole } from '../base/files.ts'
import type { Annotation } from '../report/github.ts'
import type { ReportView } from '../report/view.ts'
import type { RunEnding } from '../run/event-line.ts'
import type { RunEventSink } from '../run/events.ts'
import { asInstallationFailure, exitCodeOfError } from './exit.ts'
import type { JsonStream } from './json-stream.ts'
import { jsonStream } from './json-stream.ts'
import type { Surroundings } from './surroundings.ts'

/** What a command is asked to tell programs. */
export interface PipelineOptions {
  /** A file for the test report, beside the one in the run's folder. */
  junit?: string
  /** Whether standard output is a stream of events. */
  json?: boolean
}

/** What a command tells programs, beside its exit status: a JUnit file, a stream of events, and GitHub where it runs there. */
export interface Pipeline {
  /** The surroundings of the work: where standard output is a stream of events, text goes to standard error. */
  surroundings: Surroundings
  emit: RunEventSink
  /** Tells of a result. Throws `Failure('infrastructure')` where a file cannot be written. */
  deliver(view: ReportView): Promise<void>
  /** Says how the command ends, in the stream. */
  finish(ending: RunEnding): void
}

/**
 * Does the work of a command, and tells programs of what keeps it from a result: a pipeline that waits for a file gets one also when a plan
 * has mistakes or nothing could be started. `name` stands for the plan that may not even be readable.
 */
export async function withPipeline(
  name: string,
  options: PipelineOptions,
  surroundings: Surroundings,
  work: (pipeline: Pipeline) => Promise<number> | number,
): Promise<number> {
  const stream = options.json === true ? jsonStream(surroundings.terminal, systemClock.nowMs) : undefined
  try {
    return await work(pipelineOf(options, stream, surroundings))
  } catch (thrown) {
    const error = asInstallationFailure(machineFailure(thrown))
    try {
      await tellOfFailure(error, name, options, surroundings)
    } catch (second) {
      // The first error is the one that is thrown on.
      surroundings.terminal.printError(messageOf(second))
    }
    stream?.finish(endingOf(error, surroundings))
    throw error
  }
}

function pipelineOf({ junit }: PipelineOptions, stream: JsonStream | undefined, surroundings: Surroundings): Pipeline {
  return {
    surroundings: stream === undefined ? surroundings : { ...surroundings, terminal: stream.terminal },
    emit: (event) => stream?.emit(event),
    async deliver(view) {
      if (junit !== undefined) writeFileWhole(junit, (await import('../report/junit.ts')).renderJunit(view))
      if (!isGitHub(surroundings)) return
      const { annotationsOf } = await import('../report/github.ts')
      await annotate(annotationsOf(view), surroundings)
      await summarize(view, surroundings)
    },
    finish: (ending) => stream?.finish(ending),
  }
}

async function tellOfFailure(
  error: unknown,
  name: string,
  { junit }: PipelineOptions,
  surroundings: Surroundings,
): Promise<void> {
  const failure = error instanceof Failure ? error : undefined
  if (isGitHub(surroundings)) {
    const message = failure?.next === undefined ? messageOf(error) : `${messageOf(error)}\n\n${failure.next}`
    const mistakes = failure?.mistakes ?? []
    const annotations = mistakes.map(({ file, line, message }) => ({ title: 'scale-test', message, file, line }))
    await annotate(mistakes.length > 0 ? annotations : [{ title: 'scale-test', message }], surroundings)
  }
  if (junit === undefined) return
  const { renderJunitOfFailure } = await import('../report/junit.ts')
  writeFileWhole(junit, renderJunitOfFailure(name, error, failure))
}

function endingOf(error: unknown, { interruption }: Surroundings): RunEnding {
  return {
    ...{ run: null, verdict: null, partial: false, evidence: null, reasons: [], report: null, result: null },
    exitCode: exitCodeOfError(error, interruption.signalName),
    error: errorForPrograms(error),
  }
}

/** An error as the stream of events has it. */
export function errorForPrograms(error: unknown): RunEnding['error'] {
  if (error === undefined) return null
  if (!(error instanceof Failure)) return { kind: 'bug', message: messageOf(error), next: null }
  return { kind: error.kind, message: error.message, next: error.next ?? null }
}

function isGitHub({ env }: Pick<Surroundings, 'env'>): boolean {
  return env['GITHUB_ACTIONS'] === 'true'
}

/** GitHub reads commands from standard error as well, which a stream of events leaves free. */
async function annotate(annotations: readonly Annotation[], { terminal, env }: Surroundings): Promise<void> {
  const { renderAnnotation } = await import('../report/github.ts')
  for (const annotation of annotations)
    terminal.printError(renderAnnotation({ ...annotation, file: inWorkspace(annotation.file, env) }))
}

/** GitHub shows annotations at files of the repository, by their path in it. */
function inWorkspace(file: string | undefined, env: Surroundings['env']): string | undefined {
  const workspace = env['GITHUB_WORKSPACE']
  if (file === undefined || workspace === undefined) return file
  const inside = relative(workspace, resolve(process.cwd(), file))
  return inside.startsWith('..') || isAbsolute(inside) ? file : inside
}

async function summarize(view: ReportView, { env }: Surroundings): Promise<void> {
  const file = env['GITHUB_STEP_SUMMARY']
  if (file === undefined || file === '') return
  const { fitted, largestSummaryBytes } = await import('../report/github.ts')
  const { renderMarkdown } = await import('../report/markdown.ts')
  const writtenBytes = kindOf(file) === 'file' ? sizeBytes(file) : 0
  const text = fitted(renderMarkdown(view), largestSummaryBytes - writtenBytes - 1)
  if (text === '') return
  const summary = openLineFile(file)
  try {
    summary.append(text)
  } finally {
    summary.close()
  }
}
