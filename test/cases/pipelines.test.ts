import type { ChildProcess } from 'node:child_process'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventLine } from '../../src/run/event-line.ts'
import type { JunitCase } from '../../src/testing/junit-rules.ts'
import { junitCasesOf } from '../../src/testing/junit-rules.ts'
import { openMetricsOf } from '../../src/testing/open-metrics-rules.ts'
import { program, start, whenPrinting } from './run.ts'

let folder: string
let reports: string
let junit: string
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-pipelines-'))
  reports = join(folder, 'reports')
  junit = join(folder, 'results', 'junit.xml')
  children = []
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Two arms on two nodes, half a second of work; the threshold is in line 10. */
function writePlan({ max = '1m', timeout = '1m', extra = '' } = {}): string {
  writeFileSync(
    join(folder, 'small.yaml'),
    `apiVersion: scale-test/v1
name: small
fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
arms: [{ name: first, profile: untuned }, { name: second, profile: tuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 1s
  sequence: [{ name: rollout, from: 1, to: 20, timeout: ${timeout} }]
thresholds:
  - { probe: rollout, stop: available, of: second, max: ${max} }
${extra}`,
  )
  return 'small.yaml'
}

function run(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, SCALE_TEST_REPORTS: reports, ...env },
  })
}

function casesIn(file: string): JunitCase[] {
  return junitCasesOf(readFileSync(file, 'utf8'))
}

/** What a pipeline makes red. */
function redCases(): Pick<JunitCase, 'name' | 'ended' | 'type'>[] {
  return casesIn(junit).flatMap(({ name, ended, type }) =>
    ended === 'failure' || ended === 'error' ? [{ name, ended, type }] : [],
  )
}

const simulate = (plan: string, ...more: string[]) => ['run', plan, '--target', 'sim', '--junit', junit, ...more]

describe('a pipeline', () => {
  it('should see one failure for a missed threshold, and status 1', () => {
    expect(run(simulate(writePlan({ max: '1ms' }))).status).toBe(1)
    expect(redCases()).toMatchObject([{ ended: 'failure', type: 'threshold-missed' }])
    const [missed] = casesIn(junit).filter(({ ended }) => ended === 'failure')
    expect(missed).toMatchObject({
      file: 'small.yaml',
      message: expect.stringContaining('at most 1 ms: actual '),
      details: expect.stringContaining('small.yaml:10'),
    })
    const [name = ''] = readdirSync(reports).filter((one) => one.startsWith('small'))
    expect(casesIn(join(reports, name, 'junit.xml'))).toEqual(casesIn(junit))

    // Another limit is the same test.
    expect(run(simulate(writePlan({ max: '2ms' }))).status).toBe(1)
    const again = casesIn(junit).find(({ ended }) => ended === 'failure')
    expect([again?.suite, again?.classname, again?.name]).toEqual([missed?.suite, missed?.classname, missed?.name])
    expect(run(simulate(writePlan())).status).toBe(0)
    expect(redCases()).toEqual([])
  })

  it('should see errors where there is no data, and status 4 (fault 35)', () => {
    expect(run(simulate(writePlan({ timeout: '100ms' }))).status).toBe(4)
    const red = redCases()
    expect(red.map(({ ended, type }) => `${ended} ${type}`)).toEqual(red.map(() => 'error no-data'))
    expect(red.map(({ name }) => name)).toEqual(expect.arrayContaining(['verdict', 'second #1: rollout 1 → 20']))
  })

  it('should see an error where there is no cluster to be had, and status 5', () => {
    const kubeconfig = join(folder, 'kubeconfig')
    // Nobody listens there: the port is reserved (RFC 6335).
    const server = 'https://127.0.0.1:1'
    writeFileSync(
      kubeconfig,
      `apiVersion: v1
kind: Config
clusters: [{ name: gone, cluster: { server: '${server}' } }]
users: [{ name: me, user: { token: abc } }]
contexts: [{ name: gone, context: { cluster: gone, user: me } }]
`,
    )
    const clusters = join(folder, 'clusters.yaml')
    writeFileSync(
      clusters,
      `remote:
  host: { kubeconfig: ${kubeconfig}, context: gone, uid: a }
  targets: [{ kubeconfig: ${kubeconfig}, context: gone, uid: b }]
`,
    )
    const args = ['run', writePlan(), '--target', 'remote', '--clusters', clusters, '--junit', junit]
    const { status, stderr } = run(args)
    expect([status, stderr]).toEqual([5, expect.stringContaining('127.0.0.1:1')])
    expect(redCases()).toEqual([{ name: 'verdict', ended: 'error', type: 'infrastructure' }])
    expect(casesIn(junit)).toHaveLength(1)
  })

  it('should see one error at the line of a mistake in the plan, and status 2', () => {
    const plan = writePlan({ extra: 'flet: {}\n' })
    expect(run(simulate(plan)).status).toBe(2)
    expect(casesIn(junit)).toMatchObject([
      {
        name: 'verdict',
        ended: 'error',
        type: 'bad-plan',
        file: 'small.yaml',
        details: expect.stringContaining('flet'),
      },
    ])
    for (const args of [
      ['what-if', plan, '--vary', 'kubelet.kubeAPIQPS=5,50', '--junit', junit],
      ['report', 'no-such-run', '--junit', junit],
    ]) {
      rmSync(junit)
      expect(run(args).status).toBe(2)
      expect(redCases()).toEqual([{ name: 'verdict', ended: 'error', type: 'bad-plan' }])
    }
    expect(existsSync(reports)).toBe(false)
  })

  it('should see errors of an interruption, and status 130', async () => {
    const started = start({
      // Where a thread simulates ahead, all may be done by then.
      args: [...simulate(writePlan()), '--threads', '1'],
      cwd: folder,
      env: { SCALE_TEST_REPORTS: reports },
      preload: whenPrinting('second: Knobs', "process.kill(process.pid, 'SIGINT')"),
    })
    children.push(started.child)
    expect(await started.status()).toBe(130)
    expect(redCases()).toEqual([
      { name: 'verdict', ended: 'error', type: 'interrupted' },
      { name: 'second #1', ended: 'error', type: 'interrupted' },
      { name: 'second/rollout/available', ended: 'error', type: 'no-data' },
    ])
  })

  it('should have the test report of a what-if, and of a run that is judged again', () => {
    expect(
      run(['what-if', writePlan(), '--vary', 'kubelet.kubeAPIQPS=5,50', '--repeat', '1', '--junit', junit]).status,
    ).toBe(0)
    expect(casesIn(junit).map(({ name }) => name)).toContain('kube-api-qps-50 #1')
    const first = readFileSync(junit, 'utf8')
    rmSync(junit)
    const [name = ''] = readdirSync(reports).filter((one) => one.startsWith('small'))
    expect(run(['report', name, '--junit', junit]).status).toBe(0)
    expect(readFileSync(junit, 'utf8')).toBe(first)
  })

  it('should keep its figures where the file for the test report cannot be written, and end with status 5', () => {
    writeFileSync(join(folder, 'results'), '')
    const { status, stdout, stderr } = run(simulate(writePlan()))
    expect([status, stdout, stderr]).toEqual([
      5,
      expect.stringContaining('small: pass'),
      expect.stringContaining('results is not a folder'),
    ])
  })
})

describe('GitHub Actions', () => {
  it('should annotate what missed its threshold, and have the report as the summary of the step', () => {
    const summary = join(folder, 'summary.md')
    writeFileSync(summary, 'before\n')
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_WORKSPACE: folder }
    const { status, stdout, stderr } = run(['run', writePlan({ max: '1ms' }), '--target', 'sim'], env)
    expect(status).toBe(1)
    const commands = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('::'))
    expect(commands).toEqual([
      expect.stringMatching(/^::error file=small\.yaml,line=10,title=missed%3A .*::.*at most 1 ms/),
    ])
    const text = readFileSync(summary, 'utf8')
    expect(text).toMatch(/^before\n## small: fail/)
  })

  it('should annotate every mistake in a plan where it is', () => {
    const plan = writePlan({ extra: 'flet: {}\nseed: two\n' })
    const { status, stderr } = run(['run', plan], { GITHUB_ACTIONS: 'true' })
    expect(status).toBe(2)
    expect(stderr.split('\n').filter((line) => line.startsWith('::'))).toEqual([
      expect.stringMatching(/^::error file=small\.yaml,line=11,title=scale-test::flet/),
      expect.stringMatching(/^::error file=small\.yaml,line=12,title=scale-test::seed: /),
    ])
  })

  it('should be told nothing elsewhere', () => {
    const { stdout, stderr } = run(['run', writePlan({ max: '1ms' }), '--target', 'sim'], { GITHUB_ACTIONS: '' })
    expect(`${stdout}${stderr}`).not.toContain('::error')
  })
})

describe('run --json', () => {
  const linesOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => eventLine.parse(JSON.parse(line)))

  it('should print nothing but events on standard output, and end with how the run ended', () => {
    const { status, stdout, stderr } = run(['run', writePlan({ max: '1ms' }), '--target', 'sim', '--json'])
    const lines = linesOf(stdout)
    expect(lines.map(({ sequence }) => sequence)).toEqual(lines.map((_, index) => index))
    expect(lines[0]).toMatchObject({ type: 'run-started', plan: 'small' })
    const ending = lines.at(-1)
    expect([status, ending]).toMatchObject([
      1,
      { type: 'run-finished', verdict: 'fail', evidence: 'simulated', exitCode: 1, error: null },
    ])
    if (ending?.type !== 'run-finished') throw new Error('it is the last line')
    expect(readFileSync(ending.report ?? '', 'utf8')).toContain('<html')
    expect(JSON.parse(readFileSync(ending.result ?? '', 'utf8'))).toMatchObject({ run: ending.run, verdict: 'fail' })
    expect(stderr).toContain('small: fail (simulated)')
    expect(openMetricsOf(readFileSync(join(ending.report ?? '', '..', 'metrics.txt'), 'utf8')).length).toBeGreaterThan(
      20,
    )
  })

  it('should end with an error where no run begins', () => {
    const { status, stdout } = run(['run', writePlan({ extra: 'flet: {}\n' }), '--json'])
    expect([status, linesOf(stdout)]).toMatchObject([
      2,
      [{ type: 'run-finished', run: null, verdict: null, exitCode: 2, error: { kind: 'bad-input' } }],
    ])
  })
})

describe('watch', () => {
  const going = (preload: string, args: readonly string[] = []) => {
    const started = start({
      args: ['run', writePlan(), '--target', 'sim', '--threads', '1', ...args],
      cwd: folder,
      env: { SCALE_TEST_REPORTS: reports },
      preload,
    })
    children.push(started.child)
    return started
  }
  const watch = (...args: string[]) => {
    const started = start({ args: ['watch', ...args], env: { SCALE_TEST_REPORTS: reports } })
    children.push(started.child)
    return started
  }
  /** Another process gets to look between the end of a run and the last name of its folder. */
  const renamingLate = `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    const rename = fs.renameSync
    fs.renameSync = (from, to) => {
      const isLast = String(from).includes('.unfinished-') && !String(to).includes('.unfinished-')
      if (isLast) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200)
      return rename(from, to)
    }
    syncBuiltinESMExports()`
  /** The run stops until it is told to go on. */
  const paused = whenPrinting('second: Knobs', "console.error('here'); process.kill(process.pid, 'SIGSTOP')")

  it('should show the newest run that goes on from its beginning to its end, and how that was', async () => {
    const one = going(paused)
    await one.until('here')
    const watching = watch()
    await watching.until('first: Rollout 1 -> 20')
    expect(watching.said()).not.toContain('ended with')
    one.child.kill('SIGCONT')
    expect(await watching.status()).toBe(0)
    expect(watching.said()).toMatch(
      /second: Clean up: .*\n(.*\n)*small-simulated-\w+ ended with status 0: pass \(simulated\)/,
    )
    expect(await one.status()).toBe(0)
  })

  it('should tell the name that a run has in the end, also where its folder is renamed late', async () => {
    const one = going(`${paused}\n${renamingLate}`)
    await one.until('here')
    const watching = watch()
    await watching.until('first: Rollout 1 -> 20')
    one.child.kill('SIGCONT')
    expect(await watching.status()).toBe(0)
    const [, name = ''] = /report (small-simulated-\S+)$/m.exec(watching.said()) ?? []
    expect(await one.status()).toBe(0)
    expect(watching.said()).toContain(`${name} ended with status 0: pass (simulated)`)
    expect(existsSync(join(reports, name, 'result.json'))).toBe(true)
  })

  it('should say that a run was killed, and how it can go on', async () => {
    const one = going(paused)
    await one.until('here')
    const watching = watch()
    await watching.until('first: Rollout 1 -> 20')
    one.child.kill('SIGKILL')
    expect(await watching.status()).toBe(0)
    expect(watching.said()).toMatch(/was killed: its process is gone\nto resume: npm run scale-test -- resume small-/)
    const [unfinished = ''] = readdirSync(reports)
    const later = watch(unfinished.split('.unfinished-')[0] ?? '')
    expect([await later.status(), later.said()]).toEqual([0, expect.stringContaining('was killed')])
  })

  it('should refuse what is no run, and end by itself where none goes on', async () => {
    expect(run(['watch'])).toMatchObject({ status: 2, stderr: expect.stringContaining('no run is in progress') })
    expect(run(['watch', 'x'])).toMatchObject({ status: 2, stderr: expect.stringContaining('x is not a run') })
  })

  it('should say with which status a run has ended that missed a threshold', () => {
    run(['run', writePlan({ max: '1ms' }), '--target', 'sim'])
    const [name = ''] = readdirSync(reports).filter((one) => one.startsWith('small'))
    expect(run(['watch', name])).toMatchObject({ status: 0, stdout: expect.stringContaining('with status 1: fail') })
  })
})
