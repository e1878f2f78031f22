import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/errors.ts'
import { locateComponents, toolBinaries } from '../../src/components/components.ts'
import { parsePlan } from '../../src/plan/parse.ts'
import type { Symptom, SymptomsOutcome } from '../../src/result/symptom.ts'
import type { RunEvent } from '../../src/run/events.ts'
import { virtualHost } from '../../src/run/host.ts'
import { executeRun } from '../../src/run/run.ts'
import { localTarget } from '../../src/targets/local/index.ts'
import { findMarked } from '../../src/targets/local/leftovers.ts'
import { vocabulary } from '../../src/testing/plans.ts'
import { describeUnless, isExecutable } from '../requirements.ts'
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
${written.includes('metrics:') ? '' : 'metrics: { every: 5s }\n'}${written}
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

/** How to reach a component of a run, as a client with the certificate `name` of the run's cluster. */
interface Access {
  url: string
  files: { ca: string; cert: string; key: string }
}

/** An option that a process was started with. */
function optionOf(pid: number, name: string): string {
  const options = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  return options.find((one) => one.startsWith(`--${name}=`))?.slice(`--${name}=`.length) ?? ''
}

function accessTo(etcd: number, of: 'etcd' | 'apiserver'): Access {
  const ca = optionOf(etcd, 'trusted-ca-file')
  const [cert, key] = ['crt', 'key'].map((end) =>
    join(dirname(ca), `${of === 'etcd' ? 'etcd-client' : 'admin'}.${end}`),
  ) as [string, string]
  const kubeconfig = join(dirname(optionOf(etcd, 'data-dir')), 'admin.kubeconfig')
  const url =
    of === 'etcd'
      ? optionOf(etcd, 'listen-client-urls')
      : (/https:[^"\s]+/.exec(readFileSync(kubeconfig, 'utf8'))?.[0] ?? '')
  return { url, files: { ca, cert, key } }
}

const agentFor = ({ files: { ca, cert, key } }: Access) =>
  new Agent({ connect: { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) } })

/** 9000 clients put keys into an etcd of the run, beside those of Kubernetes, while it defragments 200 MB: nothing is applied meanwhile. */
async function flood(etcd: number, signal: AbortSignal): Promise<void> {
  const access = accessTo(etcd, 'etcd')
  const { ca, cert, key } = access.files
  const place = locateComponents({ sourceFolder: join(root, 'components'), binaries: toolBinaries }, process.env)
  const put = (clients: number, total: number, valueBytes: number) =>
    promisify(execFile)(
      join(place.folder, 'etcd-benchmark'),
      ['put', `--endpoints=${access.url}`, `--cacert=${ca}`, `--cert=${cert}`, `--key=${key}`].concat(
        ['--conns=50', `--clients=${clients}`, `--total=${total}`, `--val-size=${valueBytes}`],
        ['--sequential-keys', `--key-space-size=${total}`],
      ),
      { maxBuffer: 1 << 28, signal },
    )
  await put(200, 20_000, 10_000)
  const agent = agentFor(access)
  const defragment = async () => {
    for (let times = 0; times < 3; times++) {
      await sleep(1500)
      const to = `${access.url}/v3/maintenance/defragment`
      const { body } = await request(to, { method: 'POST', body: '{}', dispatcher: agent })
      await body.dump()
    }
  }
  await Promise.all([put(9000, 60_000, 64), defragment()])
  await agent.close()
}

/** Reads a ConfigMap, and lists all of them, again and again, while etcd stands still for more than half a minute at a time. */
async function stall(etcd: number): Promise<void> {
  const access = accessTo(etcd, 'apiserver')
  const agent = agentFor(access)
  let isOver = false
  const ask = async (path: string) => {
    while (!isOver) {
      const { body } = await request(`${access.url}${path}`, { dispatcher: agent, headersTimeout: 100_000 })
      await body.dump()
      await sleep(500)
    }
  }
  const paths = ['/api/v1/namespaces/default/configmaps/kube-root-ca.crt', '/api/v1/configmaps?limit=500']
  const asking = Promise.all(paths.map(ask))
  for (let times = 0; times < 4; times++) {
    process.kill(etcd, 'SIGSTOP')
    await sleep(35_000)
    process.kill(etcd, 'SIGCONT')
    // Long enough for what has waited to be answered, and short enough for most requests to meet the next stop.
    await sleep(3000)
  }
  isOver = true
  await asking
  await agent.close()
}

/** Has each sync of a process's files take a second longer until `signal` aborts, whatever its disk is. */
function slowDisk(pid: number, signal: AbortSignal): void {
  const slow = ['--trace=fsync,fdatasync', '--inject=fsync,fdatasync:delay_exit=1000000']
  const tracer = spawn(strace, ['--follow-forks', '--quiet=all', '--output=/dev/null', ...slow, `--attach=${pid}`], {
    stdio: 'ignore',
  })
  // It lets go of the process, which goes on.
  signal.addEventListener('abort', () => tracer.kill('SIGTERM'))
}

const strace = '/usr/bin/strace'
const noTracer = isExecutable(strace) ? [] : [`${strace} is missing (apt-get install strace)`]

/** Nothing is judged by it: some wait for minutes, and machines differ. */
const testMs = 900_000

describeWithComponents('symptoms', () => {
  it('should be none in a quiet run', { timeout: testMs }, async () => {
    const idle =
      'steps: [{ observe: { name: idle, for: 40s } }, { probe: { name: rollout, from: 1, to: 5, timeout: 1m } }]'
    const settings = 'probes: { pod: { image: pause, serviceAccountToken: false }, settle: 1s }'
    const { found, readings, notRead } = await run('quiet', `${set({})}\n${settings}\n${idle}`)
    expect(found).toEqual([])
    expect(readings).toBeGreaterThan(7)
    expect(notRead).toEqual([])
  })

  describe.concurrent('of components that wait', () => {
    it('should be slow controllers, scheduler and kubelet where their clients may send one or two requests a second', {
      timeout: testMs,
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

    it('should be slow reads and slow lists while etcd stands still for half a minute at a time (fault 39)', {
      timeout: testMs,
    }, async () => {
      const stalled = Promise.withResolvers<void>()
      // Thrown where it is waited for, and not before.
      stalled.promise.catch(() => {})
      const outcome = await run(
        'stalled-etcd',
        // So that some requests end between any two readings of the API server's page, which is read every fourth time.
        `${set({})}\nmetrics: { every: 10s }\nsteps: [{ observe: { name: stall, for: 160s } }]`,
        (event, etcd) => {
          if (event.type === 'step-started' && event.stepId === 'observe/stall')
            stall(etcd()[0] as number).then(stalled.resolve, stalled.reject)
        },
      )
      await stalled.promise
      for (const id of ['apiserver-reads-slow', 'apiserver-lists-slow'])
        expect(during(get(outcome, id), outcome)).toBe('Observe for 160.0 s')
    })

    describeUnless(noTracer, 'strace is', 'and of an etcd whose disk is slow', () => {
      it('should be a slow etcd, and an API server that is slow for it, while each sync of its log takes a second', {
        timeout: testMs,
      }, async () => {
        const over = new AbortController()
        const outcome = await run(
          'slow-etcd',
          `${set({})}\n${workload('configObjects: { podsPerConfigObject: 0.004, configmapsPerSecret: 4, configmapSize: 200B, secretSize: 100B }\n  pace: { rate: 10/s }\n  timeout: 3m')}`,
          (event, etcd) => {
            if (event.type === 'step-started' && event.stepId === 'fill') slowDisk(etcd()[0] as number, over.signal)
            if ((event.type === 'step-finished' || event.type === 'step-failed') && event.stepId === 'fill')
              over.abort()
          },
        ).finally(() => over.abort())
        for (const id of ['etcd-fsync-slow', 'apiserver-writes-slow'])
          expect(during(get(outcome, id), outcome)).toMatch(/fill/i)
        expect(get(outcome, 'etcd-fsync-slow').knobs).toContain('etcd.walDisk')
      })
    })
  })

  // Each takes a machine of two cores to itself.
  describe('of components that are flooded or held up', () => {
    it('should be an etcd that refuses too many requests, while a flood comes in and a defragmentation keeps it from applying any', {
      timeout: testMs,
    }, async () => {
      const over = new AbortController()
      let flooded = Promise.resolve()
      const outcome = await run(
        'flooded-etcd',
        `${set({})}\nsteps: [{ observe: { name: flood, for: 150s } }]`,
        (event, etcd, end) => {
          // What it is still to send when the run has ended has nowhere to go.
          if (event.type === 'step-started' && event.stepId === 'observe/flood')
            flooded = flood(etcd()[0] as number, over.signal).catch(() => {})
          if (event.type === 'symptom' && event.symptom === 'etcd-too-many-requests') end()
        },
      )
      over.abort()
      await flooded
      expect(during(get(outcome, 'etcd-too-many-requests'), outcome)).toBe('Observe for 150.0 s')
      expect(get(outcome, 'etcd-too-many-requests').knobs).toContain('etcd.splitByResource')
    })

    it('should be a full etcd where its quota is reached', { timeout: testMs }, async () => {
      const outcome = await run(
        'full-etcd',
        `${set({ 'etcd.quotaBackendBytes': 16_777_216 })}\n${workload('ballast: { total: 40MB, objectSize: 256KiB }\n  timeout: 2m')}`,
        (event, _, end) => {
          if (event.type === 'symptom' && event.symptom === 'etcd-no-space') end()
        },
      )
      expect(get(outcome, 'etcd-no-space').knobs).toContain('etcd.quotaBackendBytes')
    })

    it('should be a full queue, or refusals, where the API server may serve one request of a level at a time', {
      timeout: testMs,
    }, async () => {
      // Which of them depends on how fast the machine is; on any, there is more to write than fits in the minute that a queue has to be full.
      const crowded = ['apf-queues', 'apf-refuses']
      const seats = { 'apiserver.maxRequestsInflight': 1, 'apiserver.maxMutatingRequestsInflight': 1 }
      const outcome = await run(
        'few-seats',
        `${set(seats)}\n${workload('ballast: { total: 1GB, objectSize: 2KiB }\n  timeout: 3m')}`,
        (event, _, end) => {
          if (event.type === 'symptom' && crowded.includes(event.symptom)) end()
        },
      )
      const [found] = outcome.found.filter(({ id }) => crowded.includes(id))
      expect(found?.knobs).toContain('apiserver.maxRequestsInflight')
    })
  })
})
