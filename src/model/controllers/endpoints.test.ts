import { describe, expect, it } from 'vitest'
import type { Condition, Pod, Service } from '../../kube/resources.ts'
import { componentBenchForTests } from '../../testing/model-components.ts'
import { runEndpointControllers } from './endpoints.ts'

/** Both controllers, and a service that selects `app: web`. */
async function benchOf(knobs: Record<string, string> = {}) {
  const bench = componentBenchForTests({ knobs })
  const { objects } = bench.controlPlane
  runEndpointControllers(bench.controlPlane)
  const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] }
  objects.create('services', { metadata: { name: 'web', namespace: 'ns' }, spec } as unknown as Service)
  const written = await bench.run(10)
  const refOf = (name: string) => ({ resource: 'pods', namespace: 'ns', name }) as const
  return {
    ...bench,
    written,
    addPod(name: string, app = 'web') {
      const containers = [{ name: 'main', image: 'pause' }]
      objects.create('pods', { metadata: { name, namespace: 'ns', labels: { app } }, spec: { containers } } as Pod)
      objects.bind(refOf(name), 'node')
    },
    setReady: (name: string, isReady = true) =>
      objects.update(refOf(name), 'status', (pod) => {
        const conditions: Condition[] = [{ type: 'Ready', status: isReady ? 'True' : 'False' }]
        return { ...pod, status: { ...pod.status, conditions } }
      }),
    deletePod: (name: string) => objects.delete(refOf(name), {}),
  }
}

const both = (verb: string) => [`${verb} endpointslices`, `${verb} endpoints`]

describe('the controllers of endpoints', () => {
  it('should write an EndpointSlice and the Endpoints of a service that has no pods yet', async () => {
    const { written } = await benchOf()
    expect(written).toEqual(both('POST'))
  })

  it('should write both again when a pod that the service selects becomes Ready, ceases to be, or is being deleted', async () => {
    const { run, addPod, setReady, deletePod } = await benchOf()
    addPod('a')
    expect(await run(10)).toEqual([])
    setReady('a')
    expect(await run(10)).toEqual(both('PUT'))
    setReady('a', false)
    expect(await run(10)).toEqual(both('PUT'))
    setReady('a')
    await run(10)
    deletePod('a')
    expect(await run(10)).toEqual(both('PUT'))
  })

  it('should not write what has come and gone while a write was under way', async () => {
    const { run, asked, addPod, setReady } = await benchOf()
    addPod('a')
    setReady('a')
    expect(await asked()).toEqual(both('PUT'))
    setReady('a', false)
    setReady('a')
    expect(await run(2000)).toEqual(both('PUT'))
  })

  it('should write each when its batch period is over, once for all that changed meanwhile', async () => {
    const { run, addPod, setReady } = await benchOf({
      'controllerManager.endpointUpdatesBatchPeriod': '500ms',
      'controllerManager.endpointsliceUpdatesBatchPeriod': '2s',
    })
    for (const name of ['a', 'b', 'c']) addPod(name)
    for (const name of ['a', 'b', 'c']) {
      setReady(name)
      expect(await run(100)).toEqual([])
    }
    expect(await run(250)).toEqual(['PUT endpoints'])
    expect(await run(1300)).toEqual([])
    expect(await run(200)).toEqual(['PUT endpointslices'])
  })

  it('should leave pods alone that the service does not select', async () => {
    const { run, addPod, setReady } = await benchOf()
    addPod('other', 'db')
    setReady('other')
    expect(await run(2000)).toEqual([])
  })

  it('should write a slice for each 100 pods that came, and one object Endpoints (--max-endpoints-per-slice)', async () => {
    const { run, asked, answer, addPod, setReady } = await benchOf()
    for (let index = 0; index < 301; index++) addPod(`pod-${index}`)
    setReady('pod-0')
    expect(await asked()).toEqual(both('PUT'))
    // Those that come while a write is under way are written together, by the next.
    for (let index = 1; index < 301; index++) setReady(`pod-${index}`)
    expect(await answer()).toEqual(both('PUT'))
    const next = await run(10)
    expect(next.filter((one) => one === 'PUT endpointslices')).toHaveLength(3)
    expect(next.filter((one) => one === 'PUT endpoints')).toHaveLength(1)
  })
})
