import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { listTree } from '../../src/base/files.ts'
import type { SampleLine } from '../../src/result/sample-line.ts'
import { sampleLine } from '../../src/result/sample-line.ts'
import type { JournalRecord } from '../../src/run/journal.ts'
import { readJournal } from '../../src/run/journal.ts'
import { endedWell, fillIn, probesIn, resultSchema } from '../../src/testing/outcomes.ts'

/** Samples that may not be lost any more, of each arm that is done: lines as they are in the file. */
export type Acknowledged = ReadonlyMap<string, readonly string[]>

/** What is wrong with a run's records, in sentences. */
export interface Losses {
  /** Samples that are gone, or changed. */
  lost: string[]
  /** Samples, pods, objects or arms that are there more often than once. */
  duplicates: string[]
  /** Anything else that an undisturbed run has and this one has not, or the other way round. */
  differences: string[]
}

const fileOf = (folder: string, name: string) => join(folder, name)

/** Records of a run's journal, as far as it can be read; none where there is no journal yet. */
export function journalOf(folder: string): JournalRecord[] {
  const file = fileOf(folder, 'journal.ndjson')
  return existsSync(file) ? readJournal(file).records : []
}

/** Whether a run that ended with this status is sound: it passed, or a busy machine made it uncertain. */
export function isSound(folder: string | undefined, status: number | null): boolean {
  const file = folder === undefined ? undefined : fileOf(folder, 'result.json')
  if (file === undefined || !existsSync(file)) return status === 0
  return endedWell(status, resultSchema.parse(JSON.parse(readFileSync(file, 'utf8'))))
}

/** How many records a journal has just now, without reading what they say. */
export function countRecords(folder: string): number {
  const file = fileOf(folder, 'journal.ndjson')
  if (!existsSync(file) || statSync(file).size === 0) return 0
  return readFileSync(file, 'latin1').split('\n').length - 1
}

/** What a run was at when it was killed, such as `fleet`, by the last step that its journal names. */
export function phaseOf(records: readonly JournalRecord[]): string {
  if (records.length === 0) return 'before the journal'
  const last = records.findLast(({ type }) => /^(step-started|arm-finished|run-(started|resumed|finished))$/.test(type))
  if (last?.type === 'step-started') return String(last['stepId'])
  if (last?.type === 'arm-finished') return 'between arms'
  return last?.type === 'run-finished' ? 'after the run' : 'beginning'
}

/** The samples of the arms that a run's journal says are done. */
export function acknowledgedIn(folder: string): Acknowledged {
  const done = completeArms(journalOf(folder))
  const file = fileOf(folder, 'samples.ndjson')
  const lines = existsSync(file) ? linesOf(file) : []
  const of = new Map(done.map((armId) => [armId, [] as string[]]))
  for (const line of lines)
    for (const armId of of.keys()) if (line.includes(`"armId":"${armId}"`)) of.get(armId)?.push(line)
  return of
}

/** Compares what was acknowledged with what is there now. */
export function lossesSince(acknowledged: Acknowledged, folder: string): Losses {
  const now = acknowledgedIn(folder)
  const losses: Losses = { lost: [], duplicates: [], differences: [] }
  for (const [armId, lines] of acknowledged) {
    const left = countsOf(now.get(armId) ?? [])
    for (const line of lines) {
      const count = left.get(line) ?? 0
      if (count === 0) losses.lost.push(`sample: ${line.slice(0, 200)}`)
      else left.set(line, count - 1)
    }
    for (const [line, count] of left)
      if (count > 0) losses.duplicates.push(`sample ${count} times more: ${line.slice(0, 200)}`)
  }
  return losses
}

/** The names of all files of a run, without what only some runs have: logs that earlier sessions left. */
export function filesOf(folder: string): string[] {
  return listTree(folder)
    .filter((name) => !name.includes('.attempt-') && statSync(join(folder, name)).isFile())
    .sort()
}

/**
 * Looks whether a run that was resumed is whole: each arm once, each object once, every file that an undisturbed run has and no other.
 * `files` are those of an undisturbed run.
 */
export function examineWhole(folder: string, files: readonly string[]): Losses {
  const losses: Losses = { lost: [], duplicates: [], differences: [] }
  const { lost, duplicates, differences } = losses
  const found = filesOf(folder)
  differences.push(
    ...found.filter((name) => !files.includes(name)).map((name) => `file that belongs to no run: ${name}`),
  )
  differences.push(...files.filter((name) => !found.includes(name)).map((name) => `file is missing: ${name}`))
  if (!existsSync(fileOf(folder, 'result.json'))) return losses

  const result = resultSchema.parse(JSON.parse(readFileSync(fileOf(folder, 'result.json'), 'utf8')))
  const records = journalOf(folder)
  const planned = plannedArms(records)
  const arms = result.arms.map(({ id }) => id)
  duplicates.push(...repeatedIn(arms).map((armId) => `arm ${armId} in the result`))
  duplicates.push(...repeatedIn(completeArms(records)).map((armId) => `arm ${armId} done in the journal`))
  differences.push(...planned.filter((armId) => !arms.includes(armId)).map((armId) => `arm ${armId} is missing`))
  if (result.partial) differences.push('the result is partial')
  for (const arm of result.arms) {
    if (arm.outcome !== 'complete') differences.push(`${arm.id} is ${arm.outcome}`)
    for (const [resource, { expected, observed, failed }] of Object.entries(fillIn(arm)?.objects ?? {})) {
      if (observed > expected) duplicates.push(`${arm.id}: ${observed} of ${expected} ${resource}`)
      if (observed < expected || failed > 0) differences.push(`${arm.id}: ${observed} of ${expected} ${resource}`)
    }
    for (const { name, pods } of [...probesIn(arm), { name: 'fill', pods: fillIn(arm)?.pods }]) {
      if (pods === undefined) differences.push(`${arm.id}: no fill`)
      else if (pods.unexpected > 0) duplicates.push(`${arm.id}, ${name}: ${pods.unexpected} pods too many`)
      else if (pods.created !== pods.expected)
        differences.push(`${arm.id}, ${name}: ${pods.created} of ${pods.expected} pods`)
    }
  }
  const samples = linesOf(fileOf(folder, 'samples.ndjson')).map((line) => sampleLine.parse(JSON.parse(line)))
  for (const armId of planned) {
    const own = samples.filter((sample) => sample.armId === armId)
    if (own.length === 0) lost.push(`${armId} has no samples`)
    examinePods(armId, own, losses)
    const steps = own.flatMap((sample) => (sample.kind === 'step' ? [`${sample.step} ${sample.event}`] : []))
    duplicates.push(...repeatedIn(steps).map((step) => `${armId}: step ${step}`))
  }
  return losses
}

/** Each pod is told once, and as many as are said to be. */
function examinePods(armId: string, samples: readonly SampleLine[], { lost, duplicates }: Losses): void {
  const pods = samples.flatMap((sample) => (sample.kind === 'pod' ? [sample] : []))
  for (const sample of samples) {
    if (sample.kind !== 'pods') continue
    const told = pods.filter(({ probe }) => probe === sample.probe)
    duplicates.push(...repeatedIn(told.map(({ uid }) => uid)).map((uid) => `${armId}: pod ${uid} of ${sample.probe}`))
    if (told.length < sample.count) lost.push(`${armId}: ${told.length} of ${sample.count} pods of ${sample.probe}`)
  }
}

function completeArms(records: readonly JournalRecord[]): string[] {
  return records
    .filter(({ type, outcome }) => type === 'arm-finished' && outcome === 'complete')
    .map(({ armId }) => String(armId))
}

function plannedArms(records: readonly JournalRecord[]): string[] {
  const outline = records.find(({ type }) => type === 'run-started')?.['outline']
  return (outline as { armId: string }[] | undefined)?.map(({ armId }) => armId) ?? []
}

/** Whole lines only: the last one may be torn. */
function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}

function countsOf(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

function repeatedIn(names: readonly string[]): string[] {
  return [...countsOf(names)].flatMap(([name, count]) => (count > 1 ? [name] : []))
}

/** The folders of runs in a folder of reports. */
export function runsIn(reports: string): string[] {
  if (!existsSync(reports)) return []
  return readdirSync(reports)
    .filter((name) => statSync(join(reports, name)).isDirectory())
    .sort()
}
