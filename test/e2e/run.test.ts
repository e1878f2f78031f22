import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { loadCredentials } from '../../src/kube/credentials.ts'
import { connectKubeApi } from '../../src/kube/http.ts'
import type { Result } from '../../src/result/result.ts'
import type { SampleLine } from '../../src/result/sample-line.ts'
import { sampleLine } from '../../src/result/sample-line.ts'
import { findMarked, isGuarded } from '../../src/targets/local/leftovers.ts'
import { junitCasesOf } from '../../src/testing/junit-rules.ts'
import { nobodyThere } from '../../src/testing/load-options.ts'
import { fillIn, probesIn, resultSchema } from '../../src/testing/outcomes.ts'
import { describeWithComponents, root } from './components.ts'

const plan = `
apiVersion: scale-test/v1
name: e2e
target: local
fleet: { nodes: 2, node: { cpu: 4, memory: 8Gi } }
workload:
  namespaces: 3
  sizeClasses:
    - { name: large, share: 0.3, minimumPods: 10 }
    - { name: small, share: 0.7, minimumPods: 2 }
  pods: { total: 24, perDeployment: 5, image: pause, mountingShare: 0.5 }
  services: 6
  configObjects: { podsPerConfigObject: 0.5, configmapsPerSecret: 4, configmapSize: 200B, secretSize: 100B }
  serviceAccounts: 2
  ballast: { total: 1MiB, objectSize: 128KiB }
  pace: { rate: 50/s }
  timeout: 1m
arms:
  - profile: untuned
    set: [{ knob: kubelet.kubeAPIBurst, value: 5, because: so that ten pods already feel the limit }]
  - profile: tuned
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 1s
  sequence:
    - { name: rollout, from: 1, to: 10, timeout: 1m }
    - { name: scale-down, from: 10, to: 1, timeout: 1m }
thresholds:
  - { probe: rollout, stop: available, of: tuned, max: 60s }
`

let folder: string
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-e2e-'))
  children = []
  writeFileSync(join(folder, 'e2e.yaml'), plan)
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  // A cluster that was kept has nobody to end it.
  for (const run of readdirSync(folder)) for (const { pid } of findMarked(run)) process.kill(pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** The orchestrator as a user starts it, with its output collected. */
function orchestrate(...args: string[]) {
  const child = spawn(process.execPath, [join(root, 'src', 'main.ts'), ...args], {
    env: { ...process.env, SCALE_TEST_REPORTS: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const said = async (text: string) => {
    while (!output.includes(text)) {
      if (child.exitCode !== null) throw new Error(`ended without saying "${text}":\n${output}`)
      await sleep(50)
    }
  }
  return { child, exited, said, output: () => output }
}

function runFolder(): string {
  const run = readdirSync(folder).find((name) => name.startsWith('e2e-'))
  if (run === undefined) throw new Error('there is no run folder')
  return join(folder, run)
}

function readResult(): Result {
  return resultSchema.parse(JSON.parse(readFileSync(join(runFolder(), 'result.json'), 'utf8')))
}

/** Everything of a run that could be left on the machine. */
function leftovers(): string[] {
  const runId = runFolder().split('/').at(-1) ?? ''
  return [
    ...findMarked(runId).map(({ program }) => program),
    ...(isGuarded(runId) ? ['the reaper'] : []),
    ...(existsSync(join(runFolder(), 'state')) ? ['state/'] : []),
  ]
}

async function goneWithin(limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs
  while (leftovers().length > 0 && performance.now() < deadline) await sleep(100)
  expect(leftovers()).toEqual([])
}

describeWithComponents('a run on target local', () => {
  it('should measure both arms, account for every pod, name the limiter and leave nothing', async () => {
    const { exited, output } = orchestrate('run', join(folder, 'e2e.yaml'))
    expect(await exited, output()).toBe(0)

    const result = readResult()
    expect(result).toMatchObject({ verdict: 'pass', partial: false, evidence: 'measured', target: 'local' })
    expect(result.arms.map((arm) => [arm.profile, arm.outcome])).toEqual([
      ['untuned', 'complete'],
      ['tuned', 'complete'],
    ])
    for (const arm of result.arms) {
      const whole = (count: number) => ({ expected: count, observed: count, failed: 0 })
      expect(fillIn(arm)?.objects).toMatchObject({
        namespaces: whole(3),
        pods: whole(24),
        services: whole(6),
        configmaps: whole(38),
        secrets: whole(10),
        serviceaccounts: whole(2),
        ballast: whole(8),
      })
      expect(fillIn(arm)?.pods).toMatchObject({ expected: 24, created: 24, bound: 24, ready: 24, unexpected: 0 })
      expect(fillIn(arm)?.podPhasesMs['created to Ready']).toMatchObject({ count: 24, missing: 0 })
      // 38 configmaps at 50 a second: the load is open, so it takes this long however fast the answers are.
      const configmaps = fillIn(arm)?.stages.find(({ name }) => name === 'configmaps')
      expect(configmaps).toMatchObject({ objects: 38, intendedPerSecond: 50 })
      expect(configmaps?.durationMs).toBeGreaterThan(37 * 20)
      const latencies = (source: string, verb: string) =>
        fillIn(arm)?.apiLatency.find(
          (one) => one.source === source && one.verb === verb && one.resource === 'configmaps',
        )
      expect(latencies('client', 'create')?.latencyMs.count).toBe(38 + 8 + 1)
      expect(latencies('apiserver', 'POST')?.latencyMs.count).toBeGreaterThanOrEqual(38 + 8 + 1)
      expect(fillIn(arm)?.etcd[0]?.sizeBytes.after).toBeGreaterThan(2 ** 20)
      expect(fillIn(arm)?.etcd[0]?.fsyncMs.p99).toBeGreaterThan(0)
      expect(fillIn(arm)?.watchLagMs.count).toBeGreaterThan(0)
      expect(arm.fleet.flaps).toEqual({ count: 0, nodes: [], notReadyAtEnd: [] })
      expect(arm.machine?.phases.map(({ step }) => step)).toEqual(
        expect.arrayContaining(['control-plane', 'fleet', 'fill', 'probe/rollout']),
      )
      const programs = arm.machine?.components.map(({ component }) => component)
      expect(programs).toEqual(expect.arrayContaining(['orchestrator', 'etcd', 'kube-apiserver', 'hollow-node']))
      const [rollout, scaleDown] = probesIn(arm)
      // Whether a watch was closed under load, so that some of it was seen late, is the machine's business.
      expect(rollout?.pods).toMatchObject({
        expected: 10,
        created: 10,
        bound: 10,
        started: 10,
        ready: 10,
        deleted: 0,
        unexpected: 0,
      })
      expect(scaleDown?.pods).toMatchObject({ expected: 10, deleted: 9, unexpected: 0 })
      for (const stop of [...Object.values(rollout?.stopsMs ?? {}), ...Object.values(scaleDown?.stopsMs ?? {})])
        expect(stop).toBeGreaterThan(0)
      expect(rollout?.apiRequests['POST pods']).toBe(9)
      expect(arm.knobs.filter(({ status }) => status === 'differs' || status === 'unverified')).toEqual([])
    }
    const [untuned, tuned] = result.arms.map((arm) => probesIn(arm)[0])
    expect(untuned?.explanations.find(({ stop }) => stop === 'available')?.boundBy).toBe('kubelet/KubeClient')
    // Two calls per pod, five in the bucket, five a second: the kubelet's own limit, felt by real components.
    expect(untuned?.stopsMs.available).toBeGreaterThan(((9 * 2 - 5) / 5) * 1000)
    expect(tuned?.limiters.find(({ client }) => client === 'KubeClient')).toMatchObject({ qps: 50, burst: 100 })

    for (const file of ['report.html', 'report.md', 'junit.xml', 'plan.json', 'journal.ndjson'])
      expect(existsSync(join(runFolder(), file)), file).toBe(true)
    const lines = readFileSync(join(runFolder(), 'samples.ndjson'), 'utf8').trimEnd().split('\n')
    const samples = lines.map((line) => sampleLine.parse(JSON.parse(line)))
    const ofKind = (kind: SampleLine['kind']) => samples.filter((sample) => sample.kind === kind)
    expect(ofKind('pod')).toHaveLength(2 * (24 + 2 * 10))
    for (const kind of ['step', 'phase', 'node', 'watch-lag', 'etcd-size', 'machine', 'requests'] as const)
      expect(ofKind(kind).length, kind).toBeGreaterThan(0)
    // A write at the very end, or a watch that was closed under load, is the machine's business.
    const isOfMachine = (one: SampleLine) =>
      one.kind === 'gap' && (one.source === 'watch-lag' || one.because.startsWith('their watch was interrupted'))
    expect(ofKind('gap').filter((one) => !isOfMachine(one))).toEqual([])
    expect(result.orchestrator?.peakMemoryBytes).toBeGreaterThan(50 * 2 ** 20)
    await goneWithin(2000)
  })

  it('should clean up, write a partial report and exit 130 when interrupted (fault 18)', async () => {
    const { child, exited, said, output } = orchestrate('run', join(folder, 'e2e.yaml'))
    await said('Deployment under test')
    child.kill('SIGINT')
    expect(await exited, output()).toBe(130)
    expect(readResult()).toMatchObject({
      partial: true,
      verdict: 'inconclusive',
      arms: [{ outcome: 'interrupted', residue: [] }],
    })
    expect(readFileSync(join(runFolder(), 'report.html'), 'utf8')).toContain('partial: interrupted')
    await goneWithin(2000)
  })

  it('should leave at once and say how to clean up when interrupted twice (fault 18)', async () => {
    const { child, exited, said, output } = orchestrate('run', join(folder, 'e2e.yaml'))
    await said('Control plane')
    // The kernel makes one signal of two that a busy program has not taken yet.
    while (child.exitCode === null) {
      child.kill('SIGINT')
      await sleep(100)
    }
    expect(await exited).toBe(130)
    expect(output()).toContain('cleanup --run e2e-')
    await goneWithin(10_000)
  })

  it('should keep the cluster of an arm that fails when told so, until cleanup (fault 47)', async () => {
    const { exited, output } = orchestrate('run', join(folder, 'e2e.yaml'), '--keep', '--set', 'fleet.timeout=100ms')
    expect(await exited, output()).toBe(4)
    const runId = runFolder().split('/').at(-1) ?? ''
    expect(output()).toMatch(
      new RegExp(`the cluster of untuned-1 was kept.*kubectl --kubeconfig \\S+.*cleanup --run ${runId}\n`, 's'),
    )
    expect(readResult()).toMatchObject({ partial: true, arms: [{ outcome: 'failed', residue: [] }] })

    const [, kubeconfig = ''] = /kubectl --kubeconfig (\S+)/.exec(output()) ?? []
    const credentials = await loadCredentials(kubeconfig, nobodyThere)
    await using api = connectKubeApi({ credentials, clock: systemClock, signal: new AbortController().signal })
    expect((await api.get({ resource: 'namespaces', name: 'kube-system' })).metadata.uid).toMatch(/-/)
    expect(leftovers().filter((one) => one === 'the reaper')).toEqual([])

    const listed = orchestrate('cleanup', '--run', runId, '--dry-run')
    expect(await listed.exited, listed.output()).toBe(0)
    expect(listed.output()).toMatch(/would remove \d+ processes: .*kube-apiserver \(\d+\)/)
    expect(leftovers().length).toBeGreaterThan(4)
    const removed = orchestrate('cleanup', '--run', runId)
    expect(await removed.exited, removed.output()).toBe(0)
    expect(leftovers()).toEqual([])
  })

  it('should leave no process and no state when killed (fault 40)', async () => {
    const { child, exited, said } = orchestrate('run', join(folder, 'e2e.yaml'))
    await said('Fleet of 2')
    expect(leftovers()).toContain('state/')
    child.kill('SIGKILL')
    await exited
    await goneWithin(10_000)
  })

  it('should be inconclusive, and name what died, when part of the fleet is killed while the cluster is filled (fault 39)', async () => {
    const { exited, said, output } = orchestrate('run', join(folder, 'e2e.yaml'))
    await said('Knobs in force')
    const runId = runFolder().split('/').at(-1) ?? ''
    const [, filler] = findMarked(runId).filter(({ program }) => program.endsWith('/hollow-node'))
    process.kill(filler?.pid ?? 0, 'SIGKILL')
    expect(await exited, output()).toBe(4)
    expect(output()).toMatch(/hollow-\d died \(signal SIGKILL\)/)
    expect(readResult()).toMatchObject({ partial: true, verdict: 'inconclusive', arms: [{ outcome: 'failed' }, {}] })
    await goneWithin(2000)
  })

  it('should fail at once with its last words when a component dies (fault 39)', async () => {
    const { exited, said, output } = orchestrate('run', join(folder, 'e2e.yaml'))
    await said('Deployment under test')
    const runId = runFolder().split('/').at(-1)
    const etcd = findMarked(runId).find(({ program }) => program.endsWith('/etcd'))
    process.kill(etcd?.pid ?? 0, 'SIGKILL')
    expect(await exited, output()).toBe(5)
    expect(output()).toMatch(/etcd.*SIGKILL/)
    expect(readResult()).toMatchObject({ partial: true, endedBy: 'infrastructure', arms: [{ outcome: 'failed' }] })
    const cases = junitCasesOf(readFileSync(join(runFolder(), 'junit.xml'), 'utf8'))
    expect(cases.filter(({ name }) => ['verdict', 'untuned #1'].includes(name))).toMatchObject([
      { name: 'verdict', ended: 'error', type: 'infrastructure' },
      { name: 'untuned #1', ended: 'error', type: 'infrastructure' },
    ])
    await goneWithin(2000)
  })
})
