import { expect, it } from 'vitest'
import type { Condition, Pod } from '../../../src/kube/resources.ts'
import { isReady } from '../../../src/kube/resources.ts'
import { deployment, pod, service } from '../objects.ts'
import type { Server } from '../tools.ts'
import {
  currentVersion,
  eventually,
  listAll,
  newNamespace,
  newPodNamespace,
  record,
  refTo,
  remove,
  theOnly,
} from '../tools.ts'

/** Nodes, scheduling, kubelets, and what the server fills in. */
export function pods(server: Server): void {
  it('should know every node as Ready, with what it has to give, when it is up', async () => {
    const { api, nodes } = server()
    const { items } = await listAll(api, { resource: 'nodes' })
    expect(items.map(({ metadata }) => metadata.name).sort()).toEqual([...nodes].sort())
    for (const node of items) {
      expect(isReady(node)).toBe(true)
      expect(node.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': node.metadata.name })
      const given = { cpu: expect.any(String), memory: expect.any(String), pods: expect.any(String) }
      expect(node.status).toMatchObject({ capacity: given, allocatable: given })
    }
  })

  it('should bind a pod, then run it, when there is room', async () => {
    const { api, nodes } = server()
    const namespace = await newPodNamespace(server())
    const resourceVersion = await currentVersion(api, 'pods')
    await using watch = record(server(), { resource: 'pods', namespace, resourceVersion })
    const created = await api.create('pods', pod(namespace, 'a'))
    expect(created.status).toMatchObject({ phase: 'Pending' })
    expect(created.spec.nodeName).toBeUndefined()
    const changes = await watch.changesUntil(({ object }) => isReady(object))
    expect(changes[0]).toMatchObject({ type: 'ADDED', object: created })
    expect(changes.slice(1).every(({ type }) => type === 'MODIFIED')).toBe(true)
    // The scheduler's binding sets node and condition in one.
    expect(nodes).toContain(changes[1]?.object.spec.nodeName)
    expect(changes[1]?.object.status?.phase).toBe('Pending')
    expect(conditionsOf(changes[1]?.object)).toEqual({ PodScheduled: 'True' })

    const ready = changes.at(-1)?.object
    expect(ready?.metadata.generation).toBe(1)
    expect(ready?.status).toMatchObject({ phase: 'Running', startTime: expect.stringMatching(/Z$/) })
    const all = { PodScheduled: 'True', Initialized: 'True', ContainersReady: 'True', Ready: 'True' }
    expect(conditionsOf(ready)).toMatchObject(all)
  })

  it('should keep a pod Pending and say why when no node has that much cpu', async () => {
    const { api, clock, nodes } = server()
    const namespace = await newPodNamespace(server())
    const resources = { requests: { cpu: '1000' } }
    const containers = [{ name: 'main', image: 'pause', resources }]
    const created = await api.create('pods', pod(namespace, 'big', { containers }))
    const { status, spec } = await eventually(clock, async () => {
      const found = await api.get(refTo('pods', created))
      expect(found.status?.conditions).toHaveLength(1)
      return found
    })
    expect(spec.nodeName).toBeUndefined()
    expect(status?.phase).toBe('Pending')
    expect(status?.conditions).toEqual([
      expect.objectContaining({
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: expect.stringContaining(`0/${nodes.length} nodes are available: ${nodes.length} Insufficient cpu.`),
      }),
    ])
    await remove(api, 'pods', created)
  })

  it('should bind a pod to the node that it selects', async () => {
    const { api, clock, nodes } = server()
    const namespace = await newPodNamespace(server())
    for (const node of nodes) {
      const spec = { nodeSelector: { 'kubernetes.io/hostname': node } }
      const created = await api.create('pods', pod(namespace, `on-${node}`, spec))
      const bound = await eventually(clock, async () => {
        const found = await api.get(refTo('pods', created))
        expect(found.spec.nodeName).toBeDefined()
        return found
      })
      expect(bound.spec.nodeName).toBe(node)
    }
  })

  it('should run a pod without the scheduler when its node is given', async () => {
    const { api, clock, nodes } = server()
    const namespace = await newPodNamespace(server())
    const [nodeName = ''] = nodes
    const created = await api.create('pods', pod(namespace, 'a', { nodeName }))
    expect(created.spec.nodeName).toBe(nodeName)
    await eventually(clock, async () => expect(isReady(await api.get(refTo('pods', created)))).toBe(true))
  })

  it('should fill in what pods leave out', async () => {
    const { api } = server()
    const namespace = await newPodNamespace(server())
    const created = await api.create('pods', pod(namespace, 'a'))
    expect(created.spec).toMatchObject({
      terminationGracePeriodSeconds: 30,
      restartPolicy: 'Always',
      serviceAccountName: 'default',
      schedulerName: 'default-scheduler',
    })
    expect(created.metadata.generation).toBe(1)
  })

  it('should fill in what deployments leave out', async () => {
    const { api } = server()
    const namespace = await newPodNamespace(server())
    const sent = deployment(namespace, 'web', 0)
    const { replicas: _, ...spec } = sent.spec
    const created = await api.create('deployments', { ...sent, spec } as typeof sent)
    expect(created.spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: { spec: { terminationGracePeriodSeconds: 30, restartPolicy: 'Always' } },
    })
    expect(created).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment', status: {} })
  })

  it('should give every service an address of its own', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const created = [
      await api.create('services', service(namespace, 'a')),
      await api.create('services', service(namespace, 'b')),
    ]
    const addresses = created.map(({ spec }) => spec['clusterIP'])
    for (const address of addresses) expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
    expect(new Set(addresses).size).toBe(2)
    expect(created[0]?.spec).toMatchObject({
      type: 'ClusterIP',
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
    })
    const found = await theOnly(api, { resource: 'services', namespace, fieldSelector: 'metadata.name=a' })
    expect(found.spec).toEqual(created[0]?.spec)
  })
}

function conditionsOf(found: Pod | undefined): Record<string, Condition['status']> {
  return Object.fromEntries((found?.status?.conditions ?? []).map(({ type, status }) => [type, status]))
}
