import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Result } from '../../src/result/result.ts'
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

/** A module that ends the program, as a loss of power would, at the first record of its journal that has a text in it. */
const killedAt = (text: string, isTorn: boolean) => `
  import fs from 'node:fs'
  import { syncBuiltinESMExports } from 'node:module'
  const write = fs.writeFileSync
  fs.writeFileSync = (to, content, ...rest) => {
    const isHit = typeof content === 'string' && content.startsWith('{"sequence":') && content.includes(${JSON.stringify(text)})
    write(to, isHit && ${isTorn} ? content.slice(0, content.length / 2) : content, ...rest)
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

function journalOf(reports: string): { type: string; sequence: number; armId?: string; stepId?: string }[] {
  const lines = read(reports, 'journal.ndjson').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line))
}

const compared = ['result.json', 'samples.ndjson', 'report.html', 'report.md', 'junit.xml', 'figures.csv']

function expectSame(reports: string, whole: string): void {
  for (const name of compared) expect(read(reports, name), name).toBe(read(whole, name))
  const [run = ''] = runsIn(reports)
  expect(readdirSync(join(reports, run)).toSorted()).toEqual(readdirSync(join(whole, run)).toSorted())
  expect(journalOf(reports).map(({ sequence }) => sequence)).toEqual([...journalOf(reports).keys()])
}

describe('a simulated run that is killed', { timeout: 300_000 }, () => {
  it('should end as if it had run through, killed at whatever record of its journal and resumed', async () => {
    const whole = join(folder, 'through')
    expect(await simulate(whole)).toMatchObject({ status: 0 })
    const left = [...journalOf(whole).keys()]
    expect(left.length).toBeGreaterThan(20)
    const tryOne = async (sequence: number) => {
      const reports = join(folder, `killed-${sequence}`)
      // Every other record is torn.
      expect((await simulate(reports, [], killedAt(`{"sequence":${sequence},`, sequence % 2 === 1))).status).toBeNull()
      const resumed = await scaleTest(reports, ['resume', '--threads', sequence % 3 === 0 ? '2' : '1'])
      expect(resumed, `killed at record ${sequence}`).toMatchObject({ status: 0 })
      expectSame(reports, whole)
    }
    const worker = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await tryOne(next)
    }
    await Promise.all([worker(), worker()])
  })

  it('should go on with the 8th of 20 arms when 7 are done, also after a report of it and a second kill', async () => {
    const [whole, reports] = [join(folder, 'twenty'), join(folder, 'seven')]
    await simulate(whole, ['--repeat', '10'])
    const seventh = journalOf(whole).filter(({ type }) => type === 'arm-finished')[6]
    await simulate(reports, ['--repeat', '10'], killedAt(`{"sequence":${seventh?.sequence},`, false))
    const reported = await scaleTest(reports, ['report'])
    expect(reported.said).toMatch(/to resume: npm run scale-test -- resume tiny-simulated-\w+-partial-1/)
    const again = await scaleTest(
      reports,
      ['resume', '--threads', '1'],
      killedAt('"type":"step-started","armId":"untuned-6"', false),
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
  it.each<[string, (run: string) => void, number, string]>([
    [
      'whose journal is damaged',
      (run) => {
        const journal = readFileSync(join(run, 'journal.ndjson'), 'utf8')
        writeFileSync(join(run, 'journal.ndjson'), journal.replace('{"sequence":3,', '{"sequence:3,'))
      },
      3,
      'the journal is damaged: ',
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
        const journal = readFileSync(join(run, 'journal.ndjson'), 'utf8')
        writeFileSync(join(run, 'journal.ndjson'), journal.replace(/"program":"/, '"program":"0.0.9 '))
      },
      3,
      'program: 0.0.9 ',
    ],
  ])('should be refused, with its reason, and stay as it is: %s', async (_, damage, status, reason) => {
    const reports = mkdtempSync(join(folder, 'refused-'))
    await simulate(reports, [], killedAt('"type":"step-started","armId":"tuned-1"', false))
    const [name = ''] = runsIn(reports)
    const run = join(reports, name)
    damage(run)
    const before = readdirSync(run, { recursive: true }).toSorted()
    const refused = await scaleTest(reports, ['resume', name])
    expect(refused.said).toContain(reason)
    expect(refused.status).toBe(status)
    const after = readdirSync(run, { recursive: true }).filter((one) => one !== 'owner.json')
    expect(after.toSorted()).toEqual(before.filter((one) => one !== 'owner.json'))
  })

  it('should go on when the number of its dead process has been given to another one', async () => {
    const reports = mkdtempSync(join(folder, 'reused-'))
    await simulate(reports, [], killedAt('"type":"step-started","armId":"tuned-1"', false))
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
