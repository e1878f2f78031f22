import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlannedWorkload } from '../plan/plan.ts'
import { layOutWorkload, totalsOf } from './layout.ts'
import { ballastObjects, workloadObjects } from './objects.ts'
import type { WorkloadLayout, WorkloadResource } from './workload.ts'

const sizeClass = (name: string, share: number, minimumPods: number) => ({ name, share, minimumPods })

/** The document's workload (requirements R2). */
const documents: PlannedWorkload = {
  namespaces: 50,
  sizeClasses: [sizeClass('large', 0.25, 1000), sizeClass('medium', 0.25, 400), sizeClass('small', 0.5, 50)],
  pods: { total: 40_000, perDeployment: 100, image: 'pause', serviceAccountToken: false, mountingShare: 0.1 },
  services: 1000,
  configObjects: { podsPerConfigObject: 4, configmapsPerSecret: 4, configmapSize: 1024, secretSize: 1024 },
  serviceAccounts: 100,
  pace: { concurrency: 32 },
  timeout: 1000,
}

const kinds: WorkloadResource[] = ['namespaces', 'serviceaccounts', 'configmaps', 'secrets', 'services', 'deployments']

/** Everything that the layout says, as it will be sent. */
function* textOf(layout: WorkloadLayout): Generator<string> {
  for (const kind of kinds) for (const object of workloadObjects(layout, kind)) yield JSON.stringify(object)
  for (const object of ballastObjects(layout)) yield JSON.stringify(object)
}

function digestOf(plan: PlannedWorkload, seed: number): string {
  const hash = createHash('sha256')
  for (const text of textOf(layOutWorkload(plan, seed))) hash.update(text)
  return hash.digest('hex').slice(0, 16)
}

const anyWorkload: fc.Arbitrary<PlannedWorkload> = fc
  .record({
    namespaces: fc.integer({ min: 1, max: 30 }),
    classes: fc.array(fc.record({ weight: fc.integer({ min: 1, max: 9 }), minimumPods: fc.nat(40) }), {
      minLength: 1,
      maxLength: 4,
    }),
    spare: fc.nat(500),
    perDeployment: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
    deploymentsPerNamespace: fc.integer({ min: 1, max: 12 }),
    mountingShare: fc.constantFrom(0, 0.1, 0.5, 1),
    services: fc.nat(200),
    serviceAccounts: fc.nat(50),
    podsPerConfigObject: fc.constantFrom(0.5, 3, 4),
    configmapsPerSecret: fc.constantFrom(0.25, 1, 4),
    configmapSize: fc.nat(50),
    ballast: fc.option(
      fc.record({ total: fc.integer({ min: 1, max: 500 }), objectSize: fc.integer({ min: 20, max: 90 }) }),
      {
        nil: undefined,
      },
    ),
  })
  .map(({ classes, spare, perDeployment, deploymentsPerNamespace, mountingShare, ...rest }) => {
    const weight = classes.reduce((sum, one) => sum + one.weight, 0)
    const sizeClasses = classes.map((one, index) => sizeClass(`class${index}`, one.weight / weight, one.minimumPods))
    const total = Math.max(1, rest.namespaces * 40 + spare)
    const replicas = perDeployment === undefined ? { deploymentsPerNamespace } : { perDeployment }
    return {
      namespaces: rest.namespaces,
      sizeClasses,
      pods: { total, ...replicas, image: 'pause', serviceAccountToken: false, mountingShare },
      services: rest.services,
      configObjects: {
        podsPerConfigObject: rest.podsPerConfigObject,
        configmapsPerSecret: rest.configmapsPerSecret,
        configmapSize: rest.configmapSize,
        secretSize: 10,
      },
      serviceAccounts: rest.serviceAccounts,
      ...(rest.ballast !== undefined && { ballast: rest.ballast }),
      pace: { concurrency: 1 },
      timeout: 1,
    }
  })

describe('the document’s workload', () => {
  const layout = layOutWorkload(documents, 1)

  it('should be 13 large, 12 medium and 25 small namespaces of 1000, 400 and 50 pods or more', () => {
    const pods = (name: string) => layout.namespaces.filter((one) => one.sizeClass === name).map((one) => one.pods)
    expect([pods('large').length, pods('medium').length, pods('small').length]).toEqual([13, 12, 25])
    expect(Math.min(...pods('large'))).toBeGreaterThanOrEqual(1000)
    expect(Math.min(...pods('medium'))).toBeGreaterThanOrEqual(400)
    expect(Math.min(...pods('small'))).toBeGreaterThanOrEqual(50)
    // Drawn at random: no two large namespaces need be alike, and most are not.
    expect(new Set(pods('large')).size).toBeGreaterThan(8)
  })

  it('should have the document’s totals, exactly', () => {
    expect(totalsOf(layout)).toMatchObject({
      namespaces: 50,
      pods: 40_000,
      services: 1000,
      configmaps: 8000,
      secrets: 2000,
      serviceaccounts: 100,
      ballast: 0,
    })
  })

  it('should be the same, byte for byte, on every machine', () => {
    expect(digestOf(documents, 1)).toBe('4a985e0f1821d08e')
  })

  it('should be another one for another seed', () => {
    expect(digestOf(documents, 2)).not.toBe(digestOf(documents, 1))
  })

  it('should give config objects the sizes that the plan says', () => {
    const [configmap] = workloadObjects(layout, 'configmaps')
    const [secret] = workloadObjects(layout, 'secrets')
    expect(configmap?.data?.['data']).toHaveLength(1024)
    expect(Buffer.from(secret?.data?.['data'] ?? '', 'base64')).toHaveLength(1024)
  })
})

describe('any workload', () => {
  it('should have the plan’s totals, exactly, and honour the minimums', () => {
    fc.assert(
      fc.property(anyWorkload, fc.nat(), (plan, seed) => {
        const layout = layOutWorkload(plan, seed)
        const totals = totalsOf(layout)
        const { pods, services, serviceAccounts, configObjects, ballast } = plan
        const configTotal = Math.round(pods.total / (configObjects?.podsPerConfigObject ?? 1))
        expect(totals).toMatchObject({ namespaces: plan.namespaces, pods: pods.total, services })
        expect(totals.serviceaccounts).toBe(serviceAccounts)
        expect(totals.configmaps + totals.secrets).toBe(configTotal)
        expect(totals.ballast).toBe(ballast === undefined ? 0 : Math.ceil(ballast.total / ballast.objectSize))
        for (const namespace of layout.namespaces) {
          const { minimumPods = 0 } = plan.sizeClasses.find(({ name }) => name === namespace.sizeClass) ?? {}
          expect(namespace.pods).toBeGreaterThanOrEqual(minimumPods)
          expect(namespace.replicas.reduce((sum, one) => sum + one, 0)).toBe(namespace.pods)
          expect(Math.min(1, ...namespace.replicas)).toBe(1)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('should create as many objects as it says, with names of their own that exist where they are referred to', () => {
    fc.assert(
      fc.property(anyWorkload, fc.nat(), (plan, seed) => {
        const layout = layOutWorkload(plan, seed)
        const totals = totalsOf(layout)
        const names = new Set<string>()
        const placeOf = (kind: string, { namespace = '', name = '' }: { namespace?: string; name?: string }) =>
          `${kind} ${namespace}/${name}`
        const counts: Record<string, number> = {}
        for (const kind of kinds) {
          counts[kind] = 0
          for (const { metadata } of workloadObjects(layout, kind)) {
            names.add(placeOf(kind, metadata))
            counts[kind]++
          }
        }
        expect(totals).toMatchObject(counts)
        const ballast = [...ballastObjects(layout)]
        for (const { metadata } of ballast) names.add(placeOf('configmaps', metadata))
        expect(names.size).toBe(kinds.reduce((sum, kind) => sum + (counts[kind] ?? 0), ballast.length))
        const labelOf = (place: string) => place.split('/').at(-1) ?? ''
        expect([...names].filter((place) => !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(labelOf(place)))).toEqual([])

        let mounting = 0
        const missing: string[] = []
        const need = (place: string) => {
          if (!names.has(place)) missing.push(place)
        }
        for (const { metadata, spec } of workloadObjects(layout, 'deployments')) {
          const { namespace = '' } = metadata
          need(placeOf('namespaces', { name: namespace }))
          const volumes = (spec.template.spec['volumes'] ?? []) as Record<string, Record<string, string>>[]
          if (volumes.length > 0) mounting++
          for (const { configMap, secret } of volumes) {
            if (configMap !== undefined) need(placeOf('configmaps', { namespace, name: configMap['name'] ?? '' }))
            if (secret !== undefined) need(placeOf('secrets', { namespace, name: secret['secretName'] ?? '' }))
          }
        }
        expect(missing).toEqual([])
        const able = layout.namespaces.filter(({ configmaps, secrets }) => configmaps > 0 && secrets > 0)
        const most = able.reduce((sum, { replicas }) => sum + replicas.length, 0)
        expect(mounting).toBe(Math.min(most, Math.round(plan.pods.mountingShare * totals.deployments)))
      }),
      { numRuns: 60 },
    )
  })

  it('should follow from plan and seed alone', () => {
    fc.assert(
      fc.property(anyWorkload, fc.nat(), (plan, seed) => {
        expect(digestOf(plan, seed)).toBe(digestOf(structuredClone(plan), seed))
      }),
      { numRuns: 20 },
    )
  })
})

describe('a workload that weighs much', () => {
  it('should be made one object at a time', () => {
    const layout = layOutWorkload({ ...documents, ballast: { total: 1.5e9, objectSize: 2 ** 18 } }, 1)
    expect(totalsOf(layout).ballast).toBe(5723)
    const before = process.memoryUsage().rss
    const objects = ballastObjects(layout)
    for (let index = 0; index < 3; index++) expect(objects.next().value?.data?.['data']).toHaveLength(2 ** 18)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20)
  })
})
