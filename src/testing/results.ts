import { formatDuration } from '../base/duration.ts'
import type { Distribution } from '../result/distribution.ts'
import type { Curve, Explanation, LimiterReading, StopName } from '../result/parts.ts'
import type { ArmOutcome, KnobOutcome, KnobValue, Result } from '../result/result.ts'
import type { ProbeOutcome } from '../steps/probe/outcome.ts'
import { stepsDone } from './outcomes.ts'

/*
 * A whole result with the figures that real components gave
 * (two profiles, two repetitions each, 1 -> 200 -> 1).
 */

interface Limits {
  kubelet: [qps: number, burst: number]
  controllers: [qps: number, burst: number]
}

const limits: Record<string, Limits> = {
  untuned: { kubelet: [5, 10], controllers: [20, 30] },
  tuned: { kubelet: [50, 100], controllers: [500, 100] },
}

interface Times {
  created: number
  ready: number
  available: number
  rsCurrent: number
  deleted: number
}

/** A run of the kubelet test that passed, measured on one machine. */
export function sampleResult(changes: Partial<Result> = {}): Result {
  return {
    schema: 2,
    run: '2026-11-14T09-30-00-kubelet-200',
    plan: 'kubelet-200',
    planHash: 'sha256:9f2c61b7e0d54a1f8e4b2b90c1a7d3e5',
    description: 'One Deployment pinned to one node, 1 -> 200 -> 1, with and without the tuning of the document.',
    evidence: 'measured',
    target: 'local',
    verdict: 'pass',
    reasons: ['No pod was lost. All 3 thresholds are met.'],
    partial: false,
    startedAt: '2026-11-14T09:30:00.000Z',
    durationMs: 562_400,
    versions: { kubernetes: 'v1.36.3', etcd: '3.6.8', 'scale-test': '0.1.0', node: 'v24.21.0' },
    machine: { cores: 2, memoryBytes: 16_777_216_000, system: 'Linux 6.12, x86-64' },
    orchestrator: { peakMemoryBytes: 148_897_792 },
    material: 0.05,
    reference: {
      source: 'Field notes on tuning big Kubernetes clusters (2022)',
      figures: [
        { probe: 'rollout', stop: 'available', arm: 'untuned', valueMs: 78_123 },
        {
          probe: 'rollout',
          stop: 'available',
          arm: 'tuned',
          valueMs: 24_769,
          note: 'The document’s 24.769 s probably includes starting real containers; hollow nodes start them at once. About 0.08 s per pod, one after the other, would explain it: not the same experiment unless the plan limits container starts.',
        },
        {
          probe: 'scale-down',
          stop: 'rsCurrent',
          arm: 'untuned',
          valueMs: 32_000,
          note: 'Not reproduced: the document’s 32 s fits neither the ReplicaSet’s count (8.7 s) nor the last deletion (122 s) on this Kubernetes version.',
        },
        { probe: 'scale-down', stop: 'rsCurrent', arm: 'tuned', valueMs: 9050 },
      ],
    },
    arms: [
      sampleArm('untuned', 1, 1, {
        rollout: { created: 9110, ready: 79_540, available: 79_702 },
        scaleDown: { rsCurrent: 8690, deleted: 122_571 },
      }),
      sampleArm('tuned', 1, 2, {
        rollout: { created: 1084, ready: 7496, available: 7612 },
        scaleDown: { rsCurrent: 512, deleted: 14_243 },
      }),
      sampleArm('tuned', 2, 3, {
        rollout: { created: 716, ready: 9188, available: 9316 },
        scaleDown: { rsCurrent: 604, deleted: 26_790 },
      }),
      sampleArm('untuned', 2, 4, {
        rollout: { created: 9073, ready: 78_911, available: 79_046 },
        scaleDown: { rsCurrent: 8655, deleted: 122_604 },
      }),
    ],
    thresholds: [
      {
        name: 'untuned rollout available between 70.3 s and 85.9 s',
        verdict: 'pass',
        actual: 79_374,
        min: 70_300,
        max: 85_900,
        unit: 'ms',
      },
      { name: 'tuned rollout available at most 24.8 s', verdict: 'pass', actual: 8464, max: 24_769, unit: 'ms' },
      {
        name: 'rollout available, tuned / untuned at most 0.35',
        verdict: 'pass',
        actual: 0.1066,
        max: 0.35,
        unit: 'ratio',
      },
    ],
    ...changes,
  }
}

/** One arm of the sample, with the times given and everything else following from them. */
export function sampleArm(
  profile: string,
  repetition: number,
  order: number,
  times: {
    rollout: Pick<Times, 'created' | 'ready' | 'available'>
    scaleDown: Pick<Times, 'rsCurrent' | 'deleted'>
  },
): ArmOutcome {
  return {
    id: `${profile}-${repetition}`,
    name: profile,
    profile,
    repetition,
    order,
    outcome: 'complete',
    knobs: sampleKnobs(profile),
    fleet: {
      nodes: 2,
      hosts: 1,
      processes: 2,
      source: 'hollow',
      probeNode: 'hollow',
      readyMs: 2870,
      flaps: { count: 0, nodes: [], notReadyAtEnd: [] },
      estimate: null,
    },
    machine: null,
    objects: { namespaces: 50, services: 1000, pods: 40_000, configmaps: 8000, secrets: 2000, serviceaccounts: 150 },
    controlPlaneReadyMs: 2140,
    steps: stepsDone(null, [rollout(profile, times.rollout), scaleDown(profile, times.scaleDown)]),
    residue: [],
  }
}

function rollout(
  profile: string,
  { created, ready, available }: Pick<Times, 'created' | 'ready' | 'available'>,
): ProbeOutcome {
  const { kubelet, controllers } = limitsOf(profile)
  const node = reading('kubelet', 'KubeClient', kubelet, { GET: 201, PATCH: 201 }, 402)
  const manager = reading('kube-controller-manager', 'controllers', controllers, { POST: 399, PUT: 6 }, 199)
  const slow = profile === 'untuned'
  return {
    name: 'rollout',
    from: 1,
    to: 200,
    node: 'hollow-0001',
    serviceAccountToken: false,
    stopsMs: { created, ready, available },
    stopsVagueByMs: {},
    progress: {},
    clientRetries: { count: 0, waitedMs: 0 },
    pods: {
      expected: 200,
      created: 200,
      bound: 200,
      started: 200,
      ready: 200,
      deleted: 0,
      unexpected: 0,
      censored: 0,
      censoredWithinMs: 0,
    },
    phasesMs: {
      'created to bound': spread(199, 4, 11, 38, 61),
      'bound to started': spread(199, 420, 780, 1190, 1340),
      'started to ready': slow ? spread(199, 34_800, 62_900, 69_400, 70_100) : spread(199, 2640, 5120, 5990, 6180),
      'scale to ready': slow ? spread(199, 39_900, 71_600, 78_800, 79_540) : spread(199, 3300, 6700, 7400, ready),
    },
    curves: { created: bucketCurve(1, 200, controllers, created, 1), ready: bucketCurve(1, 200, kubelet, ready, 2) },
    limiters: [node, reading('kubelet', 'EventClient', slow ? [5, 10] : [100, 100], { POST: 612 }, 0), manager],
    explanations: [
      explained('created', created, manager),
      explained('ready', ready, node),
      explained('available', available, node),
    ],
    apiRequests: {
      'GET pods': 201,
      'PATCH pods/status': 201,
      'POST pods': 199,
      'POST pods/binding': 199,
      'POST events': 812,
      'PUT replicasets/status': 6,
      'PUT leases': slow ? 48 : 9,
      'GET deployments': 4,
    },
    notRead: [],
    watch: { resumed: 0, relisted: 0, silent: 0 },
    eventLoopDelayMaxMs: slow ? 21 : 34,
    machineBusy: slow ? 0.23 : 0.71,
  }
}

function scaleDown(profile: string, { rsCurrent, deleted }: Pick<Times, 'rsCurrent' | 'deleted'>): ProbeOutcome {
  const { kubelet, controllers } = limitsOf(profile)
  const slow = profile === 'untuned'
  const patches = slow ? 199 : 271
  const node = reading('kubelet', 'KubeClient', kubelet, { GET: 199, PATCH: patches, DELETE: 199 }, 398 + patches)
  const manager = reading(
    'kube-controller-manager',
    'controllers',
    controllers,
    { DELETE: 199, POST: 199, PUT: 4 },
    199,
  )
  return {
    name: 'scale-down',
    from: 200,
    to: 1,
    node: 'hollow-0001',
    serviceAccountToken: false,
    stopsMs: { rsCurrent, deleted },
    stopsVagueByMs: {},
    progress: {},
    clientRetries: { count: 0, waitedMs: 0 },
    pods: {
      expected: 200,
      created: 200,
      bound: 200,
      started: 200,
      ready: 1,
      deleted: 199,
      unexpected: 0,
      censored: 0,
      censoredWithinMs: 0,
    },
    phasesMs: {
      'marked to gone': slow
        ? spread(199, 61_200, 108_300, 117_900, 118_400)
        : spread(199, 6900, 12_600, 13_900, 14_100),
    },
    curves: { remaining: bucketCurve(200, 1, kubelet, deleted, 3) },
    limiters: [node, manager],
    explanations: [explained('rsCurrent', rsCurrent, manager), explained('deleted', deleted, node)],
    apiRequests: { 'DELETE pods': 398, 'GET pods': 199, 'PATCH pods/status': patches, 'POST events': 398 },
    notRead: [],
    watch: { resumed: 0, relisted: 0, silent: 0 },
    eventLoopDelayMaxMs: slow ? 19 : 42,
    machineBusy: slow ? 0.18 : 0.64,
  }
}

function limitsOf(profile: string): Limits {
  return limits[profile] ?? { kubelet: [50, 100], controllers: [20, 30] }
}

function reading(
  component: string,
  client: string,
  [qps, burst]: [number, number],
  requests: Record<string, number>,
  gatingRequests: number,
): LimiterReading {
  const floorMs = (Math.max(0, gatingRequests - burst) / qps) * 1000
  const waitedMs = (floorMs * gatingRequests) / 2
  return { component, client, limit: 'limited', qps, burst, requests, waitedMs, gatingRequests, floorMs }
}

/** The explanation the measuring code gives for a stop. */
function explained(stop: StopName, stopMs: number, limiter: LimiterReading): Explanation {
  const { component, client, gatingRequests, burst, qps, floorMs } = limiter
  const floor = formatDuration(floorMs ?? 0)
  const sum = `(${gatingRequests} requests - burst ${burst}) / ${qps} per second = ${floor} of ${formatDuration(stopMs)}`
  return (floorMs ?? 0) >= 0.75 * stopMs
    ? { stop, boundBy: `${component}/${client}`, text: `bound by the ${component}'s client limit: ${sum}` }
    : {
        stop,
        boundBy: null,
        text: `not bound by a client limit; the tightest, the ${component}'s, accounts for ${sum}`,
      }
}

function spread(count: number, p50: number, p90: number, p99: number, max: number): Distribution {
  return { count, missing: 0, p50, p90, p99, max }
}

/** How a count moves when a token bucket lets it: the burst at once, the rest evenly, the last at `endMs`. */
function bucketCurve(from: number, to: number, [, burst]: [number, number], endMs: number, callsPerPod: number): Curve {
  const total = Math.abs(to - from)
  const atOnce = Math.min(total - 1, Math.floor(burst / callsPerPod))
  const startMs = Math.min(700, endMs / 4)
  return [
    [0, from],
    ...Array.from({ length: total }, (_, index): [number, number] => {
      const share = index < atOnce ? (0.03 * index) / atOnce : 0.03 + (0.97 * (index + 1 - atOnce)) / (total - atOnce)
      return [Math.round(startMs + share * (endMs - startMs)), from + Math.sign(to - from) * (index + 1)]
    }),
  ]
}

function sampleKnobs(profile: string): KnobOutcome[] {
  const pick = <T extends KnobValue>(untuned: T, tuned: T): T => (profile === 'untuned' ? untuned : tuned)
  const asked = (id: string, component: string, setting: string, requested: KnobValue) => ({
    id,
    component,
    setting,
    requested,
  })
  const applied = (readFrom: string, knob: ReturnType<typeof asked>, note?: string): KnobOutcome => ({
    ...knob,
    effective: knob.requested,
    readFrom,
    status: 'applied',
    ...(note === undefined ? {} : { note }),
  })
  const refused = (knob: ReturnType<typeof asked>, note: string): KnobOutcome => ({
    ...knob,
    effective: null,
    readFrom: null,
    status: 'not-applied',
    note,
  })
  const kubelet = (field: string, value: KnobValue, note?: string) =>
    applied('/configz', asked(`kubelet.${field}`, 'kubelet', field, value), note)
  const manager = (id: string, flag: string, value: KnobValue, note?: string) =>
    applied('/configz', asked(`controllerManager.${id}`, 'kube-controller-manager', flag, value), note)
  const etcd = (id: string, flag: string, value: KnobValue, note?: string) =>
    applied('process arguments', asked(`etcd.${id}`, 'etcd', flag, value), note)
  return [
    refused(
      asked('kubeProxy.ipvs.scheduler', 'kube-proxy', 'ipvs.scheduler', pick('rr', 'lc')),
      'hollow nodes run no kube-proxy',
    ),
    refused(
      asked('host.nf_conntrack_max', 'host', 'net.netfilter.nf_conntrack_max', 2_310_720),
      'the local target changes no setting of this machine',
    ),
    kubelet('maxPods', 500, 'the probe needs 200 pods on one node: raised in every profile'),
    kubelet(
      'nodeStatusUpdateFrequency',
      pick('10s', '3s'),
      'setting it also sets nodeStatusReportFrequency, 5 min otherwise: every node then rewrites its status this often',
    ),
    kubelet('kubeAPIQPS', pick(5, 50)),
    kubelet('kubeAPIBurst', pick(10, 100)),
    kubelet('eventRecordQPS', pick(5, 100)),
    manager('nodeMonitorGracePeriod', '--node-monitor-grace-period', pick('50s', '20s')),
    manager('concurrentReplicasetSyncs', '--concurrent-replicaset-syncs', pick(5, 50)),
    manager('kubeApiQps', '--kube-api-qps', pick(20, 500)),
    manager('kubeApiBurst', '--kube-api-burst', pick(30, 100)),
    etcd(
      'heartbeatInterval',
      '--heartbeat-interval',
      pick(100, 250),
      'matters between members only: no effect on one member',
    ),
    etcd('quotaBackendBytes', '--quota-backend-bytes', 8_589_934_592),
    etcd('snapshotCount', '--snapshot-count', 10_000),
  ]
}
