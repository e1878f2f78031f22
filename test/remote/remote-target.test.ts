import { describe, expect, it } from 'vitest'
import { runLabel } from '../../src/kube/labels.ts'
import { findRemains, removeRemains } from '../../src/run/cleanup-clusters.ts'
import { dryRun, remoteTarget } from '../../src/targets/remote/index.ts'
import { leaseFor } from '../../src/targets/remote/lease.ts'
import { lineOf } from '../../src/targets/remote/objects.ts'
import { probesIn } from '../../src/testing/outcomes.ts'
import { armOf } from '../../src/testing/profiles.ts'
import { viewFor } from '../../src/testing/reports.ts'
import { run, simulatedClusters } from './simulated.ts'

describe('target remote', () => {
  it('should compare two clusters with nodes of their own, and leave both as they were', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned'])
    const before = await bench.contents()
    const { result, error } = await run(bench.options('run-1'))
    expect(error).toBeUndefined()
    expect(result).toMatchObject({ evidence: 'measured', target: 'remote', machine: null, verdict: 'pass' })
    expect(result.reasons[1]).toMatch(
      /^\d+ settings of the cluster could not be read back\. They are taken on trust\.$/,
    )
    expect(result.versions).toMatchObject({ 'kube-apiserver': 'v1.36.3' })
    for (const arm of result.arms) {
      expect(arm).toMatchObject({ outcome: 'complete', residue: [], controlPlaneReadyMs: null })
      expect(arm.fleet).toMatchObject({ nodes: 2, source: 'none' })
      expect(probesIn(arm).map(({ pods }) => [pods.ready, pods.deleted])).toEqual([
        [5, 0],
        // Of five, one is left.
        [1, 4],
      ])
    }
    expect(await bench.contents()).toEqual(before)
  })

  it('should say so when the clusters of the arms run different versions', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned'], { tuned: 'v1.37.2' })
    const { result } = await run(bench.options('run-1'))
    expect(result.versions).not.toHaveProperty('kube-apiserver')
    expect(result.arms.map(({ versions }) => versions?.['kube-apiserver'])).toEqual(['v1.36.3', 'v1.37.2'])
    expect(viewFor(result).caveats).toContainEqual(
      expect.objectContaining({
        title: expect.stringContaining('arms run different versions'),
        places: ['untuned: kube-apiserver v1.36.3', 'tuned: kube-apiserver v1.37.2'],
      }),
    )
  })

  it('should observe clusters under the load of others, with no node named, and leave nothing in them', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned'])
    const before = await bench.contents()
    const options = bench.options('run-1')
    const { node: _, ...probes } = options.plan.probes
    const section = { name: 'watch', for: 60_000 }
    const steps = [{ kind: 'observe', name: 'watch', at: 'steps[0].observe', section }]
    const { result, error } = await run({ ...options, plan: { ...options.plan, probes, steps, thresholds: [] } })
    expect(error).toBeUndefined()
    for (const { steps: done } of result.arms) {
      expect(done).toMatchObject([{ kind: 'observe', name: 'watch' }])
      expect(done[0]?.series?.some(({ name }) => name === 'apiserver_requests_total')).toBe(true)
    }
    expect(await bench.contents()).toEqual(before)
  })

  it('should claim of knobs only what was read back, and say where it could not look', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned'])
    const { result } = await run(bench.options('run-1'))
    const knobs = new Map(result.arms[1]?.knobs.map((knob) => [knob.id, knob]))
    expect(knobs.get('kubelet.kubeAPIQPS')).toMatchObject({ status: 'applied', effective: 50, readFrom: '/configz' })
    expect(knobs.get('controllerManager.kubeApiQps')).toMatchObject({
      status: 'unverified',
      effective: null,
      note: expect.stringContaining('components.kube-controller-manager'),
    })
    const [rollout] = probesIn(result.arms[1]) ?? []
    expect(rollout?.limiters.map(({ component }) => component)).toEqual(['kubelet', 'kubelet'])
    expect(rollout?.explanations).toContainEqual(
      expect.objectContaining({ stop: 'created', boundBy: null, unread: ['kube-controller-manager'] }),
    )
    expect(viewFor(result).caveats.map(({ title }) => title)).toEqual(
      expect.arrayContaining([
        'Client limits that were not read, so it is not known what bound these numbers',
        'Nodes that existed before the run',
      ]),
    )
  })

  it('should say loudly when a cluster is not set as its arm says', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const options = bench.options('run-1')
    const { plan } = options
    const [only] = plan.remote?.targets ?? []
    if (only === undefined) throw new Error('a target is missing')
    const swapped = {
      ...plan,
      arms: [armOf('tuned')],
      remote: { targets: [{ ...only, arms: ['tuned'] }] },
    }
    const { result } = await run({ ...options, plan: swapped })
    const [differing] = viewFor(result).caveats.filter(({ title }) =>
      title.startsWith('Knobs whose actual value differs from the requested one'),
    )
    expect(differing).toMatchObject({ severity: 'bad', places: [expect.stringContaining('kubelet.kubeAPIQPS')] })
  })

  it('should refuse a second run on a cluster while the first has it (fault 17)', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned'])
    const second = bench.options('run-2')
    let refusal: Promise<unknown> | undefined
    const { error } = await run(bench.options('run-1'), {
      emit(event) {
        if (event.type !== 'step-finished' || event.stepId !== 'control-plane') return
        const context = {
          arms: [],
          fleet: { nodes: 2, nodesPerProcess: 1, node: { cpu: 1, memory: '1Gi' } },
        }
        refusal ??= remoteTarget(second)
          .prepare({ ...context, signal: new AbortController().signal, onProgress: () => {} })
          .catch((reason: unknown) => reason)
      },
    })
    expect(error).toBeUndefined()
    expect(await refusal).toMatchObject({
      kind: 'safety-refusal',
      message: expect.stringContaining('anna@build-3, run run-1, since '),
    })
  })

  it('should end the run, and still take its own away, when the Lease is lost', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned'])
    const before = await bench.contents()
    const options = bench.options('run-1')
    const api = bench.clusters['untuned']?.api
    const ref = { resource: 'leases', namespace: 'kube-system', name: 'scale-test' } as const
    const { result, error } = await run(options, {
      emit(event) {
        if (event.type !== 'step-started' || event.stepId !== 'probe/rollout') return
        void (async () => {
          const { uid = '' } = (await api?.get(ref))?.metadata ?? {}
          await api?.delete(ref, { uid })
          await api?.create('leases', leaseFor({ runId: 'run-2', who: 'ben@build-7' }, options.now()))
        })()
      },
      plan: { ...options.plan, probes: { ...options.plan.probes, settle: 60_000 } },
    })
    expect(error).toMatchObject({ kind: 'lost', message: expect.stringContaining('ben@build-7, run run-2') })
    expect(result).toMatchObject({ partial: true, verdict: 'inconclusive' })
    expect(await bench.contents()).toEqual([...before, 'untuned leases kube-system/scale-test'].sort())
  })
})

describe('a dry run', () => {
  it('should name every object of both clusters, find nothing against them and create none', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned'])
    const before = await bench.contents()
    const { checks, objects } = await dryRun(bench.options('run-1'), new AbortController().signal)
    expect(checks.flatMap(({ refusals }) => refusals)).toEqual([])
    expect([...objects()].map(lineOf)).toEqual([
      'target of untuned (context untuned)  Lease kube-system/scale-test',
      'target of untuned (context untuned)  Namespace run-1-probe',
      'target of untuned (context untuned)  Deployment run-1-probe/probe',
      'target of tuned (context tuned)  Lease kube-system/scale-test',
      'target of tuned (context tuned)  Namespace run-1-probe',
      'target of tuned (context tuned)  Deployment run-1-probe/probe',
    ])
    expect(await bench.contents()).toEqual(before)
  })

  it('should refuse a context that was typed and is none of the clusters’', async () => {
    await using bench = await simulatedClusters(['untuned'])
    const options = { ...bench.options('run-1'), confirmed: ['tunned'] }
    await expect(dryRun(options, new AbortController().signal)).rejects.toMatchObject({
      kind: 'bad-input',
      message: '--confirm tunned: none of the clusters has this context',
    })
  })
})

describe('an etcd without space (fault 11)', () => {
  it('should end the run, leave what it refuses to delete, and let clean-up finish once it is freed', async () => {
    await using bench = await simulatedClusters(['untuned', 'tuned'])
    const before = await bench.contents()
    const options = bench.options('run-1')
    const untuned = bench.clusters['untuned']
    const { result, error } = await run(options, {
      emit(event) {
        if (event.type === 'step-finished' && event.stepId === 'probe/rollout') untuned?.setOutOfSpace(true)
      },
    })
    expect(error).toMatchObject({
      kind: 'infrastructure',
      message: expect.stringMatching(/^etcd ran out of space \(NOSPACE\) [\d.]+ s into the arm/),
      next: expect.stringMatching(/compact.*defrag.*alarm disarm.*cleanup --clusters FILE --run run-1$/s),
    })
    expect(result).toMatchObject({ partial: true, verdict: 'inconclusive', arms: [{ outcome: 'failed' }] })
    expect(result.arms[0]?.residue).toEqual([
      expect.stringMatching(/etcd is out of space and refuses to delete the rest: 1 namespace, 5 pods \(in [\w-]+\)$/),
    ])
    // The Lease is gone all the same: the cluster is nobody's.
    expect((await bench.contents()).filter((one) => one.endsWith('leases kube-system/scale-test'))).toEqual([])

    untuned?.setOutOfSpace(false)
    const { api } = untuned ?? {}
    if (api === undefined) throw new Error('the cluster is missing')
    const cleanup = {
      clusters: [{ role: 'target' as const, arms: [], context: 'untuned', api: { ...api, readText: async () => '' } }],
      clock: options.clock,
      now: options.now(),
      signal: new AbortController().signal,
      print: () => {},
    }
    const cleanedUp = await removeRemains(await findRemains('run-1', cleanup), cleanup)
    expect(cleanedUp).toEqual({ left: [], next: [] })
    expect(await bench.contents()).toEqual(before)
  })
})

describe('removeRemains', () => {
  const own = (run: string) => ({ [runLabel]: run })
  const clean = { left: [], next: [] }

  /** Two runs were killed on one cluster, a third one goes on. */
  async function aborted() {
    const bench = await simulatedClusters(['untuned'])
    const api = bench.clusters['untuned']?.api
    if (api === undefined) throw new Error('the cluster is missing')
    const before = await bench.contents()
    const { now, clock } = bench.options('x')
    await api.create('namespaces', { metadata: { name: 'a-1', labels: own('run-a') } })
    await api.create('configmaps', { metadata: { name: 'one', namespace: 'a-1' } })
    await api.create('nodes', { metadata: { name: 'hollow-7', labels: own('run-a') } })
    await api.create('namespaces', { metadata: { name: 'b-1', labels: own('run-b') } })
    await api.create('namespaces', { metadata: { name: 'others' } })
    await api.create('leases', leaseFor({ runId: 'run-b', who: 'ben@build-7' }, now()))
    const lines: string[] = []
    const cleanup = () => ({
      clusters: [{ role: 'target' as const, arms: [], context: 'untuned', api: { ...api, readText: async () => '' } }],
      clock,
      now: now(),
      signal: new AbortController().signal,
      print: (line: string) => lines.push(line),
    })
    const find = (runId: string | undefined) => findRemains(runId, cleanup())
    const cleanUp = async (runId: string | undefined) => removeRemains(await find(runId), cleanup())
    return { bench, before, find, cleanUp, lines, sleep: clock.sleep }
  }

  it('should remove one run’s remains by its label and touch nothing else', async () => {
    const { bench, before, cleanUp, lines } = await aborted()
    await using _ = bench
    expect(await cleanUp('run-a')).toEqual(clean)
    expect(lines).toEqual(['run-a: target (context untuned): removed 1 namespace, 1 node'])
    const left = (await bench.contents()).filter((one) => !before.includes(one) && !one.includes('kube-root-ca'))
    expect(left).toEqual([
      'untuned leases kube-system/scale-test',
      'untuned namespaces /b-1',
      'untuned namespaces /others',
    ])
  })

  it('should find what there is of each run that is not going on, by kind and name, and touch nothing', async () => {
    const { bench, find, sleep } = await aborted()
    await using _ = bench
    const before = await bench.contents()
    const place = 'target (context untuned)'
    const a = [
      { kind: 'namespace', names: ['a-1'] },
      { kind: 'node', names: ['hollow-7'] },
    ]
    const b = [
      { kind: 'namespace', names: ['b-1'] },
      { kind: 'Lease', names: ['kube-system/scale-test'] },
    ]
    expect(await find(undefined)).toEqual([{ run: 'run-a', places: [{ place, things: a }] }])
    expect(await find('run-b')).toEqual([{ run: 'run-b', places: [{ place, things: b }] }])
    expect(await find('run-c')).toEqual([{ run: 'run-c', places: [] }])
    await sleep(61_000)
    expect((await find(undefined)).map(({ run }) => run)).toEqual(['run-a', 'run-b'])
    expect(await bench.contents()).toEqual(before)
  })

  it('should leave a run alone that goes on, unless it is named', async () => {
    const { bench, cleanUp, lines } = await aborted()
    await using _ = bench
    expect(await cleanUp(undefined)).toEqual(clean)
    expect(lines[0]).toMatch(/^run-b: still running, left alone/)
    expect(lines[1]).toMatch(/^run-a: .* removed/)
    expect(await cleanUp('run-b')).toEqual(clean)
    expect(lines[2]).toBe('run-b: target (context untuned): removed 1 namespace, 1 Lease')
    expect(await cleanUp(undefined)).toEqual(clean)
    expect(lines[3]).toBe('no run has left anything behind')
  })

  it('should take a run whose Lease has expired for one that is over', async () => {
    const { bench, cleanUp, lines, sleep } = await aborted()
    await using _ = bench
    await sleep(61_000)
    expect(await cleanUp(undefined)).toEqual(clean)
    expect(lines.map((line) => line.split(':')[0])).toEqual(['run-a', 'run-b'])
  })
})
