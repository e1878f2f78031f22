import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../e2e/components.ts'
import { program, start as startProgram, whenPrinting } from './run.ts'

let folder: string
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-ends-'))
  children = []
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** A plan that keeps a simulation busy for a minute: longer than any test here lasts. */
function longPlan(): string {
  const path = join(folder, 'long.yaml')
  writeFileSync(
    path,
    `apiVersion: scale-test/v1
name: long
fleet: { nodes: 200, node: { cpu: 8, memory: 16Gi } }
arms: [{ profile: untuned }, { profile: tuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 20h
  sequence: [{ name: rollout, from: 1, to: 5, timeout: 1m }]
`,
  )
  return path
}

/** Starts a run of the long plan, or other arguments. */
function start(args: string[], { preload, env = {} }: { preload?: string; env?: Record<string, string> } = {}) {
  const started = startProgram({
    args,
    env: { SCALE_TEST_REPORTS: join(folder, 'reports'), ...env },
    ...(preload !== undefined && { preload }),
  })
  children.push(started.child)
  return started
}

describe('signals', () => {
  it.each([
    ['SIGHUP', 143],
    ['SIGQUIT', 143],
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'should end a run in good order on %s (faults 18, 36) (hostile 11) (review 3)',
    async (name, expected) => {
      const run = start(['run', longPlan(), '--target', 'sim'])
      await run.until('Deployment under test')
      run.child.kill(name)
      expect([await run.status(), run.said()]).toEqual([expected, expect.stringContaining(`interrupted by ${name}`)])
      expect(run.said()).toContain('partial')
    },
  )

  /** The process does not leave when its work is over: as a run whose clean-up takes its time. */
  const lingering = `
    const exit = process.exit
    process.exit = () => {
      process.exit = exit
      process.stdout.write('lingering')
      setInterval(() => {}, 1000)
    }`

  it.each([
    ['SIGTERM', 'SIGTERM', 143],
    ['SIGINT', 'SIGINT', 130],
    ['SIGHUP', 'SIGTERM', 143],
    ['SIGTERM', 'SIGINT', 130],
  ] as const)('should leave at once on a second one: %s, then %s (fault 18)', async (first, second, expected) => {
    const run = start(['run', longPlan(), '--target', 'sim'], { preload: lingering })
    await run.until('Deployment under test')
    run.child.kill(first)
    await run.until('lingering')
    run.child.kill(second)
    expect([await run.status(), run.said()]).toEqual([expected, expect.stringContaining('exiting now')])
  })

  it('should take what npm passes on for the signal that the terminal has sent already', async () => {
    const run = start(['run', longPlan(), '--target', 'sim'], { env: { npm_lifecycle_event: 'scale-test' } })
    await run.until('Deployment under test')
    // Two of one name may arrive as one, and of two names either may arrive first.
    run.child.kill('SIGINT')
    run.child.kill('SIGTERM')
    expect([130, 143]).toContain(await run.status())
    expect(run.said()).not.toContain('exiting now')
  })

  it('should reach the program through npm', async () => {
    const npm = spawn('npm', ['run', '--silent', 'scale-test', '--', 'run', longPlan(), '--target', 'sim'], {
      cwd: root,
      env: { ...process.env, SCALE_TEST_REPORTS: join(folder, 'reports') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(npm)
    let said = ''
    const ended = once(npm, 'close')
    for await (const text of npm.stdout.setEncoding('utf8')) {
      const began = !said.includes('Deployment under test') && `${said}${text}`.includes('Deployment under test')
      said += text
      if (began) npm.kill('SIGTERM')
    }
    await ended
    // Its output is closed: the program has ended, too, and in good order.
    expect(said).toContain('interrupted by SIGTERM')
  })
})

describe('memory', () => {
  it.each([
    [['--set', 'fleet.nodes=20000'], 'MEMORY=500'],
    [['--set', 'fleet.nodes=100000'], 'MEMORY=1800'],
    [['--set', 'probes.sequence=[{name: rollout, from: 1, to: 100000, timeout: 1m}]'], 'MEMORY=500'],
  ])(
    'should be forecast, and the run refused, when it will not suffice: %j (fault 40) (hostile 19)',
    async (set, expected) => {
      const args = ['run', longPlan(), '--target', 'sim', ...set]
      const run = startProgram({
        args,
        node: ['--max-old-space-size=200'],
        env: { SCALE_TEST_REPORTS: join(folder, 'reports') },
      })
      children.push(run.child)
      expect([await run.status(), run.said()]).toEqual([5, expect.stringContaining(expected)])
      expect(existsSync(join(folder, 'reports'))).toBe(false)
    },
  )

  it('should suffice for a small plan', async () => {
    const args = ['run', longPlan(), '--target', 'sim', '--set', 'probes.settle=1s']
    const run = startProgram({
      args,
      node: ['--max-old-space-size=200'],
      env: { SCALE_TEST_REPORTS: join(folder, 'reports') },
    })
    children.push(run.child)
    expect([await run.status(), run.said()]).toEqual([0, expect.stringContaining('pass')])
  })
})

describe('a bug', () => {
  it.each([
    [
      'is thrown by nobody in particular',
      whenPrinting('Knobs in force', 'setImmediate(() => { throw new TypeError("odd") })'),
    ],
    ['is a promise that nobody looks at', whenPrinting('Knobs in force', 'void Promise.reject(new TypeError("odd"))')],
    ['is in what shows the run', whenPrinting('Knobs in force', 'throw new TypeError("odd")')],
  ])('should stop the run, clean up, and end with 70 when it %s (fault 41) (review 3)', async (_, preload) => {
    const run = start(['run', longPlan(), '--target', 'sim'], { preload })
    expect(await run.status()).toBe(70)
    for (const text of ['TypeError: odd', 'This is a bug in scale-test', 'inconclusive'])
      expect(run.said()).toContain(text)
    expect(readFileSync(journal(), 'utf8')).toMatch(/"step-finished".*"clean-up"/)
  })

  it('should clean up to the end when it is in what shows the clean-up (fault 41)', async () => {
    const run = start(['run', longPlan(), '--target', 'sim', '--set', 'probes.settle=1s'], {
      preload: whenPrinting('Clean up', 'throw new TypeError("odd")'),
    })
    expect(await run.status()).toBe(70)
    expect(readFileSync(journal(), 'utf8')).toMatch(/"step-finished".*"clean-up"/)
  })

  it('should not pass for success when the work never ends', async () => {
    const run = start(['knobs'], { preload: 'process.stdout.write = () => true' })
    expect([await run.status(), run.said()]).toEqual([
      70,
      expect.stringContaining('stopped before the work was finished'),
    ])
  })

  function journal(): string {
    const [run = ''] = readdirSync(join(folder, 'reports')).filter((name) => name !== 'index.html')
    return join(folder, 'reports', run, 'journal.ndjson')
  }
})

describe('output', () => {
  it('should end with 5 when nobody can have what is printed', () => {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [program, 'knobs'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(full)
    expect([status, stderr]).toEqual([5, 'standard output cannot be written: no space left on device\n'])
  })

  it('should write all of it to a file', () => {
    const path = join(folder, 'knobs')
    const file = openSync(path, 'w')
    const { status } = spawnSync(process.execPath, [program, 'knobs'], { stdio: ['ignore', file, 'pipe'] })
    closeSync(file)
    const piped = spawnSync(process.execPath, [program, 'knobs'], { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(piped.stdout)
  })

  it('should not mind a reader that leaves', () => {
    const { stdout } = spawnSync(
      'sh',
      [
        '-c',
        `"$0" "$1" plan 5k-nodes --namespaces --json | head -c 1; echo; "$0" "$1" knobs | true`,
        process.execPath,
        program,
      ],
      { encoding: 'utf8' },
    )
    expect(stdout).toBe('{\n')
  })
})
