import { basename, dirname, join, relative } from 'node:path'
import process from 'node:process'
import { Failure } from '../base/errors.ts'
import { isFile, kindOf, makeFolder, readTextFile, writeFileWhole } from '../base/files.ts'
import type { WrittenPlan } from '../plan/likeness.ts'
import { writtenPlanIn } from '../plan/likeness.ts'
import { baselinePrefix } from '../plan/threshold.ts'
import { renderCrossRunHtml } from '../report/cross-run/html.ts'
import { renderCrossRunJunit } from '../report/cross-run/junit.ts'
import { renderCrossRunMarkdown } from '../report/cross-run/markdown.ts'
import type { ArmChoice, Side } from '../report/cross-run/sides.ts'
import { letterAt, mostSides, refuseUnlike } from '../report/cross-run/sides.ts'
import { renderCrossRun } from '../report/cross-run/text.ts'
import type { CrossRunView } from '../report/cross-run/view.ts'
import { crossRunViewOf } from '../report/cross-run/view.ts'
import type { Verdict } from '../result/result.ts'
import { judgedAgain } from '../run/judge-again.ts'
import { stepViews } from '../steps/views.ts'
import { baselineFolder } from './baselines.ts'
import { exitCodeOfVerdict } from './exit.ts'
import { readResult } from './result-files.ts'
import { inReports } from './run-folder.ts'
import { findRun } from './saved-runs.ts'
import type { Surroundings } from './surroundings.ts'

/** What `compare` is given on the command line. */
export interface CompareOptions {
  /** One arm, which all of them have. */
  arm?: string
  /** `BEFORE=AFTER`: arms of different names. */
  arms?: string
  /** Compare what is not of the same experiment. */
  unlike?: boolean
  /** Where to write its pages. */
  output?: string
}

/** Compares saved results, the first one being the baseline; returns the exit status of what was found. */
export function compareCommand(runs: readonly string[], options: CompareOptions, surroundings: Surroundings): number {
  const { reports } = surroundings.folders
  if (runs.length < 2 || runs.length > mostSides)
    throw new Failure('bad-input', `expected 2 to ${mostSides} results, got ${runs.length}`, {
      next: 'npm run scale-test -- compare RUN RUN (folders in reports/, or baseline:NAME)',
    })
  const sides = runs.map((run, index) => sideOf(run, letterAt(index), reports))
  const folder =
    options.output ??
    join(reports, 'comparisons', sides.map(({ name }) => basename(name.replace(':', '-'))).join('-against-'))
  return compareSides(sides, options, { folder, name: 'compare' }, surroundings)
}

/** Compares results and writes the pages into a folder, under a name. */
export function compareSides(
  sides: readonly Side[],
  options: CompareOptions,
  place: { folder: string; name: string },
  { terminal, styles }: Pick<Surroundings, 'terminal' | 'styles'>,
): number {
  if (options.unlike !== true) refuseUnlike(sides)
  const view = crossRunViewOf(sides, { views: stepViews, choice: choiceOf(options) })
  const reportPath = relative(
    process.cwd(),
    inReports(() => writeCrossRun(view, place)),
  )
  terminal.print(renderCrossRun(view, { reportPath, styles }))
  return exitCodeOfVerdict(view.verdict satisfies Verdict)
}

function writeCrossRun(view: CrossRunView, { folder, name }: { folder: string; name: string }): string {
  makeFolder(folder)
  const write = (extension: string, text: string) => writeFileWhole(join(folder, `${name}.${extension}`), text)
  write('html', renderCrossRunHtml(view))
  write('md', renderCrossRunMarkdown(view))
  write('xml', renderCrossRunJunit(view))
  return join(folder, `${name}.html`)
}

/** A saved result: a folder of reports by its name or path, a result.json, or `baseline:NAME`. Throws `Failure('bad-input')`. */
export function sideOf(name: string, letter: string, reports: string): Side {
  const folder = folderOf(name, reports)
  const result = judgedAgain(readResult(folder))
  const plan = planIn(folder)
  return { letter, name, result, ...(plan !== undefined && { plan }) }
}

function folderOf(name: string, reports: string): string {
  if (name.startsWith(baselinePrefix)) return baselineFolder(name.slice(baselinePrefix.length), reports)
  return isFile(name) && basename(name) === 'result.json' ? dirname(name) : findRun(name, reports)
}

/** What `plan.json` says; undefined where there is none, or it cannot be read. */
function planIn(folder: string): WrittenPlan | undefined {
  const file = join(folder, 'plan.json')
  if (kindOf(file) === undefined) return undefined
  try {
    return writtenPlanIn(JSON.parse(readTextFile(file)))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function choiceOf({ arm, arms }: CompareOptions): ArmChoice {
  if (arms === undefined) return arm === undefined ? {} : { arm }
  const [before = '', after = '', ...more] = arms.split('=')
  if (before === '' || after === '' || more.length > 0)
    throw new Failure('bad-input', `--arms must be BEFORE=AFTER, not ${JSON.stringify(arms)}`, {
      next: 'Name an arm of the first result and one of the others: --arms v1.36=v1.37',
    })
  return { pair: { before, after } }
}
