import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { plural } from '../../src/base/count.ts'
import { formatDuration } from '../../src/base/duration.ts'
import type { Action, DrawnCase, Moment } from './draw.ts'
import { drawCase } from './draw.ts'
import type { MachineState } from './machine.ts'
import { changesBetween } from './machine.ts'
import type { Acknowledged, Losses } from './records.ts'
import {
  acknowledgedIn,
  countRecords,
  examineWhole,
  filesOf,
  isSound,
  journalOf,
  lossesSince,
  phaseOf,
  runsIn,
} from './records.ts'
import type { Finding, Tally } from './tally.ts'
import { createTally } from './tally.ts'

/** The program at work. */
export interface Running {
  /** SIGKILL, to the orchestrator alone. */
  kill(): void
  /** Its exit status; null where a signal ended it. */
  ended: Promise<number | null>
  said(): string
}

/** Where runs are killed, and what is compared. */
export interface Ground {
  reports: string
  /** How long what is left may take to go. */
  patienceMs: number
  /** Starts the program as a user does. */
  start(args: readonly string[]): Running
  run: readonly string[]
  /** Arguments that clean up after a run, or after all where there is no name yet. */
  cleanup(runId: string | undefined): readonly string[]
  /** Everything that a run could change, without the folder of its records. */
  state(runFolder: string | undefined): Promise<MachineState>
  /** Whether what one case leaves behind would spoil the next. */
  isShared?: true
}

export interface SoakOptions {
  kills: number
  /** Of the first case; the others follow. */
  seed: number
  say(line: string): void
}

/** What takes so many times as long as an undisturbed run hangs, and never less than that. */
const hungTimes = 10
const hungMs = 120_000
const sayEvery = 10

/** An undisturbed run, by which moments are drawn and runs that were resumed are judged. */
interface Reference {
  durationMs: number
  cleanupMs: number
  records: number
  files: readonly string[]
}

/** Kills runs until there were so many kills; says what came of it, and returns whether nothing was found. */
export async function soakKills(ground: Ground, { kills, seed, say }: SoakOptions): Promise<boolean> {
  const reference = await runUndisturbed(ground)
  say(
    `an undisturbed run takes ${formatDuration(reference.durationMs)} and writes ${plural(reference.records, 'record')}`,
  )
  const tally = createTally()
  let told = 0
  for (let next = seed; tally.kills() < kills; next++) {
    const drawn = drawCase(next)
    const problems = await tryCase(drawn, { ground, reference, tally })
    if (problems.length > 0) problems.forEach(say)
    if (problems.length > 0 && ground.isShared) break
    if (Math.floor(tally.kills() / sayEvery) === told) continue
    told = Math.floor(tally.kills() / sayEvery)
    say(tally.line())
  }
  say(tally.line())
  say(`killed in: ${tally.phases()}`)
  return !tally.hasFindings()
}

async function runUndisturbed(ground: Ground): Promise<Reference> {
  const before = await ground.state(undefined)
  const startMs = systemClock.nowMs()
  const running = ground.start(ground.run)
  const status = await running.ended
  const durationMs = systemClock.nowMs() - startMs
  const [runId = ''] = runsIn(ground.reports)
  const folder = join(ground.reports, runId)
  if (!isSound(folder, status)) throw new Error(`a run that nobody disturbed ended with ${status}:\n${running.said()}`)
  const [records, files] = [countRecords(folder), filesOf(folder)]
  const { lost, duplicates, differences } = examineWhole(folder, files)
  const wrong = [...lost, ...duplicates, ...differences, ...(await leftSince(before, ground, folder))]
  if (wrong.length > 0) throw new Error(`a run that nobody disturbed left or lacks:\n${wrong.join('\n')}`)
  const cleanupStartMs = systemClock.nowMs()
  await ground.start(ground.cleanup(runId)).ended
  const cleanupMs = systemClock.nowMs() - cleanupStartMs
  rmSync(folder, { recursive: true })
  return { durationMs, cleanupMs, records, files }
}

interface Surroundings {
  ground: Ground
  reference: Reference
  tally: Tally
}

/** Runs one case; returns what to say of it: nothing where all is well. */
async function tryCase(drawn: DrawnCase, { ground, reference, tally }: Surroundings): Promise<string[]> {
  const known = new Set(runsIn(ground.reports))
  const before = await ground.state(undefined)
  const history: string[] = []
  const problems: string[] = []
  const find = (kind: Finding, sentences: readonly string[]) => {
    tally.note(kind, sentences)
    problems.push(...sentences.map((sentence) => `  ${kind}: ${sentence.slice(0, 300)}`))
  }
  const folder = () => {
    const own = runsIn(ground.reports).find((name) => !known.has(name))
    return own === undefined ? undefined : join(ground.reports, own)
  }
  const take = ({ lost, duplicates, differences }: Losses) => {
    find('lost samples', lost)
    find('duplicates', duplicates)
    find('other failures', differences)
  }
  /** What is known to be on the disk since the last kill. */
  let acknowledged: Acknowledged = new Map()

  /** Lets the program do something until it ends or is killed. */
  const carryOut = async (
    args: readonly string[],
    killed: Moment | undefined,
    usualMs: number,
  ): Promise<number | null> => {
    const running = ground.start(args)
    const atMs = await untilMoment(killed, { running, folder, usualMs, records: reference.records })
    if (atMs === undefined) {
      const status = await withinLimit(running, Math.max(hungMs, hungTimes * reference.durationMs))
      history.push(`${args[0]}: ended with ${status}`)
      if (status !== 0)
        history.push(
          ...running
            .said()
            .trimEnd()
            .split('\n')
            .slice(-12)
            .map((line) => `  | ${line}`),
        )
      return status
    }
    running.kill()
    await running.ended
    const own = folder()
    const phase =
      args[0] === 'cleanup' ? 'clean-up command' : own === undefined ? 'before its folder' : phaseOf(journalOf(own))
    tally.kill(phase)
    history.push(`${args[0]}: killed after ${formatDuration(atMs)}, in: ${phase}`)
    return null
  }
  const compare = () => {
    const own = folder()
    if (own === undefined) return
    take(lossesSince(acknowledged, own))
    acknowledged = acknowledgedIn(own)
  }

  try {
    let status = await carryOut(ground.run, drawn.killed, reference.durationMs)
    let last: Action['command'] | 'run' = 'run'
    if (status === null) {
      compare()
      for (const { command, killed } of drawn.actions) {
        await systemClock.sleep(drawn.pauseMs)
        const own = folder()
        // Nothing is to be resumed of a run that has not begun.
        const canResume = own !== undefined && journalOf(own).length > 0
        last = command === 'resume' && canResume ? 'resume' : 'cleanup'
        const runId = own && basename(own)
        const args = last === 'resume' ? ['resume', runId ?? ''] : ground.cleanup(runId)
        tally.action(last)
        status = await carryOut(args, killed, last === 'resume' ? reference.durationMs : reference.cleanupMs)
        compare()
        // It had ended before its moment came.
        if (status !== null && last === 'resume') break
      }
    }
    const own = folder()
    const isWell = last === 'cleanup' ? status === 0 : isSound(own, status)
    if (!isWell) find('other failures', [`${last} ended with ${status}`])
    if (last !== 'cleanup' && own !== undefined && isWell) take(examineWhole(own, reference.files))
    find('residue', await leftSince(before, ground, own))
    if (own !== undefined)
      find(
        'residue',
        filesOf(own)
          .filter((name) => name.startsWith('state/'))
          .map((name) => `file ${name}`),
      )
    if (own !== undefined && problems.length === 0) rmSync(own, { recursive: true })
  } catch (error) {
    find('other failures', [error instanceof Error ? (error.stack ?? error.message) : String(error)])
  }
  if (problems.length === 0) return []
  const kept = folder()
  return [
    `SEED=${drawn.seed}: ${JSON.stringify(drawn.killed)}`,
    ...history.map((line) => `  ${line}`),
    ...problems,
    ...(kept === undefined ? [] : [`  its folder is kept: ${kept}`]),
  ]
}

/** Waits for a moment; returns when that was, since the beginning, or undefined where the program had ended before. */
async function untilMoment(
  moment: Moment | undefined,
  {
    running,
    folder,
    usualMs,
    records,
  }: { running: Running; folder(): string | undefined; usualMs: number; records: number },
): Promise<number | undefined> {
  if (moment === undefined) return undefined
  let isOver = false
  running.ended.then(
    () => {
      isOver = true
    },
    () => {
      isOver = true
    },
  )
  const startMs = systemClock.nowMs()
  const elapsedMs = () => systemClock.nowMs() - startMs
  const hasCome = () => {
    if (moment.of === 'time') return elapsedMs() >= moment.share * usualMs
    const own = folder()
    return own !== undefined && countRecords(own) >= Math.max(1, Math.round(moment.share * records))
  }
  while (!isOver && !hasCome()) await systemClock.sleep(5)
  if (!isOver && moment.of === 'journal') await systemClock.sleep(moment.delayMs)
  return isOver ? undefined : elapsedMs()
}

async function withinLimit(running: Running, limitMs: number): Promise<number | null> {
  const ending = new AbortController()
  const late = systemClock.sleep(limitMs, ending.signal).then(
    () => running.kill(),
    () => undefined,
  )
  const status = await running.ended
  ending.abort()
  await late
  return status
}

/** What differs from before, once that has had its time to go. */
async function leftSince(before: MachineState, ground: Ground, runFolder: string | undefined): Promise<string[]> {
  const deadlineMs = systemClock.nowMs() + ground.patienceMs
  for (;;) {
    const left = changesBetween(before, await ground.state(runFolder))
    if (left.length === 0 || systemClock.nowMs() > deadlineMs) return left
    await systemClock.sleep(100)
  }
}
