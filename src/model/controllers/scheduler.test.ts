import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../kube/resources.ts'
import { componentBenchForTests } from '../../testing/model-components.ts'
import { runScheduler } from './scheduler.ts'

interface NodeShape {
  cpu?: string
  memory?: string
  pods?: number
  tainted?: boolean
  unschedulable?: boolean
}

/** The scheduler, with nodes and pods as the test makes them. */
function benchOf(
  nodes: Readonly<Record<string, NodeShape>>,
  client?: { qps: number; burst: number },
  knobs: Record<string, number> = {},
) {
  const bench = componentBenchForTests({ knobs })
  const { objects, store, settings } = bench.controlPlane
  runScheduler(
    client === undefined
      ? bench.controlPlane
      : { ...bench.controlPlane, settings: { ...settings, scheduler: { ...settings.scheduler, client } } },
  )
  const nodeRef = (name: string) => ({ resource: 'nodes', name }) as const
  const addNode = (name: string, { cpu = '8', memory = '16Gi', pods = 110, ...more }: NodeShape = {}) => {
    const allocatable = { cpu, memory, pods: String(pods) }
    const labels = { 'kubernetes.io/hostname': name }
    objects.create('nodes', { metadata: { name, labels }, status: { allocatable } } as unknown as Node)
    const spec = { unschedulable: more.unschedulable === true }
    if (more.tainted !== true) objects.update(nodeRef(name), 'all but status', (node) => ({ ...node, spec }) as Node)
  }
  for (const [name, shape] of Object.entries(nodes)) addNode(name, shape)
  const refOf = (name: string) => ({ resource: 'pods', namespace: 'ns', name }) as const
  return {
    ...bench,
    addNode,
    untaint: (name: string) =>
      objects.update(nodeRef(name), 'all but status', (node) => ({ ...node, spec: {} }) as Node),
    addPod(name: string, spec: object = {}, requests?: object) {
      const containers = [{ name: 'main', image: 'pause', ...(requests !== undefined && { resources: { requests } }) }]
      objects.create('pods', { metadata: { name, namespace: 'ns' }, spec: { containers, ...spec } } as Pod)
    },
    removePod: (name: string) => objects.delete(refOf(name), { graceSeconds: 0 }),
    nodeOf: (name: string) => objects.get(refOf(name)).spec.nodeName,
    scheduled: (name: string) =>
      objects.get(refOf(name)).status?.conditions?.find(({ type }) => type === 'PodScheduled'),
    bound: () => store.list('pods', 'ns').filter(({ spec }) => spec.nodeName !== undefined).length,
  }
}

const bindings = (asked: readonly string[]) => asked.filter((one) => one === 'POST pods/binding').length

describe('the scheduler', () => {
  it('should put each pod on a node that has the fewest, those that are being bound included', async () => {
    const { addPod, nodeOf, asked, run, clock } = benchOf({ a: {}, b: {}, c: {} })
    addPod('there', { nodeName: 'a' })
    for (const name of ['one', 'two', 'three']) addPod(name)
    await clock.sleep(1)
    // All are decided before the first binding is answered.
    expect(bindings(await asked())).toBe(3)
    await run(10)
    expect([nodeOf('one'), nodeOf('two')].sort()).toEqual(['b', 'c'])
  })

  it.each([
    [{ qps: 50, burst: 100 }, [100, 150, 250]],
    [{ qps: 5, burst: 10 }, [10, 15, 25]],
    [{ qps: 0, burst: 0 }, [10, 15, 25]],
    [{ qps: 100, burst: 20 }, [20, 120, 250]],
    [{ qps: -1, burst: 0 }, [250, 250, 250]],
  ])('should bind as fast as its client may, by %j', async (client, counts) => {
    const { addPod, run, bound } = benchOf({ a: { pods: 1000 } }, client)
    for (let index = 0; index < 250; index++) addPod(`pod-${index}`)
    const found = []
    for (const durationMs of [10, 1000, 2000]) {
      await run(durationMs)
      found.push(bound())
    }
    expect(found).toEqual(counts)
  })

  it('should have the limit that is built in where nobody sets another', async () => {
    const { addPod, run, bound } = benchOf({ a: { pods: 1000 } })
    for (let index = 0; index < 250; index++) addPod(`pod-${index}`)
    await run(1010)
    expect(bound()).toBe(150)
  })

  it('should count what waited for its limit, bindings and events alike', async () => {
    const { addPod, run, controlPlane } = benchOf({ a: { pods: 1000 } })
    for (let index = 0; index < 150; index++) addPod(`pod-${index}`)
    await run(3000)
    const [count, seconds] = controlPlane.schedulerLimiter.samples()
    expect(count).toMatchObject({ labels: { verb: 'POST' }, value: 300 })
    expect(seconds?.value).toBeGreaterThan(20)
  })

  it('should not put a pod where it does not fit, and say why of each node (FitError)', async () => {
    const { addPod, run, nodeOf, scheduled } = benchOf({
      cordoned: { unschedulable: true },
      full: { pods: 0 },
      new: { tainted: true },
      small: { cpu: '1' },
      tiny: { cpu: '1', memory: '1Gi' },
    })
    addPod('big', {}, { cpu: '2', memory: '2Gi' })
    await run(10)
    expect(nodeOf('big')).toBeUndefined()
    const reasons =
      '1 Insufficient memory, 1 Too many pods, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu'
    const unhelpful = 'preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.'
    expect(scheduled('big')).toEqual({
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: `0/5 nodes are available: ${reasons}. no new claims to deallocate, ${unhelpful}`,
    })
  })

  it('should add up what pods on a node ask for, and take it off when they go', async () => {
    const { addPod, removePod, run, nodeOf } = benchOf({ a: { cpu: '2' } })
    addPod('first', {}, { cpu: '1500m' })
    await run(10)
    addPod('second', {}, { cpu: '600m' })
    await run(10)
    expect(nodeOf('second')).toBeUndefined()
    removePod('first')
    await run(1100)
    expect(nodeOf('second')).toBe('a')
  })

  it('should try a pod again a second after something changed that may make room, not before (podInitialBackoffSeconds)', async () => {
    const { addPod, addNode, untaint, run, nodeOf } = benchOf({})
    addPod('waits')
    await run(3000)
    addNode('late', { tainted: true })
    await run(10)
    untaint('late')
    await run(900)
    expect(nodeOf('waits')).toBeUndefined()
    await run(1200)
    expect(nodeOf('waits')).toBe('late')
  })

  it('should put a pod that names a hostname there or nowhere', async () => {
    const { addPod, run, nodeOf } = benchOf({ a: {}, b: { pods: 1 }, c: {} })
    const nodeSelector = { 'kubernetes.io/hostname': 'b' }
    addPod('one', { nodeSelector })
    addPod('two', { nodeSelector })
    await run(10)
    expect([nodeOf('one'), nodeOf('two')]).toEqual(['b', undefined])
  })

  it('should look at 42 % of 1000 nodes, and go on from there for the next pod (numFeasibleNodesToFind)', async () => {
    const { addPod, addNode, run, nodeOf } = benchOf({})
    for (let index = 0; index < 1000; index++) {
      addNode(`node-${index}`)
      // Only the last that it looks at, and the first that it does not, are empty.
      if (index !== 419 && index !== 420) addPod(`there-${index}`, { nodeName: `node-${index}` })
    }
    addPod('one')
    await run(10)
    expect(nodeOf('one')).toBe('node-419')
    addPod('two')
    await run(10)
    expect(nodeOf('two')).toBe('node-420')
  })

  it.each([
    ['percentageOfNodesToScore', 10, 100, 'node-99'],
    ['percentageOfNodesToScore', 5, 1000, 'node-99'],
    ['percentageOfNodesToScore', 100, 1000, 'node-999'],
  ])(
    'should look at as many nodes as %s: %d says, but at least 100 (%d nodes)',
    async (name, value, nodes, expected) => {
      const { addPod, addNode, run, nodeOf } = benchOf({}, undefined, { [`scheduler.${name}`]: value })
      for (let index = 0; index < nodes; index++) {
        addNode(`node-${index}`)
        if (`node-${index}` !== expected) addPod(`there-${index}`, { nodeName: `node-${index}` })
      }
      addPod('one')
      await run(10)
      expect(nodeOf('one')).toBe(expected)
    },
  )

  it('should take longer over many nodes when it looks at fewer of them side by side', async () => {
    const boundAfterMs = async (parallelism: number) => {
      const { addPod, addNode, asked, clock } = benchOf({}, undefined, { 'scheduler.parallelism': parallelism })
      for (let index = 0; index < 1000; index++) addNode(`node-${index}`)
      addPod('one')
      for (let ms = 0; ms < 20; ms += 0.1) {
        if (bindings(await asked()) > 0) return ms
        await clock.sleep(0.1)
      }
      throw new Error('it was not bound')
    }
    expect(await boundAfterMs(1)).toBeGreaterThan(5 * (await boundAfterMs(16)))
  })

  it('should leave a pod alone that is gone, or bound by somebody else, before it was decided', async () => {
    const { controlPlane, addPod, removePod, run, nodeOf } = benchOf({ a: {}, b: {} })
    addPod('gone')
    addPod('taken')
    removePod('gone')
    controlPlane.objects.bind({ resource: 'pods', namespace: 'ns', name: 'taken' }, 'b')
    expect(bindings(await run(10))).toBe(0)
    expect(nodeOf('taken')).toBe('b')
  })
})
