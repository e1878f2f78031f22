import { describe, expect, it } from 'vitest'
import type { Condition, Deployment, ReplicaSet } from '../../kube/resources.ts'
import { componentBenchForTests } from '../../testing/model-components.ts'
import { runDeploymentController } from './deployment.ts'

const ref = { resource: 'deployments', namespace: 'ns', name: 'web' } as const

/** The controller and a Deployment, whose ReplicaSets are left as they are unless the test says what became of their pods. */
async function benchOf(replicas: number) {
  const bench = componentBenchForTests()
  const { objects, store } = bench.controlPlane
  runDeploymentController(bench.controlPlane)
  const labels = { app: 'web' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'pause' }] } }
  const spec = { replicas, selector: { matchLabels: labels }, template } as unknown as Deployment['spec']
  objects.create('deployments', { metadata: { name: 'web', namespace: 'ns' }, spec })
  await bench.run(20)
  const deployment = () => objects.get(ref)
  const replicaSets = () => store.list('replicasets', 'ns')
  const change = (what: (spec: Deployment['spec']) => Deployment['spec']) =>
    objects.update(ref, 'all but status', (current) => ({ ...current, spec: what(current.spec) }))
  return {
    ...bench,
    deployment,
    replicaSets,
    scaleTo: (count: number) => change((current) => ({ ...current, replicas: count })),
    retemplate: (image: string) =>
      change((current) => {
        const containers = [{ name: 'main', image }]
        return { ...current, template: { ...current.template, spec: { ...current.template.spec, containers } } }
      }),
    /** So many of a ReplicaSet's pods are there, and so many of them Ready. */
    report({ metadata: { name = '' } }: ReplicaSet, total: number, ready: number) {
      const status = { replicas: total, readyReplicas: ready, availableReplicas: ready, terminatingReplicas: 0 }
      objects.update({ resource: 'replicasets', namespace: 'ns', name }, 'status', (one) => ({ ...one, status }))
    },
    condition: (type: string): Condition | undefined =>
      deployment().status?.conditions?.find((condition) => condition.type === type),
  }
}

const writes = (asked: readonly string[]) => asked.filter((one) => !one.startsWith('GET'))

describe('the Deployment controller', () => {
  it('should create one ReplicaSet, that of its template, which selects by the hash of the template besides', async () => {
    const { replicaSets, deployment } = await benchOf(10)
    const [one, ...others] = replicaSets()
    expect(others).toEqual([])
    const hash = one?.metadata.labels?.['pod-template-hash']
    expect(one?.metadata.name).toBe(`web-${hash}`)
    expect(one?.spec).toMatchObject({
      replicas: 10,
      selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } },
      template: { metadata: { labels: { app: 'web', 'pod-template-hash': hash } } },
    })
    // 25 % of 10, rounded up, may be there besides (SetReplicasAnnotations).
    expect(one?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/desired-replicas': '10',
      'deployment.kubernetes.io/max-replicas': '13',
      'deployment.kubernetes.io/revision': '1',
    })
    expect(deployment().metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1')
  })

  it('should scale the ReplicaSet in one write, then say that it has seen the change', async () => {
    const { scaleTo, replicaSets, deployment, answer, run } = await benchOf(2)
    scaleTo(5)
    expect(writes(await answer())).toEqual(['PUT replicasets'])
    expect(replicaSets()[0]?.spec.replicas).toBe(5)
    expect(writes(await answer())).toEqual(['PUT deployments/status'])
    await run(20)
    expect(deployment().status?.observedGeneration).toBe(2)
  })

  it('should repeat what its ReplicaSet counts, and be available while a quarter is not (25 % maxUnavailable, rounded down)', async () => {
    const { report, replicaSets, deployment, condition, run } = await benchOf(10)
    const [one] = replicaSets() as [ReplicaSet]
    report(one, 10, 7)
    await run(20)
    expect(deployment().status).toMatchObject({ replicas: 10, readyReplicas: 7, unavailableReplicas: 3 })
    expect(condition('Available')).toMatchObject({ status: 'False', reason: 'MinimumReplicasUnavailable' })
    report(one, 10, 8)
    await run(20)
    expect(condition('Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' })
  })

  it('should be progressing as long as it gets on, and complete when all pods are available', async () => {
    const { report, replicaSets, condition, run } = await benchOf(4)
    const [one] = replicaSets() as [ReplicaSet]
    expect(condition('Progressing')?.reason).toBe('NewReplicaSetCreated')
    report(one, 4, 3)
    await run(20)
    expect(condition('Progressing')?.reason).toBe('ReplicaSetUpdated')
    report(one, 4, 4)
    await run(20)
    expect(condition('Progressing')?.reason).toBe('NewReplicaSetAvailable')
    // Pods that are lost and come back are nothing new for a rollout that has come to its end (progress.go, syncRolloutStatus).
    report(one, 4, 2)
    await run(20)
    report(one, 4, 3)
    await run(20)
    expect(condition('Progressing')?.reason).toBe('NewReplicaSetAvailable')
  })

  it('should write no status that says nothing new', async () => {
    const { controlPlane, report, replicaSets, run } = await benchOf(4)
    const [one] = replicaSets() as [ReplicaSet]
    report(one, 4, 4)
    await run(20)
    const { name = '' } = one.metadata
    controlPlane.objects.update({ resource: 'replicasets', namespace: 'ns', name }, 'all but status', (current) => ({
      ...current,
      metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, somebody: 'was here' } },
    }))
    expect(writes(await run(20))).toEqual([])
  })

  it('should give another template a ReplicaSet of its own, with the next revision, and scale the old one to 0', async () => {
    const { retemplate, replicaSets, deployment, run } = await benchOf(3)
    const [old] = replicaSets() as [ReplicaSet]
    retemplate('other')
    await run(50)
    const sizes = replicaSets().map(({ metadata, spec }) => [metadata.name === old.metadata.name, spec.replicas])
    expect(sizes.toSorted()).toEqual([
      [false, 3],
      [true, 0],
    ])
    expect(deployment().metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
  })
})
