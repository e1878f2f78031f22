import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/errors.ts'
import { isApiStatus } from '../../src/kube/api.ts'
import { deleteNamespaces } from '../../src/kube/drain.ts'
import { runLabel } from '../../src/kube/labels.ts'
import type { Node } from '../../src/kube/resources.ts'
import { isReady } from '../../src/kube/resources.ts'
import { localTarget } from '../../src/targets/local/index.ts'
import { findMarked, isGuarded } from '../../src/targets/local/leftovers.ts'
import type { Cluster, Fleet, Target } from '../../src/targets/target.ts'
import { requestsUnder } from '../../src/testing/profiles.ts'
import type { KnobValue } from '../../src/tuning/knob.ts'
import type { KnobRequest } from '../../src/tuning/profiles.ts'
import { isValueAsked } from '../../src/tuning/value.ts'
import { probeDeployment, probeNamespace } from '../../src/workload/probe-target.ts'
import { describeWithComponents, root } from './components.ts'

const signal = new AbortController().signal
const fleetSpec = { nodes: 3, nodesPerProcess: 50, node: { cpu: 8, memory: '16Gi' } }

let folder: string
let runId: string
let target: Target<Cluster>

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-local-'))
  runId = (folder.split('/').at(-1) ?? '').toLowerCase()
  target = localTarget({
    runId,
    runFolder: folder,
    componentsSource: join(root, 'components'),
    env: process.env,
    clock: systemClock,
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** One of each way to set what has no name of its own. */
const open: Record<string, KnobValue> = {
  'kube-apiserver.flags.min-request-timeout': 900,
  'kube-apiserver.featureGates.WatchList': false,
  'kube-apiserver.env.GOGC': 50,
  'kube-controller-manager.flags.controllers': '*,-ttl-controller',
  'kube-controller-manager.featureGates.WatchListClient': false,
  'kube-controller-manager.env.GOMEMLIMIT': 4_294_967_296,
  'kube-scheduler.config.podMaxBackoffSeconds': 20,
  'kube-scheduler.config.profiles': '[{"schedulerName":"default-scheduler"}]',
  'scheduler.kubeApiQps': 77,
  'kubelet.config.kubeReserved': '{"cpu":"100m"}',
  'kubelet.config.memorySwap.swapBehavior': 'NoSwap',
  'kubelet.featureGates.WatchListClient': false,
  'kubelet.env.GOGC': 70,
  'etcd.flags.compaction-sleep-interval': '50ms',
  'etcd.featureGates.TxnModeWriteWithSharedBuffer': false,
  'etcd.env.GOGC': 70,
}
/** Knobs that have names, and that no profile sets. */
const named: Record<string, KnobValue> = {
  'apiserver.goawayChance': 0.001,
  'apiserver.etcdCompactionInterval': '60s',
  'apiserver.watchCacheSizes': 'nodes#0',
  'controllerManager.concurrentGcSyncs': 30,
  'controllerManager.endpointsliceUpdatesBatchPeriod': '500ms',
  'scheduler.percentageOfNodesToScore': 20,
  'etcd.backendBatchInterval': '50ms',
  'kubelet.maxParallelImagePulls': 5,
  'kubelet.podPidsLimit': 1024,
}
const honoured = (profile: 'untuned' | 'tuned', set: Record<string, KnobValue> = {}) =>
  requestsUnder(profile, set).filter(({ knob }) => target.supports(knob).supported)
const programs = (of = runId) => findMarked(of).map(({ program }) => program.split('/').at(-1))
const logOf = (armId: string, name: string) => join(folder, 'logs', armId, `${name}.log`)

async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const endMs = systemClock.nowMs() + withinMs
  while (!(await condition())) {
    if (systemClock.nowMs() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await systemClock.sleep(50)
  }
}

async function readyNodes({ api }: Cluster): Promise<Node[]> {
  const nodes: Node[] = []
  for await (const page of api.list({ resource: 'nodes' })) nodes.push(...page.items)
  return nodes.filter(isReady)
}

describeWithComponents('a tuned cluster of target local', () => {
  let cluster: Cluster
  let fleet: Fleet

  beforeAll(async () => {
    await target.prepare({ fleet: fleetSpec, arms: [{ name: 'tuned', requests: [] }], signal, onProgress: () => {} })
    cluster = await target.open({
      arm: { id: 'tuned-1', name: 'tuned', repetition: 1 },
      knobs: honoured('tuned', { ...open, ...named }),
      signal,
    })
    fleet = await cluster.startFleet(fleetSpec, signal)
  })
  afterAll(() => cluster?.[Symbol.asyncDispose]())

  it('should come up in seconds, with the versions its sources pin', () => {
    // 4 s on an idle machine of two cores; the limit is for busy ones.
    expect(cluster.readyMs).toBeLessThan(20_000)
    const kubernetes = /k8s\.io\/kubernetes (v\S+)/.exec(readFileSync(join(root, 'components', 'go.mod'), 'utf8'))?.[1]
    expect(cluster.versions).toMatchObject({ 'kube-apiserver': kubernetes, 'hollow-node': kubernetes })
    expect(cluster.versions['etcd']).toMatch(/^3\.\d+\.\d+$/)
  })

  it('should have every node Ready, the probe node alone in its process', async () => {
    expect(fleet).toEqual({ nodeNames: ['hollow-0', 'hollow-1', 'hollow-2'], probeNode: 'hollow-0', processes: 2 })
    await until('three nodes Ready', async () => (await readyNodes(cluster)).length === 3, 30_000)
    const [probe] = await readyNodes(cluster)
    expect(probe?.status?.capacity).toMatchObject({ cpu: '8', memory: '16Gi', pods: '500' })
  })

  it('should delete the namespaces of a run whole, and leave others', async () => {
    const spec = { runId: 'drained', node: 'hollow-0', image: 'pause', serviceAccountToken: false, replicas: 0 }
    const { metadata } = await cluster.api.create('namespaces', probeNamespace(spec))
    await cluster.api.create('namespaces', { metadata: { name: 'others' } })
    await cluster.api.create('deployments', probeDeployment(spec))
    const get = (name = '') => cluster.api.get({ resource: 'namespaces', name })

    await deleteNamespaces(cluster, { labelSelector: `${runLabel}=drained` }, AbortSignal.timeout(60_000))
    await expect(get(metadata.name)).rejects.toSatisfy((error) => isApiStatus(error, 404))
    expect((await get('others')).metadata.deletionTimestamp).toBeUndefined()
  })

  it('should read back every knob as it was requested', async () => {
    const requests = honoured('tuned', { ...open, ...named })
    expect(requests.map(({ knob }) => knob.id)).toEqual(
      expect.arrayContaining([
        ...Object.keys(open),
        ...Object.keys(named),
        'kubelet.kubeAPIQPS',
        'controllerManager.kubeApiQps',
        'etcd.splitByResource',
      ]),
    )
    const readings = await cluster.effectiveKnobs(requests.map(({ knob }) => knob))
    const effective = new Map(readings.map((reading) => [reading.id, reading.effective]))
    const isSame = ({ knob, value }: KnobRequest) => isValueAsked(knob.type, effective.get(knob.id) ?? '', value)
    expect(requests.filter((request) => !isSame(request)).map(({ knob }) => [knob.id, effective.get(knob.id)])).toEqual(
      [],
    )
    expect(readings.filter(({ readFrom }) => readFrom === null)).toEqual([])
  })

  it('should run pods in a namespace that was only just made', async () => {
    const spec = { runId, node: fleet.probeNode, image: 'pause', serviceAccountToken: true, replicas: 2 }
    await cluster.api.create('namespaces', probeNamespace(spec))
    const { metadata } = await cluster.api.create('deployments', probeDeployment(spec))
    const place = { resource: 'deployments', namespace: metadata.namespace ?? '', name: metadata.name ?? '' } as const
    const available = async () => (await cluster.api.get(place)).status?.availableReplicas === 2
    await until('two replicas available', available, 15_000)
  })

  it('should keep what it splits in etcds of their own', async () => {
    const keys = new Map<string, number>()
    for (const { component, instance, samples } of await cluster.scrape()) {
      const sample = samples.find(({ name }) => name === 'etcd_debugging_mvcc_keys_total')
      if (component === 'etcd') keys.set(instance, sample?.value ?? 0)
    }
    expect([...keys.keys()]).toEqual(['etcd', 'etcd-pods', 'etcd-leases.coordination.k8s.io', 'etcd-events'])
    for (const [instance, count] of keys) expect(count, instance).toBeGreaterThan(0)
  })

  it('should have metrics of every component that limits its own requests', async () => {
    const metrics = await cluster.scrape()
    const limited = metrics.filter(({ samples }) =>
      samples.some(({ name }) => name === 'rest_client_rate_limiter_duration_seconds_count'),
    )
    expect(limited.map(({ instance }) => instance)).toEqual(
      expect.arrayContaining(['kube-controller-manager', 'kube-scheduler', 'hollow-0']),
    )
    expect(metrics.map(({ component }) => component)).toContain('kube-apiserver')
  })

  it('should have Priority and Fairness treat its requests as those of nodes and controllers', async () => {
    const samples = (await cluster.scrape()).find(({ component }) => component === 'kube-apiserver')?.samples ?? []
    const byLevel = new Map(
      samples
        .filter(({ name }) => name === 'apiserver_flowcontrol_dispatched_requests_total')
        .map(({ labels, value }) => [labels['flow_schema'], value]),
    )
    expect(byLevel.get('system-nodes')).toBeGreaterThan(0)
    expect(byLevel.get('system-node-high')).toBeGreaterThan(0)
    expect(byLevel.get('kube-controller-manager')).toBeGreaterThan(0)
  })

  it('should let nobody else read its keys', () => {
    const pki = join(folder, 'state', 'tuned-1', 'pki')
    expect(statSync(pki).mode & 0o077).toBe(0)
    expect(statSync(join(pki, 'ca.key')).mode & 0o077).toBe(0)
  })

  it('should be gone when it is disposed of, but for its logs', async () => {
    expect(programs().sort()).toEqual([
      ...Array(4).fill('etcd'),
      'hollow-node',
      'hollow-node',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
    ])
    await cluster[Symbol.asyncDispose]()
    expect(programs()).toEqual([])
    expect(existsSync(join(folder, 'state'))).toBe(false)
    expect(cluster.broken.aborted).toBe(false)
    for (const name of ['etcd', 'kube-apiserver', 'hollow-0', 'hollow-1-to-2'])
      expect(statSync(logOf('tuned-1', name)).size, name).toBeGreaterThan(0)
  })
})

describeWithComponents('a cluster of target local at the edges of what its knobs take', () => {
  let cluster: Cluster
  const edges: Readonly<Record<string, [written: KnobValue, read: KnobValue]>> = {
    'kubelet.maxPods': [1, 1],
    'kubelet.nodeStatusUpdateFrequency': ['1m30s', '90s'],
    'kubelet.kubeAPIQPS': [0, 0],
    'kubelet.kubeAPIBurst': ['1k', 1000],
    'kubelet.eventRecordQPS': [0, 0],
    'kubelet.eventBurst': [2147483647, 2147483647],
    'controllerManager.nodeMonitorPeriod': ['100ms', '100ms'],
    'controllerManager.nodeMonitorGracePeriod': ['1h15m30.5s', '4530.5s'],
    'controllerManager.concurrentDeploymentSyncs': [1, 1],
    'controllerManager.concurrentReplicasetSyncs': [10_000, 10_000],
    'controllerManager.kubeApiQps': [-0.1, -0.1],
    'controllerManager.kubeApiBurst': [0, 0],
    'apiserver.defaultNotReadyTolerationSeconds': [0, 0],
    'apiserver.defaultUnreachableTolerationSeconds': [9_223_372_036, 9_223_372_036],
    'etcd.heartbeatInterval': [1, 1],
    'etcd.electionTimeout': [5, 5],
    'etcd.snapshotCount': [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    'etcd.quotaBackendBytes': ['1.5Gi', 1_610_612_736],
    'etcd.autoCompactionRetention': ['1h', '3600s'],
  }
  const requests = requestsUnder('stock', Object.fromEntries(Object.entries(edges).map(([id, [value]]) => [id, value])))

  beforeAll(async () => {
    await target.prepare({ fleet: fleetSpec, arms: [{ name: 'tuned', requests: [] }], signal, onProgress: () => {} })
    cluster = await target.open({ arm: { id: 'edges-1', name: 'edges', repetition: 1 }, knobs: requests, signal })
    await cluster.startFleet(fleetSpec, signal)
  })
  afterAll(() => cluster?.[Symbol.asyncDispose]())

  it('should start, and say of each what was meant, however it was written', async () => {
    await until('three nodes Ready', async () => (await readyNodes(cluster)).length === 3, 30_000)
    const readings = await cluster.effectiveKnobs(requests.map(({ knob }) => knob))
    expect(Object.fromEntries(readings.map(({ id, effective }) => [id, effective]))).toEqual(
      Object.fromEntries(Object.entries(edges).map(([id, [, read]]) => [id, read])),
    )
  })

  it('should have no limiter in the controller-manager where its qps is negative', async () => {
    const metrics = await cluster.scrape({ components: ['kube-controller-manager'] })
    const verbsOf = (wanted: string) => [
      ...new Set(
        metrics.flatMap(({ samples }) =>
          samples.filter(({ name }) => name === wanted).map(({ labels }) => labels['verb'] ?? labels['method']),
        ),
      ),
    ]
    expect(verbsOf('rest_client_requests_total')).toEqual(expect.arrayContaining(['GET', 'POST']))
    // Its client for discovery has a limiter all the same, of 20 a second (controller-manager pkg/clientbuilder).
    expect(verbsOf('rest_client_rate_limiter_duration_seconds_count')).toEqual(['GET'])
  })
})

describeWithComponents('target local, when things go wrong', () => {
  it('should tell which component died, with its last words, and still be disposed of', async () => {
    const cluster = await target.open({
      arm: { id: 'untuned-1', name: 'untuned', repetition: 1 },
      knobs: honoured('untuned'),
      signal,
    })
    try {
      const apiserver = findMarked(runId).find(({ program }) => program.endsWith('/kube-apiserver'))
      process.kill(apiserver?.pid ?? 0, 'SIGKILL')
      await until('the cluster is broken', () => cluster.broken.aborted, 2000)
      const failure = cluster.broken.reason as Failure
      expect(failure.kind).toBe('infrastructure')
      expect(failure.message).toContain('kube-apiserver died (signal SIGKILL). The last lines of its log:\n')
      expect(failure.next).toContain(logOf('untuned-1', 'kube-apiserver'))
      await expect(cluster.api.get({ resource: 'nodes', name: 'hollow-0' })).rejects.toBe(failure)
    } finally {
      await cluster[Symbol.asyncDispose]()
    }
    expect(programs()).toEqual([])
    expect(existsSync(join(folder, 'state'))).toBe(false)
  })

  it('should leave nothing when opening is aborted half-way', async () => {
    const abort = new AbortController()
    const reason = new Failure('interrupted', 'stop')
    const opening = target.open({
      arm: { id: 'untuned-2', name: 'untuned', repetition: 2 },
      knobs: honoured('untuned'),
      signal: abort.signal,
    })
    await until('the apiserver is starting', () => existsSync(logOf('untuned-2', 'kube-apiserver')), 10_000)
    abort.abort(reason)
    await expect(opening).rejects.toBe(reason)
    expect(programs()).toEqual([])
    expect(existsSync(join(folder, 'state'))).toBe(false)
  })

  it('should quote the component when it refuses a value', async () => {
    const knobs = honoured('tuned').map((request) =>
      request.knob.id === 'etcd.electionTimeout' ? { ...request, value: 1000 } : request,
    )
    const error = await target
      .open({ arm: { id: 'tuned-2', name: 'tuned', repetition: 2 }, knobs, signal })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Failure)
    expect((error as Failure).message).toMatch(/etcd\S* died \(exit code 1\).*election-timeout/s)
    expect(programs()).toEqual([])
  })

  it('should leave nothing within ten seconds when the orchestrator’s whole process group is killed', async () => {
    const killedId = `${runId}-killed`
    const runFolder = join(folder, 'killed')
    const script = `
import { systemClock } from ${JSON.stringify(join(root, 'src/base/clock.ts'))}
import { localTarget } from ${JSON.stringify(join(root, 'src/targets/local/index.ts'))}
const target = localTarget(${JSON.stringify({ runId: killedId, runFolder, componentsSource: join(root, 'components'), env: process.env }).slice(0, -1)}, clock: systemClock })
const { signal } = new AbortController()
const cluster = await target.open({ arm: { id: 'untuned-1', name: 'untuned', repetition: 1 }, knobs: [], signal })
await cluster.startFleet(${JSON.stringify(fleetSpec)}, signal)
`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      detached: true,
      stdio: 'ignore',
    })
    // Before all is up, so that some processes are only just being made.
    const log = (name: string) => join(runFolder, 'logs', 'untuned-1', `${name}.log`)
    await until('a hollow node is starting', () => existsSync(log('hollow-0')), 30_000)
    expect(isGuarded(killedId)).toBe(true)
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    const isGone = () =>
      programs(killedId).length === 0 && !existsSync(join(runFolder, 'state')) && !isGuarded(killedId)
    await until('everything is gone', isGone, 10_000)
    expect(existsSync(log('etcd'))).toBe(true)
  })
})

describeWithComponents('settings that a program of target local refuses', () => {
  it.each([
    [
      'kube-apiserver.flags.service-node-port-range',
      'x',
      /kube-apiserver refuses its settings: invalid argument "x" for/,
    ],
    ['kube-apiserver.flags.audit-log-path', 'x'.repeat(140_000), /kube-apiserver refuses its settings: .*E2BIG/],
    [
      'kube-scheduler.config.profiles',
      '[{"nonsense": 1}]',
      /kube-scheduler refuses its settings: .*unknown field "profiles\[0\].nonsense"/,
    ],
    [
      'kube-scheduler.config.profiles',
      '[{"plugins": {"score": {"enabled": [{"name": "Foo"}]}}}]',
      /kube-scheduler refuses its settings: .*"Foo" does not exist/,
    ],
    ['kubelet.config.memorySwap.swapBehavior', 'Foo', /kubelet refuses its settings: .*memorySwap.swapBehavior "Foo"/],
    ['kubelet.config.reservedMemory', '[{"numaNod": 0}]', /kubelet refuses its settings: .*unknown field/],
  ])('should be told in its own words before anything is started: %s', async (id, value, words) => {
    const arms = [{ name: 'mine', requests: requestsUnder('stock', { [id]: value }) }]
    const failure = await target
      .prepare({ fleet: fleetSpec, arms, signal, onProgress: () => {} })
      .then(undefined, (error: unknown) => error)
    expect(failure).toMatchObject({ kind: 'bad-input', message: expect.stringMatching(words) })
    expect(String(failure).length).toBeLessThan(500)
    expect(programs()).toEqual([])
    expect(existsSync(join(folder, 'state'))).toBe(false)
  })

  it('should be none where a program takes what it is given in a file', async () => {
    const requests = requestsUnder('tuned', {
      'kube-scheduler.config.profiles': '[{"schedulerName": "default-scheduler", "percentageOfNodesToScore": 20}]',
      'kubelet.config.memorySwap.swapBehavior': 'NoSwap',
    })
    await target.prepare({ fleet: fleetSpec, arms: [{ name: 'mine', requests }], signal, onProgress: () => {} })
    expect(programs()).toEqual([])
  })
})
