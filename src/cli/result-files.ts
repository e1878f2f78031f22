import { join } from 'node:path'
import { Failure } from '../base/errors.ts'
import { kindOf, listFolder, remove, writeFileWhole, writtenAtMs } from '../base/files.ts'
import { readJsonFile } from '../base/json-file.ts'
import type { ArmOutcome, Result } from '../result/result.ts'
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

/** Writes one arm of a result, with what there is to say of the run so far. Throws `Failure('infrastructure')`. */
export function writeArm(soFar: Result, arm: ArmOutcome, runFolder: string): void {
  const name = `${String(arm.order).padStart(4, '0')}.json`
  writeJson(join(runFolder, armsFolder, name), { ...soFar, arms: [arm] })
}

/** Takes the result of a run that goes on apart again into its arms: what is there if it is killed once more. Throws `Failure('infrastructure')`. */
export function takeApart(result: Result, runFolder: string): void {
  for (const arm of result.arms) writeArm(result, arm, runFolder)
  remove(join(runFolder, resultFile))
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

/** Whether a run came so far that it wrote its result, whole or partial. */
export function hasEnded(runFolder: string): boolean {
  return kindOf(join(runFolder, resultFile)) !== undefined
}

/** When the newest figures of a run were written, in milliseconds since 1970; undefined where it has none. */
export function resultsWrittenAtMs(runFolder: string): number | undefined {
  const file = newestFile(runFolder)
  return file === undefined ? undefined : writtenAtMs(file)
}

function newestFile(runFolder: string): string | undefined {
  if (hasEnded(runFolder)) return join(runFolder, resultFile)
  return armFiles(runFolder)
    .map((file) => ({ file, atMs: writtenAtMs(file) }))
    .toSorted((one, other) => one.atMs - other.atMs)
    .at(-1)?.file
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
  if (hasEnded(runFolder)) return readJson(join(runFolder, resultFile))
  const sofar = armFiles(runFolder).map(readJson)
  const [newest] = sofar.toSorted((one, other) => other.durationMs - one.durationMs)
  if (newest === undefined) throw new Failure('bad-input', `there is no result in ${runFolder}`, { next: nameRun })
  return { ...newest, arms: sofar.flatMap(({ arms }) => arms) }
}

function readJson(path: string): Result {
  return readJsonFile(path, resultSchema, { what: 'a result', next: nameRun, upgrade: upgraded })
}
