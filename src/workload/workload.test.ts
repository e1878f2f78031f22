import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Amount, PlannedWorkload } from '../plan/workload.ts'
import { barePods } from '../testing/plans.ts'
import { layOutWorkload, totalsOf } from './layout.ts'
import { ballastObjects, workloadObjects } from './objects.ts'
import type { WorkloadLayout, WorkloadResource } from './workload.ts'
import { ballastResourceOf } from './workload.ts'

const sizeClass = (name: string, share: number, minimumPods: number) => ({ name, share, minimumPods })

/** The document's workload. */
const documents: PlannedWorkload = {
  namespaces: 50,
  sizeClasses: [sizeClass('large', 0.25, 1000), sizeClass('medium', 0.25, 400), sizeClass('small', 0.5, 50)],
  pods: { ...barePods, total: 40_000, perDeployment: 100, mountingShare: 0.1 },
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

/** In all, or in each namespace. */
const anyAmount = (most: number): fc.Arbitrary<Amount> => fc.oneof(fc.nat(most), fc.record({ perNamespace: fc.nat(5) }))

const anyWorkload: fc.Arbitrary<PlannedWorkload> = fc
  .record({
    namespaces: fc.integer({ min: 1, max: 30 }),
    classes: fc.array(fc.record({ weight: fc.integer({ min: 1, max: 9 }), minimumPods: fc.nat(40) }), {
      minLength: 1,
      maxLength: 4,
    }),
    spare: fc.nat(500),
    replicas: fc.oneof(
      fc.record({ perDeployment: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ deploymentsPerNamespace: fc.integer({ min: 1, max: 12 }) }),
      fc.constantFrom<Pick<PlannedWorkload['pods'], 'deployments'>>(
        { deployments: [{ replicas: 7, share: 1 }] },
        { deployments: [25, 3, 1].map((replicas) => ({ replicas, share: 1 / 3 })) },
      ),
      fc.constant(undefined),
    ),
    mountingShare: fc.constantFrom(0, 0.1, 0.5, 1),
    services: anyAmount(200),
    serviceAccounts: anyAmount(50),
    configObjects: fc.oneof(
      fc.record({
        podsPerConfigObject: fc.constantFrom(0.5, 3, 4),
        configmapsPerSecret: fc.constantFrom(0, 0.25, 1, 4),
      }),
      fc.record({ configmaps: anyAmount(100), secrets: anyAmount(100) }),
      fc.record({ secrets: anyAmount(100) }),
    ),
    configmapSize: fc.nat(50),
    ballast: fc.option(
      fc.record({
        total: fc.integer({ min: 1, max: 500 }),
        objectSize: fc.integer({ min: 20, max: 90 }),
        kind: fc.constantFrom('configmaps', 'secrets', 'events'),
      }),
      {
        nil: undefined,
      },
    ),
  })
  .map(({ classes, spare, replicas, mountingShare, configObjects, configmapSize, ballast, ...rest }) => {
    const weight = classes.reduce((sum, one) => sum + one.weight, 0)
    const hasPods = replicas !== undefined
    const sizeClasses = classes.map((one, index) =>
      sizeClass(`class${index}`, one.weight / weight, hasPods ? one.minimumPods : 0),
    )
    const total = hasPods ? Math.max(1, rest.namespaces * 40 + spare) : 0
    return {
      ...rest,
      sizeClasses,
      pods: { ...barePods, total, ...replicas, mountingShare },
      configObjects: { ...configObjects, configmapSize, secretSize: 10 },
      ...(ballast !== undefined && { ballast }),
      pace: { concurrency: 1 },
      timeout: 1,
    }
  })

/** How many there are of `amount` in so many namespaces. */
const inAll = (amount: Amount, namespaces: number) =>
  typeof amount === 'number' ? amount : amount.perNamespace * namespaces

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
    expect(digestOf(documents, 1)).toBe('d487a1525406d171')
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
        const { podsPerConfigObject, configmaps = 0, secrets = 0 } = configObjects ?? {}
        const inPlan = (amount: Amount) => inAll(amount, plan.namespaces)
        const configTotal =
          podsPerConfigObject === undefined
            ? inPlan(configmaps) + inPlan(secrets)
            : Math.round(pods.total / podsPerConfigObject)
        expect(totals).toMatchObject({ namespaces: plan.namespaces, pods: pods.total, services: inPlan(services) })
        expect(totals.serviceaccounts).toBe(inPlan(serviceAccounts))
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
        for (const { metadata } of ballast) names.add(placeOf(ballastResourceOf(plan), metadata))
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

describe('a workload that is counted', () => {
  const counted = (plan: Partial<PlannedWorkload>) => layOutWorkload({ ...documents, ...plan }, 1)

  it('should have the Deployments of ClusterLoader2’s load test in each namespace', () => {
    const deployments = [
      { replicas: 250, perNamespace: 3 },
      { replicas: 30, perNamespace: 25 },
      { replicas: 5, perNamespace: 300 },
    ]
    const layout = counted({
      namespaces: 2,
      sizeClasses: [sizeClass('load', 1, 0)],
      pods: { ...barePods, total: 6000, deployments },
    })
    const sizes = [...workloadObjects(layout, 'deployments')].map(({ spec }) => spec.replicas)
    expect(sizes.length).toBe(656)
    expect([250, 30, 5].map((size) => sizes.filter((one) => one === size).length)).toEqual([6, 50, 600])
  })

  it('should divide the pods of a namespace by the shares of its sizes', () => {
    const deployments = [
      { replicas: 250, share: 0.25 },
      { replicas: 30, share: 0.25 },
      { replicas: 5, share: 0.5 },
    ]
    const [first] = counted({
      namespaces: 1,
      sizeClasses: [sizeClass('load', 1, 0)],
      pods: { ...barePods, total: 3001, deployments },
    }).namespaces
    expect(first?.replicas.length).toBe(3 + 25 + 1 + 300)
    expect(first?.replicas.filter((size) => size === 250).length).toBe(3)
  })

  it('should have config objects without pods, as many in each namespace', () => {
    const layout = counted({
      namespaces: 3,
      sizeClasses: [sizeClass('all', 1, 0)],
      pods: { ...barePods, total: 0 },
      services: 10,
      configObjects: { secrets: { perNamespace: 10 }, configmapSize: 0, secretSize: 8 },
    })
    expect(totalsOf(layout)).toMatchObject({ pods: 0, deployments: 0, configmaps: 0, secrets: 30, services: 10 })
    expect(layout.namespaces.map(({ secrets, services }) => [secrets, services])).toEqual([
      [10, 4],
      [10, 3],
      [10, 3],
    ])
  })
})

describe('ballast', () => {
  it.each(['configmaps', 'secrets', 'events'] as const)('should be of %s with the size that the plan says', (kind) => {
    const ballast = { total: 2500, objectSize: 1000, kind }
    const layout = layOutWorkload({ ...documents, namespaces: 1, sizeClasses: [sizeClass('all', 1, 0)], ballast }, 1)
    const objects = [...ballastObjects(layout)]
    const textIn = (object: (typeof objects)[number]) => {
      if ('involvedObject' in object) return object.message ?? ''
      const data = object.data?.['data'] ?? ''
      return object.kind === 'Secret' ? Buffer.from(data, 'base64').toString() : data
    }
    expect(objects.map((object) => textIn(object).length)).toEqual([1000, 1000, 1000])
    expect(new Set(objects.map(({ kind: written }) => written))).toEqual(
      new Set([{ configmaps: 'ConfigMap', secrets: 'Secret', events: 'Event' }[kind]]),
    )
  })
})

describe('pods of a workload', () => {
  it('should have no service links unless the plan asks for them', () => {
    const linksOf = (serviceLinks: boolean) => {
      const layout = layOutWorkload({ ...documents, pods: { ...documents.pods, serviceLinks } }, 1)
      const [first] = workloadObjects(layout, 'deployments')
      return first?.spec.template.spec['enableServiceLinks']
    }
    expect([linksOf(false), linksOf(true)]).toEqual([false, true])
  })
})

describe('a workload that weighs much', () => {
  it('should be made one object at a time', () => {
    const layout = layOutWorkload(
      { ...documents, ballast: { total: 1.5e9, objectSize: 2 ** 18, kind: 'configmaps' } },
      1,
    )
    expect(totalsOf(layout).ballast).toBe(5723)
    const before = process.memoryUsage().rss
    const objects = ballastObjects(layout)
    for (let index = 0; index < 3; index++)
      expect(objects.next().value).toMatchObject({ data: { data: expect.stringMatching(/^.{262144}$/) } })
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20)
  })
})
