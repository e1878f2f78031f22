import type { Clock } from '../base/clock.ts'
import type { HollowFleetSpec } from '../fleet/manifests.ts'
import type { CertificateSigningRequest, Node, Pod, StatefulSet } from '../kube/resources.ts'
import type { HollowFleetOptions } from '../targets/remote/fleet/start.ts'
import type { FakeApi } from './fake-api.ts'
import { createFakeApi } from './fake-api.ts'
import { plannedPods } from './plans.ts'
import { createVirtualClock } from './virtual-clock.ts'

/** What becomes of a pod once it exists. */
export type Fate =
  | { kind: 'runs' }
  /** Its nodes do not register, or never become Ready. */
  | { kind: 'runs'; nodes: 'never register' | 'NotReady' }
  /** Stays as it is. */
  | { kind: 'has'; status: Pod['status'] }
  /** Is as it is for a while, and runs then. */
  | { kind: 'has'; status: Pod['status']; forMs: number }

/** A host cluster and a target in memory, with just as many controllers and kubelets as a hollow fleet needs. */
export interface World {
  clock: Clock
  host: FakeApi
  target: FakeApi
  options: HollowFleetOptions
  /** Pods that existed at the same time without being ready, at most. */
  mostStarting(): number
  progress: string[]
}

export interface WorldOptions {
  spec?: Partial<Omit<HollowFleetSpec, 'pods'>> & { pods?: Partial<HollowFleetSpec['pods']> }
  hosts?: number
  /** Whether the host's pods come to be at all. */
  admits?: boolean
  /** Whether the target's controller-manager signs. */
  signs?: boolean | 'denies'
  fateOf?: (pod: string) => Fate
}

export const runId = 'plan-20260101-000000-abcd'

/** The certificates that the world's signer gives; not more than text. */
const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

/** A fleet that could be started: 21 nodes, 5 to a pod, on two machines. */
function specForTests({ spec = {} }: Pick<WorldOptions, 'spec'> = {}): HollowFleetSpec {
  return {
    nodes: 21,
    nodesPerProcess: 5,
    hosts: 2,
    node: { cpu: 4, memory: '16Gi', containerStarts: { timeMs: 250, parallel: 4 } },
    statusPeriodSeconds: null,
    ...spec,
    pods: {
      ...plannedPods,
      image: 'hollow-node:v1.36.3',
      labels: { zone: 'a' },
      startAtOnce: 3,
      ...spec.pods,
    },
  }
}

/** A machine of a host cluster. */
function hostNode(name: string, allocatable: Record<string, string> = {}, node: Partial<Node> = {}): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      allocatable: { pods: '110', cpu: '8', memory: '32Gi', ...allocatable },
    },
    ...node,
  }
}

/** Two clusters; nothing happens in them before a fleet is started. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const { hosts = 2, admits = true, signs = true, fateOf = () => ({ kind: 'runs' }) } = options
  const clock = createVirtualClock()
  const host = createFakeApi(clock)
  const target = createFakeApi(clock)
  for (let index = 0; index < hosts; index++) await host.create('nodes', hostNode(`host-${index}`))
  await target.create('namespaces', { metadata: { name: 'kube-system' } })
  await target.create('namespaces', { metadata: { name: 'kube-node-lease' } })
  const data = { 'client-ca-file': 'the CA of clients\n' }
  await target.create('configmaps', {
    metadata: { namespace: 'kube-system', name: 'extension-apiserver-authentication' },
    data,
  })
  const progress: string[] = []
  const starting = new Set<string>()
  let most = 0

  const later = (work: () => Promise<unknown>, afterMs = 10) =>
    // What is gone by then, be it with its namespace, needs nothing any more.
    void clock
      .sleep(afterMs)
      .then(work)
      .catch(() => {})

  target.onWrite(({ verb, resource, object }) => {
    if (resource !== 'certificatesigningrequests' || verb !== 'patch' || signs === false) return
    const { metadata, status = {} } = object as CertificateSigningRequest
    const approved = status.conditions?.some(({ type }) => type === 'Approved')
    if (!approved || status.certificate !== undefined || status.conditions?.some(({ type }) => type === 'Failed'))
      return
    const outcome =
      signs === 'denies'
        ? {
            conditions: [
              ...(status.conditions ?? []),
              { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: 'no such usage' },
            ],
          }
        : { certificate: Buffer.from(certificate).toString('base64') }
    later(() =>
      target.patch(
        { resource: 'certificatesigningrequests', name: metadata.name ?? '' },
        { type: 'merge', body: { status: outcome } },
      ),
    )
  })

  host.onWrite(({ verb, resource, object }) => {
    if (resource !== 'statefulsets' || verb !== 'patch') return
    const set = object as StatefulSet
    for (let index = 0; index < set.spec.replicas; index++) {
      if (admits) later(() => createPod(set, index))
      else later(() => host.create('events', denial(set)))
    }
  })

  const createPod = async (set: StatefulSet, index: number) => {
    const name = `${set.metadata.name}-${index}`
    const { metadata, spec } = set.spec.template
    const namespace = set.metadata.namespace ?? ''
    const labels = { ...metadata.labels, 'apps.kubernetes.io/pod-index': String(index) }
    await host.create('pods', {
      metadata: { name, namespace, labels },
      spec: { ...spec, nodeName: `host-${starting.size % hosts}` },
      status: { phase: 'Pending' },
    })
    starting.add(name)
    most = Math.max(most, starting.size)
    const fate = fateOf(name)
    const ref = { resource: 'pods', namespace, name } as const
    if (fate.kind === 'has') {
      await host.patch(ref, { type: 'merge', body: { status: fate.status } })
      if (!('forMs' in fate)) return
      await clock.sleep(fate.forMs)
    }
    await clock.sleep(500)
    const containerStatuses = [{ imageID: 'sha256:1234', state: { running: {} } }]
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses }
    await host.patch(ref, { type: 'merge', body: { status } })
    starting.delete(name)
    if ('nodes' in fate && fate.nodes === 'never register') return
    const reason = { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'not yet' } as const
    const condition = 'nodes' in fate ? reason : ({ type: 'Ready', status: 'True' } as const)
    for (const node of nodesOf(spec.containers[0]?.args as string[], index)) {
      const created = await target.create('nodes', {
        metadata: { name: node.name, labels: node.labels },
        status: { conditions: [condition] },
      })
      await target.create('leases', {
        metadata: {
          namespace: 'kube-node-lease',
          name: node.name,
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: created.metadata.uid ?? '' }],
        },
        spec: {},
      })
    }
  }

  return {
    clock,
    host,
    target,
    options: {
      host,
      target,
      clock,
      now: new Date('2026-01-01T00:00:00Z'),
      runId,
      armId: 'tuned-1',
      spec: specForTests(options),
      kubeletConfiguration: { kubeAPIQPS: 50 },
      targetServer: { server: 'https://10.0.0.1:7443', ca: 'the CA of the server\n' },
      report: ({ text = '', done, total, unit }) => void progress.push(`${text} ${done}/${total} ${unit}`.trim()),
    },
    mostStarting: () => most,
    progress,
  }
}

function denial({ metadata }: StatefulSet) {
  return {
    metadata: { namespace: metadata.namespace ?? '', name: 'event' },
    involvedObject: { kind: 'StatefulSet', name: metadata.name ?? '' },
    type: 'Warning',
    reason: 'FailedCreate',
    message: 'exceeded quota: pods',
  }
}

/** The nodes that hollow-node would run with these arguments in the pod of this index. */
function nodesOf(args: readonly string[], podIndex: number): { name: string; labels: Record<string, string> }[] {
  const flags = new Map(
    args.map((text) => {
      const at = text.indexOf('=')
      return [text.slice(2, at), text.slice(at + 1).replace('$(POD_INDEX)', String(podIndex))]
    }),
  )
  const number = (name: string) => Number(flags.get(name))
  const before = number('pack-index') * number('count')
  const count = Math.min(number('count'), number('total') - before)
  const labels = Object.fromEntries((flags.get('node-labels') ?? '').split(',').map((pair) => pair.split('=', 2)))
  return Array.from({ length: count }, (_, index) => ({
    name: `${flags.get('name-prefix')}-${number('first') + before + index}`,
    labels: labels as Record<string, string>,
  }))
}
