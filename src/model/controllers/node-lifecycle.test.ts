import { describe, expect, it } from 'vitest'
import type { Condition, Node, Pod } from '../../kube/resources.ts'
import { isReady } from '../../kube/resources.ts'
import { componentBenchForTests } from '../../testing/model-components.ts'
import { runNodeLifecycleController } from './node-lifecycle.ts'

const ref = { resource: 'nodes', name: 'a' } as const

/** The controller, and a node that is Ready and whose heartbeats are the test's. */
async function benchOf() {
  const bench = componentBenchForTests()
  const { objects, timeline, settings, store } = bench.controlPlane
  const lease = { renewedMs: 0 }
  const leases = new Map([['a', lease]])
  runNodeLifecycleController(bench.controlPlane, leases)
  const setReady = () =>
    objects.update(ref, 'status', (node) => {
      const conditions: Condition[] = [{ type: 'Ready', status: 'True' }]
      return { ...node, status: { ...node.status, conditions } } as Node
    })
  const renew = () => {
    lease.renewedMs = timeline.nowMs()
  }
  objects.create('nodes', { metadata: { name: 'a' } } as Node)
  renew()
  return {
    ...bench,
    run: (durationMs: number) => bench.run(durationMs, { everyMs: 50 }),
    renew,
    /** What a kubelet does that is back. */
    comeBack() {
      renew()
      setReady()
    },
    setReady,
    node: () => objects.get(ref),
    taints: () => (objects.get(ref).spec?.taints ?? []).map(({ key }) => key),
    graceMs: settings.controllerManager.nodeMonitorGracePeriodMs,
    periodMs: settings.controllerManager.nodeMonitorPeriodMs,
    addPod(name: string, tolerations: object[] = []) {
      const containers = [{ name: 'main', image: 'pause' }]
      objects.create('pods', {
        metadata: { name, namespace: 'ns' },
        spec: { nodeName: 'a', containers, tolerations },
      } as Pod)
    },
    deleted: () =>
      store
        .list('pods', 'ns')
        .flatMap(({ metadata: { name, deletionTimestamp } }) => (deletionTimestamp === undefined ? [] : [name])),
  }
}

describe('the node lifecycle controller', () => {
  it('should take the taint off a new node when it is Ready, not before', async () => {
    const { taints, setReady, run } = await benchOf()
    await run(100)
    expect(taints()).toEqual(['node.kubernetes.io/not-ready'])
    setReady()
    await run(100)
    expect(taints()).toEqual([])
  })

  it('should call a node Unknown and taint it at the first look after its grace period, and not before (tryUpdateNodeHealth)', async () => {
    const { node, taints, setReady, run, graceMs, periodMs } = await benchOf()
    setReady()
    await run(graceMs)
    expect(isReady(node())).toBe(true)
    await run(periodMs + 500)
    expect(node().status?.conditions).toEqual([
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      },
    ])
    expect(taints()).toEqual(['node.kubernetes.io/unreachable'])
  })

  it('should leave a node alone that renews its lease, however old its status', async () => {
    const { node, setReady, renew, run, graceMs } = await benchOf()
    setReady()
    for (let period = 0; period < 10; period++) {
      await run(graceMs / 2)
      renew()
    }
    expect(isReady(node())).toBe(true)
  })

  it('should take the taint off when the node is back', async () => {
    const { taints, setReady, comeBack, run, graceMs, periodMs } = await benchOf()
    setReady()
    await run(graceMs + periodMs + 500)
    expect(taints()).toEqual(['node.kubernetes.io/unreachable'])
    comeBack()
    await run(periodMs + 500)
    expect(taints()).toEqual([])
  })

  it('should delete pods when the node has been away for as long as they tolerate, and never those that tolerate it for ever', async () => {
    const { addPod, deleted, setReady, run, graceMs, periodMs } = await benchOf()
    setReady()
    await run(100)
    const key = 'node.kubernetes.io/unreachable'
    addPod('usual')
    addPod('short', [{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 20 }])
    addPod('for-ever', [{ key, operator: 'Exists', effect: 'NoExecute' }])
    await run(graceMs + periodMs)
    expect(deleted()).toEqual([])
    await run(20_000)
    expect(deleted()).toEqual(['short'])
    // What DefaultTolerationSeconds has given it.
    await run(300_000)
    expect(deleted()).toEqual(['short', 'usual'])
  })

  it('should keep pods of a node that is back in time', async () => {
    const { addPod, deleted, setReady, comeBack, renew, run, graceMs, periodMs } = await benchOf()
    setReady()
    await run(100)
    addPod('usual')
    await run(graceMs + periodMs + 1000)
    comeBack()
    for (let second = 0; second < 330; second += 10) {
      await run(10_000)
      renew()
    }
    expect(deleted()).toEqual([])
  })

  it('should count anew when a node is lost, comes back and is lost again (handleNodeUpdate)', async () => {
    const { addPod, deleted, setReady, comeBack, run, graceMs, periodMs } = await benchOf()
    setReady()
    await run(100)
    addPod('usual')
    await run(graceMs + periodMs + 200_000)
    comeBack()
    await run(graceMs + periodMs + 200_000)
    expect(deleted()).toEqual([])
    await run(101_000)
    expect(deleted()).toEqual(['usual'])
  })
})
