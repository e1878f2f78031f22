import { describe, expect, it } from 'vitest'
import { Failure } from '../../../base/errors.ts'
import { ApiError } from '../../../kube/api.ts'
import { runLabel } from '../../../kube/labels.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import type { FakeOptions } from '../../../testing/fake-cluster.ts'
import { fakeCluster, reachOf } from '../../../testing/fake-cluster.ts'
import { planForTests } from '../../../testing/plans.ts'
import type { VirtualClock } from '../../../testing/virtual-clock.ts'
import { createVirtualClock } from '../../../testing/virtual-clock.ts'
import { hollowArm } from '../hollow-spec.ts'
import { leaseFor } from '../lease.ts'
import { allPermissions } from '../permissions.ts'
import type { Reach } from '../reach.ts'
import type { Preflight } from './check.ts'
import { allChecks, examineClusters, identityChecks, requireNoRefusals } from './index.ts'
import { skewOf } from './versions.ts'

const now = new Date('2026-01-01T12:00:00Z')

/** Every reason that all checks find against one target cluster. */
async function reasonsOf(
  reach: Partial<Reach>,
  changes: Partial<Preflight> = {},
  options: FakeOptions = {},
  cluster = fakeCluster(options),
): Promise<string[]> {
  const target = reachOf(cluster, reach)
  const outcomes = await examineClusters(
    {
      plan: planForTests(),
      hollow: [],
      clusters: [target],
      confirmed: [],
      now,
      clock: createVirtualClock(),
      work: { objects: () => [], createsEvents: false, expectedMs: 3_600_000 },
      objects: () => [],
      signal: new AbortController().signal,
      ...changes,
    },
    allChecks,
  )
  expect(cluster.writes()).toEqual([])
  return outcomes.flatMap(({ refusals }) => refusals.map(({ because, next }) => `${because} -> ${next}`))
}

const credentials = (changes: Partial<Reach['credentials']>) => ({
  server: 'https://10.0.0.1:6443',
  tls: {},
  clusterName: 'staging',
  headers: async () => ({}),
  ...changes,
})

describe('the preflight', () => {
  it('should find nothing against a cluster that is the planned one, free and open to the run', async () => {
    expect(await reasonsOf({})).toEqual([])
  })

  it.each([
    ['context', { context: 'prod-eu' }],
    ['context', { context: 'eu.PRD.1' }],
    ['cluster', { credentials: credentials({ clusterName: 'production' }) }],
    ['address', { credentials: credentials({ server: 'https://api.live.example:6443' }) }],
  ])('should refuse a production-looking %s (fault 16)', async (_, reach) => {
    expect(await reasonsOf(reach)).toEqual([expect.stringMatching(/looks like production -> .* --confirm /)])
  })

  it.each(['products', 'delivery', 'reproduce', 'livestock', 'staging'])('should let %s pass', async (context) => {
    expect(await reasonsOf({ context })).toEqual([])
  })

  it('should let a production-looking context pass when it was typed (fault 16)', async () => {
    expect(await reasonsOf({ context: 'prod-eu' }, { confirmed: ['prod-eu'] })).toEqual([])
    expect(await reasonsOf({ context: 'prod-eu' }, { confirmed: ['prod-us'] })).toHaveLength(1)
  })

  it('should refuse another cluster than the planned one (fault 16)', async () => {
    expect(await reasonsOf({ plannedUid: 'uid-9' })).toEqual([
      'target (context staging): expected uid-9, but this is uid-1 -> Check kubeconfig and context of remote.targets[0]; a cluster that was recreated has a new UID',
    ])
  })

  it('should tell the UID to write down when the plan has none', async () => {
    expect(await reasonsOf({ plannedUid: undefined })).toEqual([
      'target (context staging): nothing says which cluster is meant -> If this is the right cluster, add to remote.targets[0] in your clusters file: uid: uid-1',
    ])
  })

  it('should name every verb that is not granted, delete among them (fault 6)', async () => {
    const allows: FakeOptions['allows'] = ({ resourceAttributes, nonResourceAttributes }) =>
      resourceAttributes?.verb !== 'delete' &&
      resourceAttributes?.subresource !== 'scale' &&
      nonResourceAttributes?.path !== '/flagz'
    expect(await reasonsOf({}, {}, { allows })).toEqual([
      'target (context staging): you may not delete namespaces, delete deployments.apps, patch deployments.apps/scale, delete services, delete configmaps, delete secrets, delete serviceaccounts, delete leases.coordination.k8s.io scale-test in kube-system, get /flagz, delete nodes, delete leases.coordination.k8s.io in kube-node-lease, delete certificatesigningrequests.certificates.k8s.io -> Have an administrator of that cluster apply manifests/rbac-target.yaml for the user of this context',
    ])
  })

  it('should ask for no rights on certificates when the plan needs none', async () => {
    const allows: FakeOptions['allows'] = ({ resourceAttributes }) =>
      resourceAttributes?.group !== 'certificates.k8s.io' &&
      resourceAttributes?.namespace !== 'kube-node-lease' &&
      !(resourceAttributes?.resource === 'nodes' && resourceAttributes.verb === 'delete')
    expect(await reasonsOf({}, { plan: planForTests({ source: 'none' }) }, { allows })).toEqual([])
    expect(await reasonsOf({}, {}, { allows })).toHaveLength(1)
  })

  it('should ask a host cluster for what hollow-node pods need', async () => {
    const allows: FakeOptions['allows'] = ({ resourceAttributes }) => resourceAttributes?.resource !== 'statefulsets'
    expect(await reasonsOf({ role: 'host' }, {}, { allows })).toEqual([
      expect.stringMatching(/^host cluster \(context staging\): you may not get statefulsets.apps, .*rbac-host.yaml/),
    ])
  })

  it.each([
    ['before the run could be over', '2026-01-01T13:00:00Z', 'the credentials expire in 60 min'],
    ['without a reserve for the tear-down', '2026-01-01T13:30:00Z', 'the credentials expire in'],
    ['already', '2026-01-01T11:00:00Z', 'the credentials expired at 2026-01-01 11:00:00 UTC'],
  ])('should refuse credentials that end %s', async (_, end, because) => {
    const [reason] = await reasonsOf({ credentials: credentials({ expiresAt: new Date(end) }) })
    expect(reason).toMatch(because.replace(' in 60 min', ' in'))
  })

  it('should take credentials that last half as long again', async () => {
    expect(await reasonsOf({ credentials: credentials({ expiresAt: new Date('2026-01-01T13:41:00Z') }) })).toEqual([])
  })

  it('should name the holder when another run has the cluster (fault 17)', async () => {
    const cluster = fakeCluster()
    cluster.put('leases', leaseFor({ runId: 'big-1', who: 'anna@build-3' }, new Date(now.getTime() - 30_000)))
    expect(await reasonsOf({}, {}, {}, cluster)).toEqual([
      expect.stringMatching(
        /target \(context staging\): it is in use: anna@build-3, run big-1, since 2026-01-01 11:59:30 UTC holds the Lease/,
      ),
    ])
  })

  it('should not mind a Lease that has expired', async () => {
    const cluster = fakeCluster()
    cluster.put('leases', leaseFor({ runId: 'big-1', who: 'anna@build-3' }, new Date(now.getTime() - 61_000)))
    expect(await reasonsOf({}, {}, {}, cluster)).toEqual([])
  })

  it('should refuse names that are taken, and say whose they are (fault 15)', async () => {
    const cluster = fakeCluster()
    const target = reachOf(cluster)
    cluster.put('namespaces', { metadata: { name: 'large-01' } })
    cluster.put('namespaces', { metadata: { name: 'others' } })
    cluster.put('nodes', { metadata: { name: 'hollow-0', labels: { [runLabel]: 'big-0' } } })
    const object = (kind: string, name: string): KubeObject => ({ kind, metadata: { name } })
    const objects = () => [
      { cluster: target, object: object('Namespace', 'large-01') },
      { cluster: target, object: object('Node', 'hollow-0') },
      { cluster: target, object: object('Node', 'hollow-1') },
    ]
    expect(await reasonsOf({}, { clusters: [target], objects }, {}, cluster)).toEqual([
      'target (context staging): namespaces large-01 already exist and belong to somebody else -> They are left alone: use another cluster, or other names in the plan',
      'target (context staging): nodes hollow-0 already exist and belong to run big-0 -> If the run is over: npm run scale-test -- cleanup --clusters FILE --run big-0',
    ])
  })

  /** Machines of a host cluster whose kubelets take so many pods, and a fleet of 5000 hollow nodes on them. */
  async function reasonsOnHosts(maxPods: number, nodesPerProcess: number): Promise<string[]> {
    const cluster = fakeCluster()
    for (let index = 0; index < 45; index++) {
      const name = `host-${String(index).padStart(2, '0')}`
      cluster.put('nodes', {
        metadata: { name, labels: { 'kubernetes.io/hostname': name } },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          allocatable: { cpu: '16', memory: '64Gi', pods: String(maxPods) },
        },
      })
    }
    const plan = planForTests({ nodes: 5000, hosts: 45, nodesPerProcess })
    const credentialsOfTarget = credentials({})
    const { fleet } = plan
    const order = hollowArm({
      plan: { ...plan, fleet },
      target: { kubeconfig: 'x', context: 'y' },
      credentials: credentialsOfTarget,
      runId: 'run-1',
      armId: 'tuned-1',
      knobs: [],
      kubernetesVersion: 'v1.36.3',
    })
    return reasonsOf({ role: 'host' }, { plan, hollow: [order] }, {}, cluster)
  }

  it('should find before anything is created that 112 pods do not fit on hosts of 110, and say what helps', async () => {
    const [reason] = await reasonsOnHosts(110, 1)
    expect(reason).toMatch(/^host cluster \(context staging\): .*112.*110/)
    expect(reason).toMatch(/max-?pods/i)
    expect(reason).toMatch(/nodesPerProcess/)
  })

  it('should let them pass on hosts of 500 pods, and packed', async () => {
    expect(await reasonsOnHosts(500, 1)).toEqual([])
    expect(await reasonsOnHosts(110, 10)).toEqual([])
  })

  it('should take what a cluster refuses to show for a reason not to begin', async () => {
    const cluster = fakeCluster()
    cluster.failing = new ApiError(403, 'Forbidden', 'get namespaces: forbidden')
    expect(await reasonsOf({}, {}, {}, cluster)).toContainEqual(
      expect.stringMatching(/target \(context staging\): get namespaces: forbidden -> .*rbac-target.yaml/),
    )
  })

  it('should say which cluster does not answer, and how to try', async () => {
    const cluster = fakeCluster()
    cluster.failing = new ApiError(0, 'ECONNREFUSED', 'get namespaces: connect ECONNREFUSED')
    await expect(reasonsOf({}, {}, {}, cluster)).rejects.toMatchObject({
      kind: 'infrastructure',
      message: 'target (context staging) cannot be queried: get namespaces: connect ECONNREFUSED',
      next: 'Try: kubectl --kubeconfig kubeconfig --context staging get --raw /version',
    })
  })

  it.each([
    [
      'anonymous',
      403,
      { anonymous: 'user u has nothing' },
      /no credentials are sent: user u has nothing; get .* -> Name a kube/,
    ],
    [
      'anonymous',
      401,
      { anonymous: 'user u has nothing' },
      /no credentials are sent: user u has nothing; get .* -> Name a kube/,
    ],
    ['unknown', 401, {}, /the credentials are not accepted: get .* -> Log in again .*--context staging auth whoami/],
  ])(
    'should tell once that requests which are %s are refused with %i, and not ask for rights',
    async (_, status, who, reason) => {
      const cluster = fakeCluster()
      cluster.failing = new ApiError(status, 'Refused', 'get namespaces: refused')
      expect(await reasonsOf({ credentials: credentials(who) }, {}, {}, cluster)).toEqual([
        expect.stringMatching(reason),
      ])
    },
  )

  it('should let an anonymous request pass where the cluster does, as behind kubectl proxy, and say so', async () => {
    const cluster = reachOf(fakeCluster(), {
      credentials: credentials({
        anonymous: 'user u has nothing',
        insecure: true,
        proxyFor: () => new URL('http://u:canary@proxy:1'),
      }),
    })
    const signal = new AbortController().signal
    const [, signIn] = await examineClusters(
      { clusters: [cluster], confirmed: [], now, clock: createVirtualClock(), signal },
      identityChecks,
    )
    expect(signIn).toEqual({
      id: 'sign-in',
      title: 'Signing in',
      refusals: [],
      notes: [
        'target (context staging): no credentials are sent: user u has nothing',
        'target (context staging): the server is not verified, as you allowed: anyone could answer in its place',
        'target (context staging): reached through the proxy http://proxy:1',
      ],
    })
  })

  it('should not take a server that fails for one that lacks rights', async () => {
    const cluster = fakeCluster()
    cluster.failing = new ApiError(503, 'HTTP 503', 'get namespaces: <html>')
    await expect(reasonsOf({}, {}, {}, cluster)).rejects.toMatchObject({ kind: 'infrastructure' })
  })

  it('should tell everything that is wrong at once', async () => {
    const cluster = fakeCluster({ allows: () => false })
    cluster.put('leases', leaseFor({ runId: 'big-1', who: 'anna@build-3' }, now))
    const reasons = await reasonsOf({ context: 'prod', plannedUid: 'uid-9' }, {}, {}, cluster)
    expect(reasons).toHaveLength(4)
  })
})

describe('requireNoRefusals', () => {
  it('should refuse for safety, with every reason and what to do about it', () => {
    const refusals = [
      { because: 'a', next: 'do b' },
      { because: 'c', next: 'do d' },
    ]
    const outcomes = [{ id: 'x', title: 'X', notes: [], refusals }]
    const text = 'refused for 2 reasons; nothing was touched\n\n  a\n    do b\n  c\n    do d'
    expect(() => requireNoRefusals(outcomes)).toThrow(new Failure('safety-refusal', text))
    expect(() => requireNoRefusals([])).not.toThrow()
  })
})

describe('skewOf', () => {
  it.each([
    ['hollow-node:v1.36.3', 'v1.36.1', undefined],
    ['registry:5000/hollow-node:1.35@sha256:0', 'v1.36.1', 'hollow nodes of 1.35 on an apiserver of 1.36'],
    [
      'hollow-node:v1.36.3',
      'v1.35.2',
      'hollow nodes of 1.36 on an apiserver of 1.35: kubelets newer than their apiserver are not supported by Kubernetes',
    ],
    [
      'hollow-node:v1.32.0',
      'v1.36.0',
      'hollow nodes of 1.32 on an apiserver of 1.36: more than 3 minor versions behind is not supported',
    ],
    ['hollow-node:latest', 'v1.36.0', undefined],
  ])('should say of %s on %s: %s', (image, server, text) => {
    expect(skewOf(image, server)).toBe(text)
  })
})

describe('permissions', () => {
  it('should say what each is for', () => {
    for (const { because } of [...allPermissions('host'), ...allPermissions('target')]) expect(because).not.toBe('')
  })
})

describe('an apiserver that is about to start', () => {
  const notReady = (status: number, reason: string) => {
    const cluster = fakeCluster()
    cluster.failing = new ApiError(status, reason, 'User "scale-test" cannot get resource')
    return cluster
  }
  const asked = async (cluster: ReturnType<typeof fakeCluster>, clock: VirtualClock) => {
    const known = { clusters: [reachOf(cluster)], confirmed: [], now, clock, signal: new AbortController().signal }
    const outcomes = await examineClusters(known, identityChecks)
    return outcomes.flatMap(({ refusals }) => refusals.map(({ because }) => because))
  }

  it.each([
    [403, 'Forbidden'],
    [500, 'InternalError'],
  ])('should be waited for while it answers %i: it has not read who may do what', async (status, reason) => {
    const clock = createVirtualClock()
    const cluster = notReady(status, reason)
    const startMs = clock.nowMs()
    void clock.sleep(9000).then(() => {
      cluster.failing = undefined
    })
    expect(await asked(cluster, clock)).toEqual([])
    expect(clock.nowMs() - startMs).toBeLessThan(11_000)
  })

  it('should be reported as it is when it goes on refusing', async () => {
    const clock = createVirtualClock()
    const startMs = clock.nowMs()
    expect(await asked(notReady(403, 'Forbidden'), clock)).toEqual([
      'target (context staging): User "scale-test" cannot get resource',
    ])
    expect(clock.nowMs() - startMs).toBe(15_000)
  })
})
