import { join } from 'node:path'
import { exitCodes, Failure } from '../base/errors.ts'
import { kindOf, readTextFile, writeFileWhole } from '../base/files.ts'
import { baselinePrefix } from '../plan/threshold.ts'
import { formatTaken } from '../report/format.ts'
import { judgedAgain } from '../run/judge-again.ts'
import { baselineFolder, baselineNames, baselinePlace } from './baselines.ts'
import type { CompareOptions } from './compare-command.ts'
import { compareSides, sideOf } from './compare-command.ts'
import { readResult } from './result-files.ts'
import { inReports, openSharedFolder } from './run-folder.ts'
import { findRun } from './saved-runs.ts'
import type { Surroundings } from './surroundings.ts'

/** Keeps a result as a baseline, of the newest run when none is named; returns the exit status. */
export function baselineSetCommand(
  name: string,
  run: string | undefined,
  { replace = false }: { replace?: boolean },
  { folders: { reports }, terminal }: Surroundings,
): number {
  const place = baselinePlace(name, reports)
  if (kindOf(place) !== undefined && !replace)
    throw new Failure('bad-input', `baseline ${name} already exists`, { next: 'Overwrite it with --replace' })
  const from = findRun(run, reports)
  const result = judgedAgain(readResult(from))
  if (result.partial)
    throw new Failure('bad-input', `${from} is partial: a baseline needs a finished run`, {
      next: `Finish it: npm run scale-test -- resume ${result.run}`,
    })
  const plan = join(from, 'plan.json')
  const texts = [
    ['result.json', `${JSON.stringify(result, null, 2)}\n`] as const,
    ...(kindOf(plan) === 'file' ? [['plan.json', readTextFile(plan)] as const] : []),
  ]
  const folder = openSharedFolder(place)
  try {
    inReports(() => texts.forEach(([file, text]) => void writeFileWhole(join(folder.path, file), text)))
  } catch (error) {
    folder.discard()
    throw error
  }
  folder.finish(true)
  terminal.print(
    `baseline ${name} is ${result.run} (${result.plan}, ${result.verdict}, ${result.evidence}, ${formatTaken(result)})`,
  )
  return exitCodes.pass
}

/** Compares a run with a baseline, the newest run when none is named; returns 1 if a headline figure is worse. */
export function baselineCheckCommand(
  name: string,
  run: string | undefined,
  options: CompareOptions,
  surroundings: Surroundings,
): number {
  const { reports } = surroundings.folders
  baselineFolder(name, reports)
  const folder = findRun(run, reports)
  const sides = [sideOf(`${baselinePrefix}${name}`, 'A', reports), sideOf(folder, 'B', reports)]
  const named = sides.map((side, index) => (index === 0 ? side : { ...side, name: side.result.run }))
  return compareSides(named, options, { folder: options.output ?? folder, name: `baseline-${name}` }, surroundings)
}

/** Lists the baselines there are; returns the exit status. */
export function baselineListCommand({ folders: { reports }, terminal }: Surroundings): number {
  const names = baselineNames(reports)
  if (names.length === 0)
    terminal.print('there are no baselines yet; save one with: npm run scale-test -- baseline set NAME RUN')
  for (const name of names) {
    const { run, plan, verdict, evidence, versions } = readResult(baselinePlace(name, reports))
    const version = versions['kube-apiserver']
    terminal.print(
      `${name}: ${plan}, ${verdict} (${evidence})${version === undefined ? '' : `, Kubernetes ${version}`}, from ${run}`,
    )
  }
  return exitCodes.pass
}
