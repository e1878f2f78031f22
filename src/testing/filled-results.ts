import type { Distribution } from '../result/distribution.ts'
import type { ApiLatency, Curve, EtcdOutcome } from '../result/parts.ts'
import type { ArmOutcome, MachineOutcome, MachinePhase, Result } from '../result/result.ts'
import type { FillOutcome, FillStage } from '../steps/fill/outcome.ts'
import { probesIn, stepsDone } from './outcomes.ts'
import { sampleArm, sampleResult } from './results.ts'

/*
 * 1000 nodes filled with 5000 pods in 50 namespaces by two arms, the first of which
 * had the whole machine busy while its fleet came up.
 */

type Arm = 'untuned' | 'tuned-split'

/** A run that fills a cluster before it probes, measured on one machine of two cores. */
export function filledResult(changes: Partial<Result> = {}): Result {
  return sampleResult({
    run: '2026-11-24T14-00-00-fill-1000',
    plan: 'fill-1000',
    description: '1000 hollow nodes, 5000 pods in 50 namespaces, then one Deployment 1 -> 200 -> 1.',
    reasons: ['No pod was lost. The only threshold is met.'],
    durationMs: 968_200,
    reference: null,
    orchestrator: { peakMemoryBytes: 311_427_072 },
    thresholds: [
      { name: 'tuned-split rollout available at most 15 s', verdict: 'pass', actual: 7612, max: 15_000, unit: 'ms' },
    ],
    arms: [
      {
        ...grown(
          'untuned',
          sampleArm('untuned', 1, 1, {
            rollout: { created: 9110, ready: 79_540, available: 79_702 },
            scaleDown: { rsCurrent: 8690, deleted: 122_571 },
          }),
        ),
      },
      {
        ...grown(
          'tuned-split',
          sampleArm('tuned', 1, 2, {
            rollout: { created: 1084, ready: 7496, available: 7612 },
            scaleDown: { rsCurrent: 512, deleted: 14_243 },
          }),
        ),
        id: 'tuned-split-1',
        name: 'tuned-split',
      },
    ],
    ...changes,
  })
}

function grown(arm: Arm, small: ArmOutcome): ArmOutcome {
  const flapped = [41, 112, 113, 387, 512, 760, 981].map((node) => `hollow-${node}`)
  const isSlow = arm === 'untuned'
  return {
    ...small,
    steps: stepsDone(fill(arm), probesIn(small)),
    fleet: {
      nodes: 1000,
      hosts: 1,
      processes: 21,
      source: 'hollow',
      probeNode: 'hollow',
      readyMs: isSlow ? 99_312 : 61_840,
      flaps: { count: isSlow ? 9 : 0, nodes: isSlow ? flapped : [], notReadyAtEnd: [] },
      estimate: { coresNeeded: isSlow ? 2.8 : 0.7, cores: 2 },
    },
    machine: machine(arm),
    objects: { namespaces: 54, nodes: 1000, deployments: 251, replicasets: 251, pods: 5001, leases: 1004 },
  }
}

const fillMs: Record<Arm, number> = { untuned: 262_400, 'tuned-split': 98_700 }
const pods = 5000

function fill(arm: Arm): FillOutcome {
  const isSlow = arm === 'untuned'
  const durationMs = fillMs[arm]
  return {
    durationMs,
    objects: {
      namespaces: all(50),
      serviceaccounts: all(150),
      configmaps: all(1000),
      secrets: all(250),
      ballast: all(380),
      services: all(125),
      deployments: all(250),
      pods: all(pods),
    },
    stages: [
      stage('namespaces', 50, isSlow),
      stage('serviceaccounts', 150, isSlow),
      stage('configmaps', 1000, isSlow),
      stage('secrets', 250, isSlow),
      stage('ballast', 380, isSlow),
      stage('services', 125, isSlow),
      stage('deployments', 250, isSlow),
    ],
    pods: {
      expected: pods,
      created: pods,
      bound: pods,
      ready: pods,
      unexpected: 0,
      censored: isSlow ? 0 : 64,
      censoredWithinMs: isSlow ? 0 : 420,
    },
    podPhasesMs: {
      'T0 to created': isSlow
        ? spread(pods, 136_000, 235_000, 259_000, 261_900)
        : spread(pods, 50_200, 88_100, 97_000, 97_900),
      'created to bound': isSlow ? spread(pods, 6, 19, 84, 212) : spread(pods, 240, 890, 1460, 1710),
      'bound to started': isSlow ? spread(pods, 380, 790, 1310, 2210) : spread(pods, 460, 1120, 1980, 2940),
      'started to Ready': isSlow ? spread(pods, 310, 940, 1720, 3050) : spread(pods, 290, 760, 1240, 1870),
      'created to Ready': isSlow ? spread(pods, 740, 1610, 2480, 4120) : spread(pods, 1080, 2390, 3610, 4930),
    },
    schedulingPerSecond: isSlow ? { mean: 19.9, peak: 23.1 } : { mean: 58.3, peak: 96.4 },
    curves: {
      created: growth(pods, 9000, durationMs - 1900),
      bound: growth(pods, 9100, durationMs - 1800),
      ready: growth(pods, 10_400, durationMs - 300),
    },
    watchLagMs: isSlow ? spread(254, 2.4, 9.8, 31, 74) : spread(92, 6.1, 41, 168, 240),
    watchLagCurve: ripple(durationMs - 4000, 1000, (ms) => (isSlow ? 4 : 30) * (1 + wave(ms, 7)) ** 3 + 1.2),
    limiters: [],
    apiLatency: [...clientLatencies(isSlow), ...apiserverLatencies(isSlow)],
    etcd: isSlow
      ? [etcd('etcd', 21, 468, durationMs, 1)]
      : [
          etcd('etcd', 17, 431, durationMs, 0.8),
          etcd('etcd-pods', 1, 36, durationMs, 0.7),
          etcd('etcd-events', 1, 58, durationMs, 0.9),
          etcd('etcd-leases', 1, 9, durationMs, 0.6),
        ],
    watch: { resumed: isSlow ? 0 : 2, relisted: 0, silent: 0 },
    notRead: [],
    clientRetries: { count: isSlow ? 0 : 14, waitedMs: isSlow ? 0 : 2140 },
    eventLoopDelayMaxMs: isSlow ? 23 : 61,
    machineBusy: isSlow ? 0.52 : 0.87,
  }
}

function all(count: number) {
  return { expected: count, observed: count, failed: 0 }
}

function stage(name: string, objects: number, isSlow: boolean): FillStage {
  const durationMs = 5 * objects + (name === 'ballast' ? 2100 : isSlow ? 120 : 60)
  const latencyMs = name === 'ballast' ? spread(objects, 21, 64, 148, 201) : spread(objects, 3.4, 8.2, 27, 64)
  const latenessMs = spread(objects, 0.2, 0.6, name === 'ballast' ? 41 : 1.4, 52)
  return { name, objects, durationMs, intendedPerSecond: 200, latencyMs, latenessMs }
}

function latency(source: ApiLatency['source'], request: string, count: number, p50: number, p99: number): ApiLatency {
  const [verb = '', resource = ''] = request.split(' ')
  const max = source === 'client' ? p99 * 1.8 : null
  return { verb, resource, source, latencyMs: { count, missing: 0, p50, p90: (p50 + p99) / 2, p99, max } }
}

function clientLatencies(isSlow: boolean): ApiLatency[] {
  const load = isSlow ? 1 : 1.7
  const client = (request: string, count: number, p50: number, p99: number) =>
    latency('client', request, count, p50 * load, p99 * load)
  return [
    client('create namespaces', 50, 5.1, 19),
    client('create serviceaccounts', 150, 2.9, 8.8),
    client('create configmaps', 1380, 3.2, 66),
    client('create secrets', 250, 3.0, 11),
    client('create services', 125, 6.6, 24),
    client('create deployments', 250, 4.1, 29),
    client('list pods', 12, 61, 118),
    client('list namespaces', 1, 4.4, 4.4),
    client('patch configmaps', isSlow ? 258 : 95, 2.7, 14),
  ]
}

function apiserverLatencies(isSlow: boolean): ApiLatency[] {
  const load = isSlow ? 1 : 1.6
  const requests: [string, number, number, number][] = [
    ['POST pods', 5000, 2.6, 41],
    ['POST pods/binding', 5000, 3.3, 47],
    ['GET pods', 15_020, 0.6, 4.8],
    ['PATCH pods/status', 15_000, 2.8, 44],
    ['POST events', 20_130, 1.9, 24],
    ['PUT replicasets/status', 3120, 2.2, 38],
    ['PUT deployments/status', 740, 2.4, 39],
    ['POST replicasets', 250, 2.9, 34],
    ['POST deployments', 250, 2.7, 21],
    ['POST configmaps', 1430, 2.3, 58],
    ['POST secrets', 250, 2.1, 9.2],
    ['POST services', 125, 4.9, 23],
    ['POST endpointslices', 125, 2.4, 28],
    ['PUT endpointslices', 610, 2.6, 37],
    ['PUT leases', isSlow ? 26_400 : 9900, 1.5, 9.6],
    ['GET leases', 312, 0.4, 2.2],
    ['PATCH nodes/status', isSlow ? 910 : 320, 3.1, 27],
    ['GET nodes', 1210, 0.5, 4.1],
    ['LIST pods', 24, 8.2, 96],
    ['LIST nodes', 3, 44, 96],
    ['POST serviceaccounts', 200, 2.4, 8.8],
    ['GET configmaps', 312, 0.5, 3.9],
  ]
  return requests.map(([request, count, p50, p99]) => latency('apiserver', request, count, p50 * load, p99 * load))
}

function etcd(instance: string, before: number, after: number, durationMs: number, load: number): EtcdOutcome {
  const mebibytes = 2 ** 20
  return {
    instance,
    sizeBytes: { before: before * mebibytes, after: after * mebibytes },
    inUseBytes: Math.round(after * 0.91 * mebibytes),
    commitMs: { ...spread(9400, 1.9 * load, 6.2 * load, 14.8 * load, 0), max: null },
    fsyncMs: { ...spread(21_300, 0.8 * load, 2.9 * load, 7.4 * load, 0), max: null },
    sizeCurve: ripple(durationMs, 10_000, (ms) => (before + (after - before) * Math.min(1, ms / 60_000)) * mebibytes),
  }
}

const components = [
  'hollow-node',
  'kube-apiserver',
  'etcd',
  'kube-controller-manager',
  'kube-scheduler',
  'orchestrator',
]
const processes = [21, 1, 4, 1, 1, 1]
const peakMebibytes = [4890, 2140, 780, 412, 236, 297]

/** Step, title, milliseconds, and the cores that each component takes. */
type Load = [step: string, title: string, ms: number, cores: number[]]

const loads: Record<Arm, Load[]> = {
  untuned: [
    ['control-plane', 'Control plane', 3500, [0, 0.7, 0.2, 0.2, 0.1, 0.1]],
    ['fleet', 'Fleet of 1000 hollow nodes', 99_300, [1.05, 0.58, 0.18, 0.06, 0.02, 0.04]],
    ['idle-fleet', 'Idle fleet', 30_000, [0.52, 0.21, 0.08, 0.03, 0.01, 0.01]],
    ['verify-knobs', 'Knobs in force', 67, [0.5, 0.3, 0.1, 0.05, 0.01, 0.1]],
    ['fill', 'Fill: 5000 pods in 50 namespaces', 264_100, [0.43, 0.31, 0.12, 0.09, 0.03, 0.04]],
    ['probe-target', 'Deployment under test', 133, [0.5, 0.3, 0.1, 0.05, 0.01, 0.1]],
    ['probe/rollout', 'Rollout 1 -> 200', 90_100, [0.36, 0.2, 0.07, 0.04, 0.01, 0.01]],
    ['probe/scale-down', 'Scale-down 200 -> 1', 132_900, [0.33, 0.17, 0.06, 0.03, 0.01, 0.01]],
    ['clean-up', 'Clean up', 2950, [0.6, 0.3, 0.1, 0.02, 0.01, 0.05]],
  ],
  'tuned-split': [
    ['control-plane', 'Control plane', 4100, [0, 0.8, 0.4, 0.2, 0.1, 0.1]],
    ['fleet', 'Fleet of 1000 hollow nodes', 61_800, [0.88, 0.52, 0.2, 0.07, 0.02, 0.04]],
    ['idle-fleet', 'Idle fleet', 30_000, [0.31, 0.14, 0.06, 0.02, 0.01, 0.01]],
    ['verify-knobs', 'Knobs in force', 71, [0.3, 0.3, 0.1, 0.05, 0.01, 0.1]],
    ['fill', 'Fill: 5000 pods in 50 namespaces', 100_300, [0.68, 0.55, 0.26, 0.14, 0.06, 0.05]],
    ['probe-target', 'Deployment under test', 120, [0.3, 0.3, 0.1, 0.05, 0.01, 0.1]],
    ['probe/rollout', 'Rollout 1 -> 200', 18_000, [0.7, 0.5, 0.2, 0.1, 0.03, 0.02]],
    ['probe/scale-down', 'Scale-down 200 -> 1', 24_700, [0.6, 0.42, 0.18, 0.08, 0.01, 0.02]],
    ['clean-up', 'Clean up', 3100, [0.6, 0.3, 0.1, 0.02, 0.01, 0.05]],
  ],
}

function machine(arm: Arm): MachineOutcome {
  let startMs = 0
  const phases = loads[arm].map(([step, title, ms, cores]): MachinePhase => {
    const [fromMs, endMs] = [startMs, startMs + ms]
    startMs = endMs
    const used = cores.reduce((sum, one) => sum + one, 0)
    const busy = Math.min(1, used / 2 + 0.025)
    return {
      step,
      title,
      startMs: fromMs,
      endMs,
      busy,
      machineBound: busy > 0.9,
      runQueue: 1 + 8 * busy ** 4,
      memoryUsedMaxBytes: (3.1 + 7 * Math.min(1, endMs / 200_000)) * 2 ** 30,
      diskBusy: Math.min(1, 0.9 * (cores[2] ?? 0)),
      cores: Object.fromEntries(components.map((component, index) => [component, cores[index] ?? 0])),
    }
  })
  const phaseAt = (ms: number) => phases.find(({ endMs }) => ms <= endMs)
  const over = (value: (phase: MachinePhase, ms: number) => number): Curve =>
    ripple(startMs, startMs / 240, (ms) => {
      const phase = phaseAt(ms)
      return phase === undefined ? 0 : value(phase, ms)
    })
  const coresAt = (phase: MachinePhase, component: string, ms: number) =>
    (phase.cores[component] ?? 0) * (1 + 0.05 * wave(ms, component.length))
  return {
    phases,
    curves: {
      busy: over((phase, ms) =>
        Math.min(1, components.reduce((sum, component) => sum + coresAt(phase, component, ms), 0) / 2 + 0.025),
      ),
      runQueue: over(({ runQueue }) => runQueue ?? 0),
      memoryUsedBytes: over(({ memoryUsedMaxBytes }) => memoryUsedMaxBytes),
      diskBusy: over(({ diskBusy }) => diskBusy ?? 0),
    },
    components: components.map((component, index) => ({
      component,
      processes: processes[index] ?? 1,
      processorMs: phases.reduce(
        (sum, { cores, startMs, endMs }) => sum + (cores[component] ?? 0) * (endMs - startMs),
        0,
      ),
      memoryPeakBytes: (peakMebibytes[index] ?? 0) * 2 ** 20,
      coresCurve: over((phase, ms) => coresAt(phase, component, ms)),
    })),
  }
}

function spread(count: number, p50: number, p90: number, p99: number, max: number): Distribution {
  return { count, missing: 0, p50, p90, p99, max }
}

/** Between -1 and 1, up and down, never the same. */
function wave(ms: number, salt: number): number {
  return Math.sin(ms / 2600 + salt) * Math.sin(ms / 910 + 3 * salt)
}

/** A value every so often. */
function ripple(endMs: number, everyMs: number, value: (ms: number) => number): Curve {
  const points = Math.round(endMs / everyMs)
  return Array.from({ length: points }, (_, index): [number, number] => {
    const ms = Math.round(((index + 1) * endMs) / points)
    return [ms, value(ms)]
  })
}

/** A count that grows from 0 to `total`, in uneven steps. */
function growth(total: number, startMs: number, endMs: number): Curve {
  return Array.from({ length: 240 }, (_, index): [number, number] => {
    const share = index / 239
    const bent = share + 0.006 * Math.sin(Math.PI * share) * Math.sin(25 * share)
    return [Math.round(startMs + share * (endMs - startMs)), Math.round(total * bent)]
  })
}
