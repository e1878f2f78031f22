import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Result } from '../result/result.ts'
import { probesIn, resultSchema } from '../testing/outcomes.ts'
import { surroundingsForTests } from '../testing/surroundings.ts'
import type { WhatIfOptions } from './options.ts'
import { reportCommand } from './report-command.ts'
import { whatIfCommand } from './what-if-command.ts'

let reports: string
let printed: string[]

beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), 'scale-test-what-if-'))
  printed = []
})

afterEach(() => rmSync(reports, { recursive: true, force: true }))

const surroundings = () => surroundingsForTests(reports, (line) => printed.push(line))

/** The last text that was printed, but for how to measure it. */
function summary(): string | undefined {
  return printed.findLast((text) => !text.startsWith('measure it: '))
}

async function whatIf(vary: string, options: Omit<WhatIfOptions, 'vary'> = {}, plan = 'single-node') {
  const status = await whatIfCommand(plan, { ...options, vary: [vary] }, surroundings())
  const [run = ''] = readdirSync(reports).filter((name) => !/\.(yaml|html)$/.test(name))
  const read = (file: string) => readFileSync(join(reports, run, file), 'utf8')
  const result = resultSchema.parse(JSON.parse(read('result.json')))
  return { status, run, read, result, text: summary() ?? '' }
}

/** Seconds until all pods were available, and what bound them, by value. */
function available({ arms, whatIf: varied }: Result) {
  return (varied?.values ?? []).map(({ value, arm }) => {
    const rollout = probesIn(arms.find(({ name }) => name === arm))[0]
    const boundBy = rollout?.explanations.find(({ stop }) => stop === 'available')?.boundBy
    const calls = rollout?.limiters.find(({ client }) => client === 'KubeClient')?.gatingRequests ?? Number.NaN
    return { qps: Number(value), seconds: (rollout?.stopsMs.available ?? Number.NaN) / 1000, boundBy, calls }
  })
}

const knob = (result: Result, arm: number, id: string) => result.arms[arm]?.knobs.find((one) => one.id === id)

describe('whatIfCommand', { timeout: 60_000 }, () => {
  it('should follow the arithmetic of the kubelet’s limit until something else takes over', async () => {
    const { status, result, text } = await whatIf('kubelet.kubeAPIQPS=5,10,20,50,1000')
    expect(status).toBe(0)
    const tried = available(result)
    expect(tried.map(({ qps }) => qps)).toEqual([5, 10, 20, 50, 1000])
    // Two calls for each of 199 new pods, of which the burst of the tuned profile lets 100 pass at once; up to a third of the pods are
    // written twice, as 15 to 65 of 199 were when it was measured with Kubernetes 1.37 (500/1000, November 2026).
    const predicted = (qps: number, calls = 199 * 2) => (calls - 100) / qps
    for (const { qps, seconds, boundBy, calls } of tried.slice(0, 4)) {
      expect(boundBy).toBe('kubelet/KubeClient')
      expect(seconds).toBeGreaterThanOrEqual(predicted(qps))
      expect(calls).toBeLessThan((4 / 3) * 199 * 2)
      expect(seconds).toBeLessThan(predicted(qps, calls) * 1.06 + 0.5)
    }
    const last = tried.at(-1)
    // By then two cores have no time left.
    expect(last?.boundBy).toBe(null)
    expect(last?.seconds).toBeGreaterThan(3 * predicted(1000))
    expect(text.replaceAll(/\s+/g, ' ')).toContain('bound by the kubelet’s limit up to 50, no client limit at 1000')
    expect(text.split('\n').filter((line) => line.length > 80 && !line.startsWith('report: '))).toEqual([])
  })

  it('should leave an ordinary run, and a page of its own that a report makes again byte by byte', async () => {
    const { run, read, result } = await whatIf('kubelet.kubeAPIQPS=5,50')
    const files = readdirSync(join(reports, run)).toSorted()
    expect(files).toEqual(
      [
        'figures.csv',
        'journal.ndjson',
        'junit.xml',
        'plan.json',
        'report.html',
        'report.md',
        'result.json',
        'samples.ndjson',
        'what-if.html',
      ].toSorted(),
    )
    expect(result).toMatchObject({
      evidence: 'simulated',
      plan: 'single-node-what-if',
      thresholds: [],
      reference: null,
    })
    expect(read('report.html')).toContain('<a href="what-if.html">')
    const before = read('what-if.html')
    const text = summary()
    rmSync(join(reports, run, 'what-if.html'))
    expect(await reportCommand(run, {}, surroundings())).toBe(0)
    expect(read('what-if.html')).toBe(before)
    expect(summary()).toBe(text)
  })

  it('should give the same bytes when it is run again', async () => {
    const files = ['result.json', 'what-if.html', 'report.html']
    const first = await whatIf('kubelet.kubeAPIQPS=5,50')
    const before = files.map(first.read)
    const second = await whatIf('kubelet.kubeAPIQPS=5,50')
    expect(second.run).toBe(first.run)
    expect(files.map(second.read)).toEqual(before)
  })

  it('should give a value the same figures whatever its neighbours in the list are', async () => {
    const armOf = ({ arms }: Result) =>
      arms.filter(({ name }) => name === 'kube-api-qps-50').map(({ order: _, ...figures }) => figures)
    const last = await whatIf('kubelet.kubeAPIQPS=5,50')
    rmSync(join(reports, last.run), { recursive: true })
    const first = await whatIf('kubelet.kubeAPIQPS=50,100,1000')
    expect(armOf(first.result)).toHaveLength(3)
    expect(armOf(first.result)).toEqual(armOf(last.result))
  })

  it('should start from the tuned arm, or from the one that is named, with its departures', async () => {
    const tuned = await whatIf('kubelet.kubeAPIQPS=5,50')
    expect(tuned.result.whatIf).toEqual({
      varied: 'kubelet.kubeAPIQPS',
      basedOn: 'tuned',
      values: [
        { value: 5, arm: 'kube-api-qps-5' },
        { value: 50, arm: 'kube-api-qps-50' },
      ],
    })
    expect(knob(tuned.result, 0, 'kubelet.kubeAPIQPS')).toMatchObject({ effective: 5, status: 'applied' })
    expect(knob(tuned.result, 0, 'controllerManager.kubeApiQps')?.effective).toBe(500)
    rmSync(join(reports, tuned.run), { recursive: true })
    const { result } = await whatIf('kubelet.kubeAPIQPS=5,50', { profile: 'untuned' })
    expect(knob(result, 1, 'kubelet.maxPods')?.effective).toBe(500)
    expect(knob(result, 1, 'controllerManager.kubeApiQps')?.effective).toBe(20)
  })

  it('should start from a profile that no arm of the plan has, by its name or its path', async () => {
    const profile = join(reports, 'ours.yaml')
    writeFileSync(profile, 'name: ours\nextends: stock\nset: [{ knob: kubelet.maxPods, value: 321, because: x }]\n')
    for (const [named, name, maxPods] of [
      [profile, 'ours', 321],
      ['sig-scalability', 'sig-scalability', 500],
    ] as const) {
      const { result, run } = await whatIf('kubelet.kubeAPIQPS=5,50', { profile: named, repeat: 1 })
      expect(result.whatIf?.basedOn).toBe(name)
      expect(result.arms.map((arm) => arm.profile)).toEqual([name, name])
      expect(knob(result, 0, 'kubelet.maxPods')?.effective).toBe(maxPods)
      rmSync(join(reports, run), { recursive: true })
    }
  })

  it('should replace the arm’s own departure for the knob', async () => {
    const { result, read } = await whatIf('kubelet.maxPods=300,400', { profile: 'untuned' })
    expect([0, 1].map((arm) => knob(result, arm, 'kubelet.maxPods')?.effective)).toEqual([300, 400])
    expect(JSON.parse(read('plan.json'))).toMatchObject({
      arms: [300, 400].map((value) => ({ set: [{ knob: 'kubelet.maxPods', value, because: 'what-if' }] })),
    })
  })

  it('should number the arms whose values make no names', async () => {
    const { result } = await whatIf('etcd.splitByResource="",/pods')
    expect(result.whatIf?.values.map(({ arm }) => arm)).toEqual(['split-by-resource-1', 'split-by-resource-2'])
  })

  it('should vary a field of the plan as well', async () => {
    const { result } = await whatIf('fleet.nodes=2,4', { repeat: 1 })
    expect(result.arms.map(({ fleet }) => fleet.nodes)).toEqual([2, 4])
    expect(result.whatIf?.varied).toBe('fleet.nodes')
  })

  it('should run each value three times, unless it is told how often, and show medians and ranges', async () => {
    const { result, read, text } = await whatIf('kubelet.kubeAPIQPS=5,50')
    expect(result.arms).toHaveLength(6)
    expect(read('what-if.html')).toContain('n = 3')
    expect(text).toMatch(/deleted.*\n +5 .*±/s)
  })

  it.each<[number, Omit<WhatIfOptions, 'vary'>]>([
    [1, { repeat: 1 }],
    [1, { set: ['repetitions=1'] }],
    [2, { set: ['repetitions=2'] }],
    [4, { repeat: 4 }],
  ])('should run each value %i times when asked to: %j', async (times, options) => {
    const { result } = await whatIf('kubelet.kubeAPIQPS=5,50', options, 'smoke')
    expect(result.arms).toHaveLength(2 * times)
  })

  it('should give the same figures for a value whatever stands beside it', async () => {
    const figuresOf = async (vary: string, arm: string) => {
      const { result, run } = await whatIf(vary, {}, 'smoke')
      rmSync(join(reports, run), { recursive: true })
      const arms = result.arms.filter(({ name }) => name === arm)
      expect(arms).toHaveLength(3)
      return arms.map(({ order: _, ...outcome }) => outcome)
    }
    const alone = await figuresOf('kubelet.kubeAPIQPS=60,61', 'kube-api-qps-60')
    expect(await figuresOf('kubelet.kubeAPIQPS=5,50,60,70', 'kube-api-qps-60')).toEqual(alone)
    const four = await figuresOf('fleet.nodes=4,5', 'nodes-4')
    expect(await figuresOf('fleet.nodes=1,3,4,9', 'nodes-4')).toEqual(four)
  })

  it('should say the same of values that change nothing', async () => {
    const { result, text } = await whatIf('probes.pod.image=a,b', {}, 'smoke')
    const stopsOf = (arm: string) =>
      result.arms.filter(({ name }) => name === arm).map((one) => probesIn(one).map(({ stopsMs }) => stopsMs))
    expect(stopsOf('image-a')).toEqual(stopsOf('image-b'))
    const told = text.split('\n').filter((line) => /^(cluster|rollout|scale-down)/.test(line))
    expect(told.length).toBeGreaterThanOrEqual(3)
    expect(told.filter((line) => !line.endsWith('the same at every value'))).toEqual([])
  })

  it.each<[string, string, Omit<WhatIfOptions, 'vary'>]>([
    ['etcd.nice=0,-20', 'on target sim, etcd.nice would change nothing: not modelled', {}],
    ['kubelet.kubeAPIQPS=5,10', 'no arm tuned-up', { profile: 'tuned-up' }],
    ['kubelet.kubeAPIQPS=5,10', 'did you mean tuned?', { profile: 'tune' }],
    ['kubelet.kubeAPIQPS=5,10', 'there is no target moon', { target: 'moon' }],
    ['kubelet.kubeAPIQP=5,10', 'did you mean kubelet.kubeAPIQPS?', {}],
    ['fleet.nods=5,10', 'unknown field', {}],
    ['fleet.node.memory="8Gi #x",64Gi', 'expected an amount of memory with a unit, such as 32Gi, found "8Gi #x"', {}],
    ['fleet.node.memory="a: b",64Gi', 'found "a: b"', {}],
    ['fleet.node.memory="null",64Gi', 'found "null"', {}],
    ['etcd.heartbeatInterval=100,300', 'with 300, etcd would not start', {}],
    ['controllerManager.nodeMonitorPeriod=0s,5s', 'of at least 100ms, not "0s"', {}],
    ['fleet.nodes=5,10', 'on target remote, fleet.nodes cannot vary', { target: 'remote' }],
  ])('should refuse %s: %s', async (vary, message, options) => {
    const refused = whatIfCommand('single-node', { ...options, vary: [vary] }, surroundings())
    await expect(refused).rejects.toMatchObject({ kind: 'bad-input', message: expect.stringContaining(message) })
    expect(readdirSync(reports)).toEqual([])
  })

  it('should refuse two settings at a time', async () => {
    const vary = ['kubelet.kubeAPIQPS=5,10', 'kubelet.kubeAPIBurst=5,10']
    await expect(whatIfCommand('single-node', { vary }, surroundings())).rejects.toMatchObject({ kind: 'bad-input' })
  })
})
