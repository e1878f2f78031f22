import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Failure } from '../../../base/errors.ts'
import { runSelector } from '../../../fleet/manifests.ts'
import type { ResourceName } from '../../../kube/api.ts'
import { ApiError } from '../../../kube/api.ts'
import type { Pod } from '../../../kube/resources.ts'
import { createClientCa } from '../../../testing/client-ca.ts'
import type { World, WorldOptions } from '../../../testing/hollow-fleet.ts'
import { createWorld, runId } from '../../../testing/hollow-fleet.ts'
import { removeHollowFleet } from './remove.ts'
import { startHollowFleet } from './start.ts'

const never = new AbortController().signal

function abortedAfter({ clock }: Pick<World, 'clock'>, ms: number, reason: Failure): AbortSignal {
  const ending = new AbortController()
  void clock.sleep(ms).then(() => ending.abort(reason))
  return ending.signal
}

/** Moments of a start, by the request that is being sent on either cluster. */
const moments = [
  'create namespaces',
  'create configmaps',
  'create certificatesigningrequests',
  'patch certificatesigningrequests/approval',
  'delete certificatesigningrequests',
  'create secrets',
  'create statefulsets',
  'patch statefulsets/scale',
  'create pods',
  'create nodes hollow-0',
  'create nodes hollow-9',
]

function abortedAt({ host, target }: World, moment: string, reason: Failure): AbortSignal {
  const ending = new AbortController()
  for (const api of [host, target]) {
    api.refuse((request) => {
      if (request.startsWith(moment)) ending.abort(reason)
      return undefined
    })
  }
  return ending.signal
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, not ${String(error)}`)
  return error
}

const start = async (options: WorldOptions = {}) => {
  const world = await createWorld(options)
  return { world, fleet: startHollowFleet(world.options, never) }
}

const timeIsUp = new Failure('inconclusive', 'Fleet of 21 hollow nodes took longer than 2 m')
const waiting = (reason: string, message: string): Pod['status'] => ({
  phase: 'Pending',
  containerStatuses: [{ state: { waiting: { reason, message } } }],
})

describe('startHollowFleet', () => {
  it('should have every node Ready on the target when it ends, and say what it is made of', async () => {
    const { world, fleet } = await start()
    const { nodeNames, startedMs, ...rest } = await fleet
    expect(startedMs).toBeLessThan(world.clock.nowMs())
    expect(nodeNames).toEqual(Array.from({ length: 21 }, (_, index) => `hollow-${index}`))
    expect(rest).toEqual({
      probeNode: 'hollow-0',
      processes: 5,
      hosts: ['host-0', 'host-1'],
      images: ['sha256:1234'],
    })
    expect(await world.target.count({ resource: 'nodes', labelSelector: `${runSelector(runId)},zone=a` })).toBe(21)
    expect(world.progress.at(-1)).toContain('/21 nodes Ready')
  })

  it('should count certificates, then nodes, as they come', async () => {
    const { world, fleet } = await start()
    await fleet
    const certificates = Array.from({ length: 21 }, (_, index) => `${index + 1}/21 certificates`)
    expect(world.progress.slice(0, 21)).toEqual(certificates)
    expect(world.progress[21]).toBe('3 of 5 pods started 0/21 nodes Ready')
    expect(world.progress.at(-1)).toMatch(/^\d+\/21 nodes Ready$/)
  })

  it('should count the certificates that it signs itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'scale-test-ca-'))
    try {
      const ca = { cert: join(folder, 'ca.crt'), key: join(folder, 'ca.key') }
      const pem = await createClientCa('ec')
      writeFileSync(ca.cert, pem.cert)
      writeFileSync(ca.key, pem.key)
      const { world, fleet } = await start({ spec: { pods: { identity: 'ca', ca } } })
      await fleet
      expect(world.progress[20]).toBe('21/21 certificates')
      expect(world.target.requests.filter((request) => request.includes('certificatesigning'))).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('should never have more pods starting than are to be started at a time', async () => {
    for (const startAtOnce of [1, 3]) {
      const { world, fleet } = await start({ spec: { pods: { startAtOnce } } })
      await fleet
      expect(world.mostStarting()).toBe(startAtOnce)
    }
  })

  it('should leave no certificate request behind, and give every node of a pod a certificate', async () => {
    const { world, fleet } = await start({ spec: { pods: { proxy: true } } })
    await fleet
    expect(await world.target.count({ resource: 'certificatesigningrequests' })).toBe(0)
    const requested = world.target.requests.filter((request) => request.startsWith('create certificatesigningrequests'))
    expect(requested).toHaveLength(22)
    const { data = {} } = await world.host.get({ resource: 'secrets', namespace: 'kubemark', name: 'hollow-packs-0' })
    expect(Object.keys(data)).toEqual([0, 1, 2, 3].map((pod) => `certificates-${pod}.pem`))
    const pem = Buffer.from(data['certificates-3.pem'] ?? '', 'base64').toString()
    expect(pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(6)
    expect(pem.match(/BEGIN PRIVATE KEY/g)).toHaveLength(6)
  })

  it('should let the kubelets trust the CA of the apiserver, or the server when it does not show that one', async () => {
    const shown = async (world: World) =>
      (await world.host.get({ resource: 'configmaps', namespace: 'kubemark', name: 'hollow-node' })).data?.[
        'client-ca.crt'
      ]
    const { world, fleet } = await start()
    await fleet
    expect(await shown(world)).toBe('the CA of clients\n')
    const other = await createWorld()
    other.target.refuse((request) =>
      request.includes('extension-apiserver') ? new ApiError(403, 'Forbidden', 'no') : undefined,
    )
    await startHollowFleet(other.options, never)
    expect(await shown(other)).toBe('the CA of the server\n')
  })

  it('should create nothing when the machines have no room', async () => {
    const world = await createWorld({ hosts: 1 })
    const before = [world.host.contents(), world.target.contents()]
    const failure = await failureOf(startHollowFleet(world.options, never))
    expect(failure.kind).toBe('infrastructure')
    expect(failure.message).toBe('2 machines are planned, but the host cluster has 1 that can be used')
    expect([world.host.contents(), world.target.contents()]).toEqual(before)
  })

  it('should leave a namespace of others alone, whose name is taken (fault 15)', async () => {
    const world = await createWorld()
    const labels = { 'scale-test/run': 'another' }
    await world.host.create('namespaces', { metadata: { name: 'kubemark', labels } })
    const before = world.host.contents()
    const failure = await failureOf(startHollowFleet(world.options, never))
    expect(failure).toMatchObject({
      kind: 'safety-refusal',
      message: 'namespaces kubemark already exists and belongs to run another',
      next: expect.stringContaining('cleanup --clusters FILE --run another'),
    })
    expect(world.target.requests.some((request) => request.startsWith('create'))).toBe(true)
    expect(world.host.contents()).toEqual(before)
    await removeHollowFleet(world.options, never)
    expect(world.host.contents()).toEqual(before)
  })

  it.each<[string, WorldOptions['fateOf'], RegExp]>([
    [
      'an image that nobody has',
      () => ({ kind: 'has', status: waiting('ErrImageNeverPull', 'Container image "x" is not present') }),
      /^hollow-probe-0, hollow-packs-0-0, hollow-packs-0-1: the image cannot be pulled: ErrImageNeverPull: Container image "x" is not present$/,
    ],
    [
      'a pull that never succeeds',
      () => ({ kind: 'has', status: waiting('ImagePullBackOff', 'Back-off pulling image "x"') }),
      /the image cannot be pulled: ImagePullBackOff: Back-off pulling image "x"$/,
    ],
    [
      'a hollow node that ends',
      (pod) =>
        pod === 'hollow-packs-0-2'
          ? {
              kind: 'has',
              status: {
                phase: 'Running',
                containerStatuses: [
                  {
                    state: { waiting: { reason: 'CrashLoopBackOff' } },
                    lastState: {
                      terminated: {
                        exitCode: 1,
                        reason: 'Error',
                        message: 'I1234 starting\nhollow-node: 5 nodes need 5 inotify instances, but only 2 are left',
                      },
                    },
                  },
                ],
              },
            }
          : { kind: 'runs' },
      /^hollow-packs-0-2: hollow-node ended with status 1: .*hollow-node: 5 nodes need 5 inotify instances, but only 2 are left$/,
    ],
    [
      'pods that no machine takes',
      () => ({
        kind: 'has',
        status: {
          phase: 'Pending',
          conditions: [
            { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/2 nodes are available' },
          ],
        },
      }),
      /no machine takes it: 0\/2 nodes are available$/,
    ],
  ])('should fail soon and quote the reason when there is %s', async (_, fateOf, message) => {
    const world = await createWorld({ ...(fateOf && { fateOf }) })
    let startedMs = 0
    world.host.onWrite(({ verb, resource }) => {
      if (verb === 'create' && resource === 'statefulsets') startedMs = world.clock.nowMs()
    })
    const failure = await failureOf(startHollowFleet(world.options, never))
    expect(failure.kind).toBe('infrastructure')
    expect(failure.message).toMatch(message)
    expect(world.clock.nowMs() - startedMs).toBeLessThan(45_000)
  })

  it('should wait when a pull fails but succeeds a little later', async () => {
    const status = waiting('ImagePullBackOff', 'Back-off pulling image "x"')
    const { fleet } = await start({ fateOf: () => ({ kind: 'has', status, forMs: 20_000 }) })
    expect((await fleet).nodeNames).toHaveLength(21)
  })

  it('should quote the controller when its pods are not even created', async () => {
    const { fleet } = await start({ admits: false })
    expect((await failureOf(fleet)).message).toBe(
      '3 hollow-node pods were not created: FailedCreate: exceeded quota: pods',
    )
  })

  it('should quote the signer when it does not sign', async () => {
    const { fleet } = await start({ signs: 'denies' })
    expect((await failureOf(fleet)).message).toMatch(
      /^the target did not sign scale-test-.*-hollow-\d+ \(Failed: SignerValidationFailure: no such usage\)$/,
    )
  })

  it('should name the nodes that lag behind, and why, when time is up', async () => {
    const fateOf: WorldOptions['fateOf'] = (pod) => {
      if (pod === 'hollow-packs-0-1') return { kind: 'runs', nodes: 'NotReady' }
      return pod === 'hollow-packs-0-3' ? { kind: 'runs', nodes: 'never register' } : { kind: 'runs' }
    }
    const world = await createWorld({ fateOf })
    const ending = new AbortController()
    // Making keys takes real time, in which the clock of the test may be anywhere: what is timed begins after it.
    world.host.onWrite(({ verb, object }) => {
      if (verb === 'create' && object.metadata.name === 'hollow-packs-0-3')
        void world.clock.sleep(30_000).then(() => ending.abort(timeIsUp))
    })
    const fleet = startHollowFleet(world.options, ending.signal)
    const failure = await failureOf(fleet)
    expect(failure.kind).toBe('inconclusive')
    expect(failure.message).toBe(
      `${timeIsUp.message}; 10 of 21 nodes are not Ready: ` +
        'hollow-6, hollow-7, hollow-8, hollow-9, hollow-10: registered, Ready is False (KubeletNotReady: not yet); ' +
        'hollow-16, hollow-17, hollow-18, hollow-19, hollow-20: never registered; its pod is Running on host-1',
    )
  })

  it.each(moments)(
    'should end with the reason of whoever ends it at "%s", and create nothing after that',
    async (moment) => {
      const reason = new Failure('interrupted', 'stopped by SIGINT')
      const world = await createWorld()
      await expect(startHollowFleet(world.options, abortedAt(world, moment, reason))).rejects.toBe(reason)
      const asked = creationsOf(world)
      await world.clock.sleep(60_000)
      expect(creationsOf(world)).toEqual(asked)
    },
  )
})

/** What the run itself has created, and not the controllers of its pods. */
function creationsOf({ host, target }: World): string[] {
  const byRun: ResourceName[] = ['namespaces', 'secrets', 'statefulsets', 'certificatesigningrequests']
  return [...host.requests, ...target.requests].filter((request) =>
    byRun.some((resource) => request.startsWith(`create ${resource} `)),
  )
}

describe('removeHollowFleet', () => {
  const both = ({ host, target }: World) => [host.contents(), target.contents()]

  it.each(moments)('should leave both clusters as they were when the start ended at "%s"', async (moment) => {
    const world = await createWorld()
    const before = both(world)
    const signal = abortedAt(world, moment, new Failure('interrupted', 'stopped'))
    await expect(startHollowFleet(world.options, signal)).rejects.toThrow('stopped')
    await removeHollowFleet(world.options, never)
    expect(both(world)).toEqual(before)
  })

  it('should leave both clusters as they were when everything was up', async () => {
    const world = await createWorld()
    const before = both(world)
    await startHollowFleet(world.options, never)
    await removeHollowFleet(world.options, never)
    expect(both(world)).toEqual(before)
  })

  it.each(['host', 'target'] as const)('should ask nothing of a %s that is another cluster by now', async (other) => {
    const { world, fleet } = await start()
    await fleet
    const refuse = () => Promise.reject(new Failure('safety-refusal', 'this is another cluster'))
    const verify = { host: async () => {}, target: async () => {}, [other]: refuse }
    const before = [...world[other].requests]
    await expect(removeHollowFleet({ ...world.options, verify }, never)).rejects.toMatchObject({
      kind: 'residue',
      message: expect.stringMatching(/^(host cluster|target): this is another cluster$/),
    })
    expect(world[other].requests).toEqual(before)
  })

  it('should count the pods that are gone while their namespace goes, then the Node objects', async () => {
    const { world, fleet } = await start()
    await fleet
    world.progress.length = 0
    const { host, clock } = world
    const slowly: typeof host.delete = async (ref, options) => {
      for (const name of ref.resource === 'namespaces' ? ['hollow-packs-0-3', 'hollow-packs-0-2'] : []) {
        const pod = { resource: 'pods', namespace: 'kubemark', name } as const
        await clock.sleep(1000)
        await host.delete(pod, { uid: (await host.get(pod)).metadata.uid ?? '' })
      }
      await clock.sleep(1000)
      return host.delete(ref, options)
    }
    await removeHollowFleet({ ...world.options, host: { ...host, delete: slowly } }, never)
    const told = world.progress.filter((line, index) => line !== world.progress[index - 1])
    const nodes = Array.from({ length: 21 }, (_, index) => `${index + 1}/21 Node objects gone`)
    expect(told).toEqual([
      'hollow-node pods undefined/undefined undefined',
      '0/5 pods gone',
      '1/5 pods gone',
      '2/5 pods gone',
      'Node objects undefined/undefined undefined',
      ...nodes,
    ])
  })

  it('should do nothing the second time', async () => {
    const { world, fleet } = await start()
    await fleet
    await removeHollowFleet(world.options, never)
    const after = both(world)
    const clusters = [world.host, world.target].map(({ requests }) => ({ requests, asked: requests.length }))
    await removeHollowFleet(world.options, never)
    expect(both(world)).toEqual(after)
    const later = clusters.flatMap(({ requests, asked }) => requests.slice(asked))
    expect(later.filter((request) => request.startsWith('delete'))).toEqual([])
  })

  it('should take what a killed run left, and nothing of others', async () => {
    const { world, fleet } = await start()
    await fleet
    const labels = { 'scale-test/run': 'another' }
    await world.target.create('nodes', { metadata: { name: 'theirs', labels } })
    await world.target.create('nodes', { metadata: { name: 'real' } })
    await world.target.create('certificatesigningrequests', {
      metadata: { name: 'half-done', labels: { 'scale-test/run': runId } },
      spec: { request: '', signerName: '', usages: [] },
    })
    await removeHollowFleet(world.options, never)
    const left = world.target.contents().filter((key) => /^(nodes|certificatesigningrequests|leases)/.test(key))
    expect(left).toEqual(['nodes /real', 'nodes /theirs'])
  })

  it('should name what is left when a cluster does not let it go, and remove the rest', async () => {
    const { world, fleet } = await start()
    await fleet
    const { host, target } = world
    target.refuse((request) =>
      request === 'delete nodes hollow-3' ? new ApiError(403, 'Forbidden', 'nodes is forbidden') : undefined,
    )
    const failure = await failureOf(removeHollowFleet(world.options, never))
    expect(failure.kind).toBe('residue')
    expect(failure.message).toContain('nodes is forbidden')
    expect(failure.message).toContain('target: nodes hollow-')
    expect(host.contents()).toEqual(['nodes /host-0', 'nodes /host-1'])
  })

  it('should name what is left when time is up', async () => {
    const { world, fleet } = await start()
    await fleet
    world.host.refuse((request) =>
      request.startsWith('delete') ? new ApiError(503, 'ServiceUnavailable', 'overloaded') : undefined,
    )
    const signal = abortedAfter(world, 60_000, new Failure('inconclusive', 'not done after 1 m'))
    const failure = await failureOf(removeHollowFleet(world.options, signal))
    expect(failure.kind).toBe('residue')
    expect(failure.message).toContain('host cluster: namespace kubemark is still there')
    expect(failure.message).toContain('target: nodes')
  })
})
