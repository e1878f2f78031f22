import { join } from 'node:path'
import { Failure } from '../base/errors.ts'
import { kindOf, listFolder, remove, writeFileWhole, writtenAtMs } from '../base/files.ts'
import { readJsonFile } from '../base/json-file.ts'
import type { Result } from '../result/result.ts'
import { resultSchemaOf } from '../result/result.ts'
import { upgraded } from '../result/upgrade.ts'
import { stepKinds } from '../steps/registry.ts'

/*
 * What a run keeps for programs, in its folder: each arm as it is finished, in a file of its own, and the whole result at the end,
 * in place of them.
 */

const resultSchema = resultSchemaOf(stepKinds)
/** The whole result, in a run's folder. */
export const resultFile = 'result.json'
const armsFolder = 'arms'
const nameRun = 'Name a run: a folder in reports/'

/** Writes the newest arm of a result, with what there is to say of the run so far. Throws `Failure('infrastructure')`. */
export function writeArm(soFar: Result, runFolder: string): void {
  const name = `${String(soFar.arms.length).padStart(4, '0')}.json`
  writeJson(join(runFolder, armsFolder, name), { ...soFar, arms: soFar.arms.slice(-1) })
}

/** Writes the result of a run, whole or partial. Throws `Failure('infrastructure')`. */
export function writeResult(result: Result, runFolder: string): void {
  writeJson(join(runFolder, resultFile), result)
  remove(join(runFolder, armsFolder))
}

function writeJson(path: string, value: object): void {
  writeFileWhole(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** Whether a run has a result, or at least an arm that it finished. */
export function hasResults(runFolder: string): boolean {
  return newestFile(runFolder) !== undefined
}

/** When the newest figures of a run were written, in milliseconds since 1970; undefined where it has none. */
export function resultsWrittenAtMs(runFolder: string): number | undefined {
  const file = newestFile(runFolder)
  return file === undefined ? undefined : writtenAtMs(file)
}

function newestFile(runFolder: string): string | undefined {
  const whole = join(runFolder, resultFile)
  return kindOf(whole) === undefined ? armFiles(runFolder).at(-1) : whole
}

function armFiles(runFolder: string): string[] {
  const folder = join(runFolder, armsFolder)
  return listFolder(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name))
}

/**
 * The result of a run; for one that was killed, the arms that it had finished, marked partial. Throws `Failure('bad-input')` where
 * there is neither, or something else.
 */
export function readResult(runFolder: string): Result {
  const whole = join(runFolder, resultFile)
  if (kindOf(whole) !== undefined) return readJson(whole)
  const sofar = armFiles(runFolder).map(readJson)
  const last = sofar.at(-1)
  if (last === undefined) throw new Failure('bad-input', `there is no result in ${runFolder}`, { next: nameRun })
  return { ...last, arms: sofar.flatMap(({ arms }) => arms) }
}

function readJson(path: string): Result {
  return readJsonFile(path, resultSchema, { what: 'a result', next: nameRun, upgrade: upgraded })
}
