import type { ChildProcess } from 'node:child_process'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { resultSchema } from '../../src/testing/outcomes.ts'
import { start, whenPrinting } from './run.ts'

let folder: string
let reports: string
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-files-'))
  reports = join(folder, 'reports')
  children = []
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Three arms on two nodes, half a second of work. */
function writePlan(extra = ''): string {
  const path = join(folder, 'small.yaml')
  writeFileSync(
    path,
    `apiVersion: scale-test/v1
name: small
fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
arms: [{ name: first, profile: stock }, { name: second, profile: untuned }, { name: third, profile: tuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 1s
  sequence:
    - { name: rollout, from: 1, to: 5, timeout: 1m }
    - { name: scale-down, from: 5, to: 1, timeout: 1m }
${extra}`,
  )
  return path
}

interface Options {
  preload?: string
  reportsFolder?: string
  cwd?: string
  uid?: number
  gid?: number
}

/** Starts the program with its reports in the test's folder. */
function begin(args: string[], { reportsFolder = reports, ...options }: Options = {}) {
  const started = start({ args, env: { SCALE_TEST_REPORTS: reportsFolder }, ...options })
  children.push(started.child)
  return started
}

async function run(args: string[], options: Options = {}) {
  const started = begin(args, options)
  const status = await started.status()
  return { status, said: started.said() }
}

const simulate = (plan: string, ...more: string[]) => ['run', plan, '--target', 'sim', ...more]
const runsIn = (where = reports) =>
  readdirSync(where)
    .filter((name) => name !== 'index.html')
    .sort()

function resultIn(name: string) {
  return resultSchema.parse(JSON.parse(readFileSync(join(reports, name, 'result.json'), 'utf8')))
}

/** Every file of a folder, with what is in it. */
function contentsOf(path: string): Record<string, string> {
  return Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')]))
}

const killedDuring = (text: string) => whenPrinting(text, "process.kill(process.pid, 'SIGKILL')")

describe('the report of a simulated run', () => {
  it('should be in the same place, the same to the last byte, when the run is repeated', async () => {
    const plan = writePlan()
    expect(await run(simulate(plan))).toMatchObject({ status: 0 })
    const [name = ''] = runsIn()
    const first = contentsOf(join(reports, name))
    expect(Object.keys(first).sort()).toEqual([
      'figures.csv',
      'journal.ndjson',
      'junit.xml',
      'metrics.txt',
      'plan.json',
      'report.html',
      'report.md',
      'result.json',
      'samples.ndjson',
      'series.csv',
      'summary.json',
    ])
    expect(await run(simulate(plan))).toMatchObject({ status: 0 })
    expect(runsIn()).toEqual([name])
    expect(contentsOf(join(reports, name))).toEqual(first)
  })

  it('should stay whole when a later run of the same is interrupted or killed (fault 46) (hostile 10)', async () => {
    const plan = writePlan()
    await run(simulate(plan))
    const [name = ''] = runsIn()
    const first = contentsOf(join(reports, name))

    // Where a thread simulates ahead, all may be done by then.
    const interrupted = begin([...simulate(plan), '--threads', '1'], {
      preload: whenPrinting('third: Knobs', "process.kill(process.pid, 'SIGINT')"),
    })
    expect(await interrupted.status()).toBe(130)
    expect(interrupted.said()).toContain(`${name}-partial-1/report.html`)
    await run(simulate(plan), { preload: killedDuring('third: Knobs') })
    expect(contentsOf(join(reports, name))).toEqual(first)
    expect(resultIn(`${name}-partial-1`)).toMatchObject({ run: name, partial: true, verdict: 'inconclusive' })
  })

  it('should have a place of its own for every plan, seed, calibration and value that is tried (hostile 10) (review 12)', async () => {
    const plan = writePlan()
    const calibration = join(folder, 'calibration.json')
    const ours = JSON.parse(readFileSync(join(import.meta.dirname, '../../src/model/calibration.json'), 'utf8'))
    writeFileSync(calibration, JSON.stringify({ ...ours, machine: { ...ours.machine, cores: 3 } }))
    const long = 'registry.example/a-name-that-is-much-too-long-for-the-name-of-an-arm'
    const variants = [
      simulate(plan),
      simulate(plan, '--set', 'seed=2'),
      simulate(plan, '--set', 'probes.settle=2s'),
      simulate(plan, '--calibration', calibration),
      ['what-if', plan, '--repeat', '1', '--vary', `probes.pod.image=${long}-a,${long}-z`],
      ['what-if', plan, '--repeat', '1', '--vary', `probes.pod.image=${long}-b,${long}-z`],
    ]
    for (const variant of variants) expect(await run(variant)).toMatchObject({ status: 0 })
    expect(runsIn()).toHaveLength(variants.length)
  })

  it('should be whole for each of several that run at once (fault 46) (hostile 9)', async () => {
    const plan = writePlan()
    const runs = await Promise.all(Array.from({ length: 4 }, () => run(simulate(plan))))
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0])
    const [name = '', ...others] = runsIn()
    expect(others).toEqual([])
    expect(resultIn(name)).toMatchObject({ partial: false, verdict: 'pass' })
  })

  it('should be for its owner alone, with everything in it', async () => {
    await run(simulate(writePlan()))
    const [name = ''] = runsIn()
    const modeOf = (...path: string[]) => statSync(join(reports, ...path)).mode & 0o777
    expect(modeOf(name)).toBe(0o700)
    expect(modeOf('index.html')).toBe(0o600)
    for (const file of readdirSync(join(reports, name))) expect([file, modeOf(name, file)]).toEqual([file, 0o600])
  })
})

describe('a run that was killed', () => {
  it('should lose the arm that it was at, and no other: report shows the rest, marked partial (review 4)', async () => {
    await run(simulate(writePlan()), { preload: killedDuring('third: Knobs') })
    const [unfinished = ''] = runsIn()
    const id = unfinished.split('.unfinished-')[0] ?? ''
    expect(unfinished).not.toBe(id)

    expect((await run(['cleanup'])).said).toContain(`report ${unfinished}`)
    const reported = await run(['report', id])
    expect(reported.said).toContain('2 arms of 3 finished')
    expect(reported.said).toContain(`${id}-partial-1/report.html`)
    expect(runsIn()).toEqual([`${id}-partial-1`])
    const { arms, partial, verdict } = resultIn(`${id}-partial-1`)
    expect([arms.map((arm) => arm.name), partial, verdict]).toEqual([['first', 'second'], true, 'inconclusive'])
  })

  it('should be cleaned up when it had finished nothing', async () => {
    await run(simulate(writePlan()), { preload: killedDuring('first: Knobs') })
    expect(runsIn()).toHaveLength(1)
    expect(await run(['cleanup'])).toMatchObject({ status: 0, said: expect.stringContaining('removed') })
    expect(runsIn()).toEqual([])
  })

  it('should not be mistaken for one that goes on', async () => {
    const lingering = `setInterval(() => {}, 1000); ${whenPrinting('second: Knobs', "process.stdout.write = () => true; console.error('here'); process.kill(process.pid, 'SIGSTOP')")}`
    const going = begin(simulate(writePlan()), { preload: lingering })
    await going.until('here')
    const [unfinished = ''] = runsIn()
    expect((await run(['cleanup'])).said).not.toContain(unfinished)
    expect(await run(['report', unfinished])).toMatchObject({
      status: 2,
      said: expect.stringContaining('still being written'),
    })
    expect(runsIn()).toEqual([unfinished])
  })
})

/** Somebody who is not root, where the test is. */
const nobody: { uid?: number; gid?: number } = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

describe('a folder for reports that cannot be used', () => {
  const places: [string, () => string, RegExp][] = [
    ['a file', () => join(folder, 'file'), /file is not a folder/],
    ['below a file', () => join(folder, 'file', 'reports'), /file is not a folder/],
    ['a device', () => '/dev/null', /\/dev\/null is not a folder/],
    ['the kernel’s', () => '/proc', /nothing can be created there/],
    ['below the kernel’s', () => '/proc/reports/mine', /nothing can be created there/],
    ['of too long a name', () => join(folder, 'n'.repeat(300)), /the name is too long/],
    ['of too long a path', () => join(folder, 'n/'.repeat(5000)), /the name is too long/],
  ]

  it.each(places)('should be refused before the run, by name, when it is %s (hostile 6)', async (_, place, reason) => {
    writeFileSync(join(folder, 'file'), '')
    for (const args of [
      simulate(writePlan()),
      ['what-if', writePlan(), '--vary', 'kubelet.kubeAPIQPS=5,50'],
      ['run', writePlan(), '--target', 'local'],
    ]) {
      const { status, said } = await run(args, { reportsFolder: place() })
      expect(status).toBe(5)
      expect(said).toMatch(reason)
      expect(said).toContain('SCALE_TEST_REPORTS')
      expect(said).not.toMatch(/bug|Control plane/)
    }
    for (const args of [['report'], ['report', 'x'], ['cleanup'], ['doctor'], ['plan', writePlan()]]) {
      const { status, said } = await run(args, { reportsFolder: place() })
      expect([args, status]).toEqual([args, args[0] === 'plan' ? 0 : expect.toBeOneOf([0, 2, 5])])
      expect(said).not.toContain('bug')
    }
  })

  it('should be refused by doctor', async () => {
    writeFileSync(join(folder, 'file'), '')
    for (const place of [join(folder, 'file'), '/proc']) {
      const { status, said } = await run(['doctor'], { reportsFolder: place })
      expect(status).toBe(5)
      expect(said).toMatch(/missing.*reports/)
    }
  })

  it("should be refused when it is another user's (hostile 6)", async () => {
    chmodSync(folder, 0o755)
    mkdirSync(reports)
    const plan = writePlan()
    await run(simulate(plan))
    for (const path of [reports, ...runsIn().map((name) => join(reports, name))]) chmodSync(path, 0o555)
    const [name = ''] = runsIn()
    const before = contentsOf(join(reports, name))
    for (const args of [simulate(plan), ['report', name]]) {
      const { status, said } = await run(args, nobody)
      expect([args, status, said]).toEqual([
        args,
        expect.toBeOneOf([2, 5]),
        expect.stringContaining('permission denied'),
      ])
      expect(said).not.toContain('bug')
    }
    expect(contentsOf(join(reports, name))).toEqual(before)
    for (const path of [reports, join(reports, name)]) chmodSync(path, 0o755)
  })

  it('should be refused, by every command, when the working directory is gone', async () => {
    const gone = join(folder, 'gone')
    for (const args of [
      simulate('smoke'),
      ['what-if', 'smoke', '--vary', 'kubelet.kubeAPIQPS=5,50'],
      ['report'],
      ['cleanup'],
      ['plan', 'smoke'],
      ['doctor'],
    ]) {
      mkdirSync(gone)
      // A shell, since nobody can be started where nothing is.
      const { status, stderr } = spawnSync(
        'sh',
        [
          '-c',
          'rmdir "$PWD"; exec "$0" "$@"',
          process.execPath,
          join(import.meta.dirname, '../../src/start.cjs'),
          ...args,
        ],
        { cwd: gone, encoding: 'utf8' },
      )
      expect([args, status, stderr]).toEqual([args, 5, expect.stringContaining('working directory')])
    }
  })
})

describe('a folder for reports that goes while a run writes to it (fault 37)', () => {
  const fs = "const fs = process.getBuiltinModule('node:fs'); const reports = process.env.SCALE_TEST_REPORTS"
  const eachRun = (work: string) => `${fs}; for (const name of fs.readdirSync(reports)) { ${work} }`

  it.each([
    ['is removed', `${fs}; fs.rmSync(reports, { recursive: true })`, 'journal.ndjson was removed or moved'],
    ['is moved', `${fs}; fs.renameSync(reports, reports + '.moved')`, 'journal.ndjson was removed or moved'],
    ['becomes read-only', eachRun("fs.chmodSync(reports + '/' + name, 0o500)"), 'permission denied'],
  ])('should end the run in good order, show its figures, and be told, when it %s', async (_, work, reason) => {
    chmodSync(folder, 0o755)
    mkdirSync(reports)
    const { uid, gid } = nobody
    if (uid !== undefined) for (const path of [folder, reports]) chownSync(path, uid, gid ?? uid)
    const plan = writePlan()
    const { status, said } = await run(simulate(plan), { preload: whenPrinting('second: Knobs', work), ...nobody })
    expect([status, said]).toEqual([5, expect.stringContaining(reason)])
    expect(said).toContain('SCALE_TEST_REPORTS=FOLDER')
    expect(said).toMatch(/small: .*\(simulated\)/)
    expect(said).not.toContain('bug')
    for (const name of existsSync(reports) ? runsIn() : []) chmodSync(join(reports, name), 0o700)
  })
})

describe('a disk that is full', () => {
  /** A small file system; only root may have one. */
  function mount(kilobytes: number): boolean {
    mkdirSync(reports)
    return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', reports]).status === 0
  }

  afterEach(() => {
    spawnSync('umount', [reports])
  })

  it.for([4, 16, 40, 100, 200])(
    'should end the run in good order, show its figures, and be told: %d KiB (fault 21) (hostile 5) (review 18)',
    async (kilobytes, { skip }) => {
      if (!mount(kilobytes)) skip('this user may not mount')
      const plan = writePlan(`workload:
  namespaces: 2
  sizeClasses: [{ name: all, share: 1, minimumPods: 1 }]
  pods: { total: 100, perDeployment: 10, image: pause }
  pace: { concurrency: 4 }
  timeout: 5m
`)
      const { status, said } = await run(simulate(plan))
      expect([status, said]).toEqual([5, expect.stringContaining('no space left on device')])
      expect(said).toContain('Free some space there')
      expect(said).not.toContain('bug')
      if (kilobytes > 16) expect(said).toMatch(/small: (pass|inconclusive) \(simulated\)/)
      const files = readdirSync(reports, { recursive: true, encoding: 'utf8' }).map((name) => join(reports, name))
      for (const file of files.filter((name) => existsSync(name) && statSync(name).isFile())) {
        const text = readFileSync(file, 'utf8')
        expect(file).not.toContain('.json.unfinished')
        if (file.endsWith('.ndjson')) for (const line of text.split('\n').filter((one) => one !== '')) JSON.parse(line)
        if (file.endsWith('.json')) JSON.parse(text)
      }
    },
  )

  it('should be told in the same way when a file may not grow any more (fault 21)', async () => {
    const { status, stdout, stderr } = spawnSync(
      'sh',
      [
        '-c',
        'ulimit -f 20; exec "$0" "$@"',
        process.execPath,
        join(import.meta.dirname, '../../src/start.cjs'),
        ...simulate(writePlan()),
      ],
      { env: { ...process.env, SCALE_TEST_REPORTS: reports }, encoding: 'utf8' },
    )
    expect([status, stderr]).toEqual([5, expect.stringContaining('ulimit -f')])
    expect(stdout).toContain('small: ')
  })
})

describe('a file that is no file', () => {
  it('should be refused instead of waited for (hostile 13)', async () => {
    const pipe = join(folder, 'pipe')
    spawnSync('mkfifo', [pipe])
    for (const args of [simulate('smoke', '--calibration', pipe), simulate('smoke', '--calibration', '/dev/zero')])
      expect(await run(args)).toMatchObject({ status: 2, said: expect.stringContaining(', not a file') })
    mkdirSync(join(reports, 'odd'), { recursive: true })
    spawnSync('mkfifo', [join(reports, 'odd', 'result.json')])
    expect(await run(['report', 'odd'])).toMatchObject({
      status: 2,
      said: expect.stringContaining(', not a file'),
    })
  })
})
