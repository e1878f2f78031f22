import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/errors.ts'
import { parsePlan } from '../../src/plan/parse.ts'
import type { Symptom, SymptomsOutcome } from '../../src/result/symptom.ts'
import type { RunEvent } from '../../src/run/events.ts'
import { virtualHost } from '../../src/run/host.ts'
import { executeRun } from '../../src/run/run.ts'
import { localTarget } from '../../src/targets/local/index.ts'
import { findMarked } from '../../src/targets/local/leftovers.ts'
import { vocabulary } from '../../src/testing/plans.ts'
import { describeWithComponents, root } from './components.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-symptoms-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** One arm of two nodes on this machine, whose pages are read every five seconds; `meanwhile` is told what happens in it. */
async function run(
  name: string,
  written: string,
  meanwhile: (event: RunEvent, etcd: () => number[], end: () => void) => void = () => {},
): Promise<SymptomsOutcome> {
  const runId = `${name}-${process.pid}`
  const text = `apiVersion: scale-test/v1
name: ${name}
fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
metrics: { every: 5s }
${written}
`
  const plan = parsePlan(text, `${name}.yaml`, vocabulary)
  const target = localTarget({
    runId,
    runFolder: join(folder, name),
    componentsSource: join(root, 'components'),
    env: process.env,
    clock: systemClock,
  })
  const ending = new AbortController()
  const etcd = () => findMarked(runId).flatMap(({ program, pid }) => (program.endsWith('/etcd') ? [pid] : []))
  const { result } = await executeRun({
    runId,
    plan,
    target,
    clock: systemClock,
    host: virtualHost,
    signal: ending.signal,
    emit: (event) => meanwhile(event, etcd, () => ending.abort(new Failure('interrupted', 'enough was seen'))),
    onSample: () => {},
  })
  const symptoms = result.arms[0]?.symptoms
  if (symptoms === undefined) throw new Error(`no symptoms were looked for: ${result.reasons.join('; ')}`)
  return symptoms
}

const set = (knobs: Record<string, number>) =>
  `arms: [{ profile: tuned, set: [${Object.entries(knobs)
    .map(([knob, value]) => `{ knob: ${knob}, value: ${value}, because: so that it shows }`)
    .join(', ')}] }]`
const probes = (sequence: string) => `probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 1s
  sequence: [${sequence}]`
const workload = (more: string) => `workload:
  namespaces: 2
  sizeClasses: [{ name: all, share: 1, minimumPods: 1 }]
  pods: { total: 4, perDeployment: 2, image: pause }
  services: 2
  ${more}`

/** The title of what the run was doing for most of a symptom's first stretch. */
function during({ spells: [spell] }: Symptom, { activities }: SymptomsOutcome): string | undefined {
  const overlap = ({ fromMs, toMs }: { fromMs: number; toMs: number }) =>
    Math.min(toMs, spell?.toMs ?? 0) - Math.max(fromMs, spell?.fromMs ?? 0)
  return activities.toSorted((one, other) => overlap(other) - overlap(one))[0]?.title
}

const get = (outcome: SymptomsOutcome, id: string): Symptom => {
  const found = outcome.found.find((symptom) => symptom.id === id)
  if (found === undefined) throw new Error(`${id} is not among ${outcome.found.map((one) => one.id).join(', ')}`)
  return found
}

describeWithComponents('symptoms', () => {
  it('should be none in a quiet run', { timeout: 240_000 }, async () => {
    const idle =
      'steps: [{ observe: { name: idle, for: 40s } }, { probe: { name: rollout, from: 1, to: 5, timeout: 1m } }]'
    const settings = 'probes: { pod: { image: pause, serviceAccountToken: false }, settle: 1s }'
    const { found, readings, notRead } = await run('quiet', `${set({})}\n${settings}\n${idle}`)
    expect(found).toEqual([])
    expect(readings).toBeGreaterThan(7)
    expect(notRead).toEqual([])
  })

  describe.concurrent('of components that are held back', () => {
    it('should be slow controllers, scheduler and kubelet where their clients may send one or two requests a second', {
      timeout: 240_000,
    }, async () => {
      const limits = {
        'controllerManager.kubeApiQps': 2,
        'controllerManager.kubeApiBurst': 2,
        'scheduler.kubeApiQps': 1,
        'scheduler.kubeApiBurst': 1,
        'kubelet.kubeAPIQPS': 1,
        'kubelet.kubeAPIBurst': 1,
      }
      const outcome = await run(
        'limited',
        `${set(limits)}\n${probes('{ name: rollout, from: 1, to: 70, timeout: 4m }')}`,
      )
      for (const id of [
        'controllers-client-limited',
        'scheduler-client-limited',
        'kubelet-client-limited',
        'kubelet-starts-slow',
      ])
        expect(during(get(outcome, id), outcome)).toBe('Rollout 1 -> 70')
      expect(get(outcome, 'scheduler-client-limited').knobs).toContain('scheduler.kubeApiQps')
    })

    it('should be a slow etcd, and an API server that is slow for it, while etcd is held up again and again', {
      timeout: 240_000,
    }, async () => {
      const slow = { isOn: false, done: Promise.resolve() }
      const hold = async (etcd: () => number[]) => {
        const [pid] = etcd()
        if (pid === undefined) return
        while (slow.isOn) {
          process.kill(pid, 'SIGSTOP')
          await sleep(1500)
          process.kill(pid, 'SIGCONT')
          await sleep(50)
        }
      }
      const outcome = await run(
        'slow-etcd',
        `${set({})}\n${workload('configObjects: { podsPerConfigObject: 0.004, configmapsPerSecret: 4, configmapSize: 200B, secretSize: 100B }\n  pace: { rate: 10/s }\n  timeout: 3m')}`,
        (event, etcd) => {
          if (event.type === 'step-started' && event.stepId === 'fill') {
            slow.isOn = true
            slow.done = hold(etcd)
          }
          if ((event.type === 'step-finished' || event.type === 'step-failed') && event.stepId === 'fill')
            slow.isOn = false
        },
      )
      await slow.done
      for (const id of ['etcd-fsync-slow', 'apiserver-writes-slow'])
        expect(during(get(outcome, id), outcome)).toMatch(/fill/i)
      expect(get(outcome, 'etcd-fsync-slow').knobs).toContain('etcd.walDisk')
    })

    it('should be a full etcd where its quota is reached', { timeout: 180_000 }, async () => {
      const outcome = await run(
        'full-etcd',
        `${set({ 'etcd.quotaBackendBytes': 16_777_216 })}\n${workload('ballast: { total: 40MB, objectSize: 256KiB }\n  timeout: 2m')}`,
        (event, _, end) => {
          if (event.type === 'symptom' && event.symptom === 'etcd-no-space') end()
        },
      )
      expect(get(outcome, 'etcd-no-space').knobs).toContain('etcd.quotaBackendBytes')
    })

    it('should be a full queue where the API server may serve one request of a level at a time', {
      timeout: 240_000,
    }, async () => {
      const seats = { 'apiserver.maxRequestsInflight': 1, 'apiserver.maxMutatingRequestsInflight': 1 }
      const outcome = await run(
        'few-seats',
        `${set(seats)}\n${workload('ballast: { total: 60MB, objectSize: 8KiB }\n  timeout: 3m')}`,
        (event, _, end) => {
          if (event.type === 'symptom' && event.symptom === 'apf-queues') end()
        },
      )
      expect(get(outcome, 'apf-queues').knobs).toContain('apiserver.maxRequestsInflight')
    })
  })
})
