import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resumeCommand } from '../../src/cli/resume-command.ts'
import { runCommand } from '../../src/cli/run-command.ts'
import type { Result } from '../../src/result/result.ts'
import { journalLine } from '../../src/run/journal.ts'
import { surroundingsForTests } from '../../src/testing/surroundings.ts'
import { start } from './run.ts'

const plan = `apiVersion: scale-test/v1
name: tiny
fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
arms: [{ profile: untuned }, { profile: tuned }]
probes:
  settle: 1s
  pod: { image: pause:3.10, serviceAccountToken: false }
  sequence: [{ name: rollout, from: 1, to: 5, timeout: 5m }]
`

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-resume-'))
  file = join(folder, 'tiny.yaml')
  writeFileSync(file, plan)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A module that ends the program at the first record of its journal that has a text in it. */
const killedAt = (text: string) => `
  import fs from 'node:fs'
  import { syncBuiltinESMExports } from 'node:module'
  const write = fs.writeFileSync
  fs.writeFileSync = (to, content, ...rest) => {
    const isHit = typeof content === 'string' && content.startsWith('{"sequence":') && content.includes(${JSON.stringify(text)})
    write(to, content, ...rest)
    if (isHit) process.kill(process.pid, 'SIGKILL')
  }
  syncBuiltinESMExports()`

interface Told {
  status: number | null
  said: string
}

/** Starts the program with a folder of reports of its own. */
async function scaleTest(reports: string, args: string[], preload?: string): Promise<Told> {
  const started = start({ args, env: { SCALE_TEST_REPORTS: reports }, ...(preload !== undefined && { preload }) })
  return { status: await started.status(), said: started.said() }
}

const simulate = (reports: string, more: string[] = [], preload?: string) =>
  scaleTest(reports, ['run', file, '--target', 'sim', '--threads', '1', ...more], preload)

/** The runs in a folder of reports. */
const runsIn = (reports: string) => readdirSync(reports).filter((name) => name !== 'index.html')

/** The only run there is in a folder of reports: a file of it. */
function read(reports: string, name: string): string {
  const [run = '', ...others] = runsIn(reports)
  expect(others).toEqual([])
  return readFileSync(join(reports, run, name), 'utf8')
}

const journalOf = (reports: string) => recordsIn(read(reports, 'journal.ndjson'))

function recordsIn(journal: string): { type: string; sequence: number; armId?: string; stepId?: string }[] {
  return journal
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

/** A folder of reports as SIGKILL would leave it at a record of the journal of its run. */
interface State {
  reports: string
  /** The journal before that record. */
  before: Buffer
  record: Buffer
}

/** Simulates the plan in this process, and keeps the folder of reports as it is at each record of the journal. */
async function statesOf(reports: string): Promise<State[]> {
  const states: State[] = []
  let seen = 0
  let newest = ''
  const keepFrom = (from: string, journal: Buffer) => {
    for (let end = journal.indexOf('\n', seen) + 1; end > 0; end = journal.indexOf('\n', seen) + 1) {
      states.push({ reports: from, before: journal.subarray(0, seen), record: journal.subarray(seen, end) })
      seen = end
    }
  }
  const look = () => {
    const [run] = runsIn(reports)
    const isGoingOn = ['owner.json', 'journal.ndjson'].every((name) => existsSync(join(reports, run ?? '', name)))
    if (run === undefined || !isGoingOn) return
    const journal = readFileSync(join(reports, run, 'journal.ndjson'))
    if (journal.length === seen) return
    newest = mkdtempSync(join(folder, 'state-'))
    cpSync(reports, newest, { recursive: true })
    // This process lives on; the one that was killed had the same number.
    const owner = join(newest, run, 'owner.json')
    writeFileSync(owner, readFileSync(owner, 'utf8').replace(/"startTicks":"\d+"/, '"startTicks":"1"'))
    keepFrom(newest, journal)
  }
  mkdirSync(reports)
  const surroundings = surroundingsForTests(reports, look)
  const terminal = { ...surroundings.terminal, write: look }
  const status = await runCommand(file, { target: 'sim', threads: 1, json: true }, { ...surroundings, terminal })
  expect(status).toBe(0)
  // Nothing else was written between the last two records; reports come after both.
  const [run = ''] = runsIn(reports)
  keepFrom(newest, readFileSync(join(reports, run, 'journal.ndjson')))
  return states
}

/** Everything in a folder of reports but journals, as one text. */
function filesOf(reports: string): string {
  const names = readdirSync(reports, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.endsWith('journal.ndjson'),
  )
  return names
    .toSorted()
    .map(
      (name) => `${name}\n${statSync(join(reports, name)).isFile() ? readFileSync(join(reports, name), 'utf8') : ''}`,
    )
    .join('\n')
}

/** The arms that are complete by a journal. */
function armsDoneIn(journal: Buffer): (string | undefined)[] {
  return recordsIn(journal.toString()).flatMap(({ type, armId }) => (type === 'arm-finished' ? [armId] : []))
}

function timesBegun(reports: string, arm: string | undefined): number {
  const begun = journalOf(reports).filter(({ type, stepId }) => type === 'step-started' && stepId === 'control-plane')
  return begun.filter(({ armId }) => armId === arm).length
}

const compared = ['result.json', 'samples.ndjson', 'report.html', 'report.md', 'junit.xml', 'figures.csv']

function expectSame(reports: string, whole: string): void {
  for (const name of compared) expect(read(reports, name), name).toBe(read(whole, name))
  const [run = ''] = runsIn(reports)
  expect(readdirSync(join(reports, run)).toSorted()).toEqual(readdirSync(join(whole, run)).toSorted())
  expect(journalOf(reports).map(({ sequence }) => sequence)).toEqual([...journalOf(reports).keys()])
}

describe('a simulated run that is killed', { timeout: 300_000 }, () => {
  let states: State[]
  const whole = () => join(folder, 'through')
  beforeAll(async () => {
    states = await statesOf(whole())
  }, 60_000)

  /** Resumes a run that was killed when its journal ended with this. */
  async function resumeFrom({ reports: kept, before }: State, left: Buffer): Promise<string> {
    const reports = mkdtempSync(join(folder, 'killed-'))
    cpSync(kept, reports, { recursive: true })
    writeFileSync(join(reports, runsIn(reports)[0] ?? '', 'journal.ndjson'), Buffer.concat([before, left]))
    const status = await resumeCommand(
      undefined,
      { threads: 1 },
      surroundingsForTests(reports, () => {}),
    )
    expect(status, left.toString()).toBe(0)
    return reports
  }

  it('should end as if it had run through, killed after any record of its journal (fault 19)', async () => {
    expect(states.length).toBeGreaterThan(20)
    for (const state of states) {
      const done = armsDoneIn(Buffer.concat([state.before, state.record]))
      const reports = await resumeFrom(state, state.record)
      expectSame(reports, whole())
      for (const arm of done) expect(timesBegun(reports, arm), `${arm}: ${state.record}`).toBe(1)
      rmSync(reports, { recursive: true })
    }
  })

  it('should end as if it had run through, killed in the middle of any record (faults 19, 20)', async () => {
    const torn = (record: Buffer) => [record.subarray(0, record.length / 2), Buffer.from(record).fill(0, 50)]
    const [head, ...others] = states
    for (const left of torn(head?.record ?? Buffer.of()))
      await expect(resumeFrom(head as State, left)).rejects.toThrow('there is no run to resume')
    // What is cut off leaves the record before it at the end. Only where other files were written in between is that another case.
    const differ = others.filter((state, index) => filesOf(state.reports) !== filesOf((states[index] as State).reports))
    expect(differ.map(({ record }) => JSON.parse(record.toString()).type)).toContain('arm-finished')
    for (const state of differ) {
      for (const left of torn(state.record)) {
        const reports = await resumeFrom(state, left)
        expectSame(reports, whole())
        for (const arm of armsDoneIn(state.before)) expect(timesBegun(reports, arm)).toBe(1)
        rmSync(reports, { recursive: true })
      }
    }
  })

  it('should end as if it had run through, killed before any file that it writes after its journal (fault 19)', async () => {
    const [last] = states.slice(-1) as [State]
    const [run = ''] = runsIn(whole())
    const written = ['result.json', 'report.html', 'report.md', 'junit.xml', 'figures.csv', 'series.csv', 'metrics.txt']
    for (const [index, name] of [...written, 'summary.json'].entries()) {
      const reports = mkdtempSync(join(folder, 'reporting-'))
      cpSync(last.reports, reports, { recursive: true })
      const unfinished = join(reports, runsIn(reports)[0] ?? '')
      writeFileSync(join(unfinished, 'journal.ndjson'), Buffer.concat([last.before, last.record]))
      // What an earlier session left of the run as it was then.
      writeFileSync(join(unfinished, 'report.md'), 'partial')
      for (const done of written.slice(0, index)) cpSync(join(whole(), run, done), join(unfinished, done))
      writeFileSync(join(unfinished, `${name}.unfinished-1`), 'torn')
      const { said } = await scaleTest(reports, ['resume', '--threads', '1'])
      expect(said).toContain(index === 0 ? '2 of 2 arms done' : 'is complete: there is nothing to resume')
      expectSame(reports, whole())
      rmSync(reports, { recursive: true })
    }
  })

  it('should go on with the 8th of 20 arms when 7 are done, also after a report of it and a second kill', async () => {
    const [whole, reports] = [join(folder, 'twenty'), join(folder, 'seven')]
    await simulate(whole, ['--repeat', '10'])
    const seventh = journalOf(whole).filter(({ type }) => type === 'arm-finished')[6]
    await simulate(reports, ['--repeat', '10'], killedAt(`{"sequence":${seventh?.sequence},`))
    const reported = await scaleTest(reports, ['report'])
    expect(reported.said).toMatch(/to resume: npm run scale-test -- resume tiny-simulated-\w+-partial-1/)
    const again = await scaleTest(
      reports,
      ['resume', '--threads', '1'],
      killedAt('"type":"step-started","armId":"untuned-6"'),
    )
    expect(again.status).toBeNull()
    expect(again.said).toContain('7 of 20 arms done; continuing with untuned-4')
    const last = await scaleTest(reports, ['resume'])
    expect(last).toMatchObject({ status: 0 })
    expect(last.said).toContain('11 of 20 arms done; continuing with untuned-6')
    expectSame(reports, whole)
    const sessions = journalOf(reports).filter(({ type }) => type === 'run-resumed')
    expect(sessions).toHaveLength(2)
    const ran = journalOf(reports).filter(({ type, stepId }) => type === 'step-started' && stepId === 'control-plane')
    expect(Map.groupBy(ran, ({ armId }) => armId).get('untuned-4')).toHaveLength(1)
    expect(await scaleTest(reports, ['resume'])).toMatchObject({ status: 2 })
    const [run = ''] = runsIn(reports)
    const complete = await scaleTest(reports, ['resume', run])
    expect(complete).toMatchObject({ status: 0 })
    expect(complete.said).toContain('is complete: there is nothing to resume')
  })
})

describe('a run that is not to go on', { timeout: 60_000 }, () => {
  it.each<[string, (run: string) => void, number, string | RegExp]>([
    [
      'whose journal is damaged',
      (run) => {
        const journal = readFileSync(join(run, 'journal.ndjson'), 'utf8')
        writeFileSync(join(run, 'journal.ndjson'), journal.replace('{"sequence":3,', '{"sequence":4,'))
      },
      3,
      /the journal is damaged: .*journal\.ndjson, line 4, byte \d+: this record does not match its checksum/,
    ],
    [
      'whose journal lacks a record',
      (run) => {
        const lines = readFileSync(join(run, 'journal.ndjson'), 'utf8').split('\n')
        writeFileSync(join(run, 'journal.ndjson'), lines.toSpliced(4, 1).join('\n'))
      },
      3,
      'expected record 4, found 5',
    ],
    [
      'that another process goes on with',
      (run) => {
        const owner = { pid: process.pid, host: hostname(), bootId: null, startTicks: null }
        writeFileSync(join(run, 'owner.json'), JSON.stringify(owner))
      },
      3,
      `is still in progress: process ${process.pid} is running it`,
    ],
    [
      'that another machine may go on with',
      (run) => {
        const owner = { pid: 1, host: 'elsewhere', bootId: null, startTicks: null }
        writeFileSync(join(run, 'owner.json'), JSON.stringify(owner))
      },
      3,
      'belongs to process 1 on another machine, elsewhere',
    ],
    ['whose plan was changed', (run) => appendFileSync(join(run, 'plan.json'), '\n'), 3, 'plan.json of tiny-simulated'],
    [
      'that another program began',
      (run) => {
        const [first = '', ...others] = readFileSync(join(run, 'journal.ndjson'), 'utf8').split('\n')
        const { crc: _, ...head } = JSON.parse(first)
        const changed = journalLine({ ...head, program: '0.0.9' })
        writeFileSync(join(run, 'journal.ndjson'), [changed, ...others].join('\n'))
      },
      3,
      'program: 0.0.9 ',
    ],
    [
      'that an earlier version began, without checksums',
      (run) => {
        const journal = readFileSync(join(run, 'journal.ndjson'), 'utf8')
        writeFileSync(join(run, 'journal.ndjson'), journal.replaceAll(/,"crc":"\w+"/g, ''))
      },
      2,
      'an earlier version of scale-test wrote it, without checksums',
    ],
  ])('should be refused, with its reason, and stay as it is: %s', async (_, damage, status, reason) => {
    const reports = mkdtempSync(join(folder, 'refused-'))
    await simulate(reports, [], killedAt('"type":"step-started","armId":"tuned-1"'))
    const [name = ''] = runsIn(reports)
    const run = join(reports, name)
    damage(run)
    const before = readdirSync(run, { recursive: true }).toSorted()
    const refused = await scaleTest(reports, ['resume', name])
    expect(refused.said).toMatch(reason)
    expect(refused.status).toBe(status)
    const after = readdirSync(run, { recursive: true }).filter((one) => one !== 'owner.json')
    expect(after.toSorted()).toEqual(before.filter((one) => one !== 'owner.json'))
  })

  it('should go on when the number of its dead process has been given to another one', async () => {
    const reports = mkdtempSync(join(folder, 'reused-'))
    await simulate(reports, [], killedAt('"type":"step-started","armId":"tuned-1"'))
    const [name = ''] = runsIn(reports)
    const file = join(reports, name, 'owner.json')
    const owner = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...owner, pid: process.pid }))
    expect(await scaleTest(reports, ['resume', name])).toMatchObject({ status: 0 })
  })

  it('should go on after Ctrl-C by the command that it names (fault 18)', async () => {
    const reports = mkdtempSync(join(folder, 'interrupted-'))
    const run = start({
      args: ['run', file, '--target', 'sim', '--threads', '1', '--repeat', '30'],
      env: { SCALE_TEST_REPORTS: reports },
    })
    await run.until('tuned #3')
    run.child.kill('SIGINT')
    expect(await run.status()).toBe(130)
    const [, name = ''] = /to resume: npm run scale-test -- resume (\S+)/.exec(run.said()) ?? []
    const done = (JSON.parse(read(reports, 'result.json')) as Result).arms.filter((arm) => arm.outcome === 'complete')
    const resumed = await scaleTest(reports, ['resume', name, '--threads', '1'])
    expect(resumed.said).toContain(`${done.length} of 60 arms done`)
    expect(resumed.status).toBe(0)
    const through = join(folder, 'thirty')
    await simulate(through, ['--repeat', '30'])
    expectSame(reports, through)
  })
})
