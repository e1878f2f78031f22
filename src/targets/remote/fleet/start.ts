import { atOnce } from '../../../base/at-once.ts'
import type { Clock } from '../../../base/clock.ts'
import { Failure } from '../../../base/errors.ts'
import type { Report } from '../../../base/progress.ts'
import type { HostRoom } from '../../../fleet/host-room.ts'
import { describeLaggards, laggardsOf } from '../../../fleet/laggards.ts'
import type { HollowFleetSpec, ManifestOptions, TargetServer } from '../../../fleet/manifests.ts'
import {
  certificatesOf,
  namespaceOf,
  runSelector,
  serviceAccountOf,
  settingsOf,
  statefulSetOf,
} from '../../../fleet/manifests.ts'
import { imagesOf } from '../../../fleet/pod-state.ts'
import type { PodGroup } from '../../../fleet/pods.ts'
import { groupPods, nodeName, podsOf, replicasOf } from '../../../fleet/pods.ts'
import type { KubeApi } from '../../../kube/api.ts'
import { isReady } from '../../../kube/resources.ts'
import type { Board } from './board.ts'
import { createBell, watchBoard } from './board.ts'
import { kubeletClientCa } from './client-ca.ts'
import { createNew } from './create-new.ts'
import { requireHosts } from './hosts.ts'
import { obtainIdentities } from './identities.ts'
import { createPatience } from './patience.ts'

export interface HollowFleetOptions {
  /** The cluster that carries the pods. */
  host: KubeApi
  /** The cluster that their nodes join. */
  target: KubeApi
  clock: Clock
  /** The wall clock, by which certificates begin and end. */
  now: Date
  runId: string
  armId: string
  spec: HollowFleetSpec
  /** Fields of a KubeletConfiguration, the same for all nodes. */
  kubeletConfiguration: Readonly<Record<string, unknown>>
  targetServer: TargetServer
  report?: Report | undefined
}

/** Hollow nodes that are all Ready. */
export interface HollowFleet {
  nodeNames: readonly string[]
  /** The node that is alone in its pod. */
  probeNode: string
  /** Pods, each with one process. */
  processes: number
  /** Machines that the pods are on, by name. */
  hosts: readonly string[]
  /** When the first pod was asked for. */
  startedMs: number
  /** Digests of the pods' images, as their machines report them. */
  images: readonly string[]
}

/** Host objects created at a time. */
const createdAtOnce = 8
/** How often what has not changed is looked at again: whether it has lasted too long. */
const lookMs = 2000

/**
 * Starts the hollow nodes of an arm, so many pods at a time, and waits until every one of them is Ready on the target. Whatever it
 * throws, nothing of it is under way any more by then; what it created is for `removeHollowFleet`, which has to be called in any case.
 *
 * Throws `Failure`: 'infrastructure' when the machines have no room, a pod cannot run or a certificate is refused, with the words of
 * whoever refused; 'safety-refusal' when a name is taken; 'inconclusive', with the nodes that lag behind and why, when `signal` aborts
 * because time is up; the signal's reason when it aborts otherwise; `ApiError` when a cluster refuses a request.
 */
export async function startHollowFleet(options: HollowFleetOptions, signal: AbortSignal): Promise<HollowFleet> {
  const { host, target, clock, runId, spec, report } = options
  const { namespace } = spec.pods
  const hosts = await requireHosts(host, spec, signal)
  const groups = groupPods(spec)
  await createObjects(options, groups, hosts, signal)

  const startedMs = clock.nowMs()
  const labelSelector = runSelector(runId)
  const bell = createBell(clock)
  const pods = watchBoard({ api: host, clock, bell }, { resource: 'pods', namespace, labelSelector }, signal)
  const nodes = watchBoard({ api: target, clock, bell }, { resource: 'nodes', labelSelector }, signal)
  const expected = podsOf(groups)
  try {
    const patience = createPatience({ host, clock, namespace })
    const total = expected.length
    const readyNodes = () => [...nodes.objects.values()].filter(isReady).length
    const tell = (wanted: number) =>
      report?.({
        done: readyNodes(),
        total: spec.nodes,
        unit: 'nodes Ready',
        ...(wanted < total && { text: `${wanted} of ${total} pods started` }),
      })

    const until = async (isReached: () => boolean, started: typeof expected) => {
      while (!isReached()) {
        tell(started.length)
        await patience.check(
          pods.objects,
          started.map(({ pod }) => pod),
        )
        await bell.wait(lookMs, signal)
      }
    }
    // A pod is known to run a moment later than its nodes: whatever is seen first counts.
    const areUp = (started: typeof expected) =>
      started.every(({ pod, nodes: of }) => areReady(pods, [pod]) || areReady(nodes, of))
    for (let wanted = 0; wanted < total; ) {
      const before = replicasOf(groups, wanted)
      wanted = Math.min(total, wanted + spec.pods.startAtOnce)
      await scale(host, namespace, groups, before, replicasOf(groups, wanted))
      const started = expected.slice(0, wanted)
      await until(() => areUp(started), started)
    }
    const names = expected.flatMap(({ nodes: of }) => of)
    await until(() => areReady(nodes, names), expected)
    return {
      startedMs,
      nodeNames: names,
      probeNode: nodeName(0),
      processes: total,
      hosts: [...new Set([...pods.objects.values()].flatMap(({ spec: { nodeName: on } }) => on ?? []))].sort(),
      images: imagesOf(pods.objects.values()),
    }
  } catch (error) {
    throw isLateness(signal) ? late(signal.reason as Failure, options, nodes, pods) : error
  } finally {
    await Promise.all([pods.close(), nodes.close()])
  }
}

/** Everything but running pods: StatefulSets without replicas last, since they need the rest. */
async function createObjects(
  options: HollowFleetOptions,
  groups: readonly PodGroup[],
  hosts: readonly HostRoom[],
  signal: AbortSignal,
): Promise<void> {
  const { host, target, targetServer } = options
  const manifests: ManifestOptions = {
    ...options,
    target: targetServer,
    kubeletClientCa: (await kubeletClientCa(target)) ?? targetServer.ca,
  }
  signal.throwIfAborted()
  // First, so that a name that is taken is found before the target is asked for anything.
  await createNew(host, 'namespaces', namespaceOf(manifests))
  await createNew(host, 'serviceaccounts', serviceAccountOf(manifests))
  await createNew(host, 'configmaps', settingsOf(manifests))
  const identities = await obtainIdentities(options, signal)
  const hostnames = hosts.map(({ hostname }) => hostname)
  await atOnce(createdAtOnce, groups, async (group) => {
    signal.throwIfAborted()
    const pemOf = (node: number) => {
      const pem = identities.nodes[node]
      if (pem === undefined) throw new Error(`node ${node} has no certificate`)
      return pem
    }
    await createNew(host, 'secrets', certificatesOf(manifests, group, pemOf, identities.proxy))
    signal.throwIfAborted()
    await createNew(host, 'statefulsets', statefulSetOf(manifests, group, hostnames))
  })
}

async function scale(
  host: KubeApi,
  namespace: string,
  groups: readonly PodGroup[],
  before: readonly number[],
  after: readonly number[],
): Promise<void> {
  for (const [index, replicas] of after.entries()) {
    const group = groups[index]
    if (group === undefined || replicas === before[index]) continue
    await host.patch(
      { resource: 'statefulsets', namespace, name: group.name },
      { type: 'merge', body: { spec: { replicas } } },
      'scale',
    )
  }
}

function areReady(board: Board<'pods'> | Board<'nodes'>, names: readonly string[]): boolean {
  return names.every((name) => {
    const object = board.objects.get(name)
    return object !== undefined && isReady(object)
  })
}

/** Whether the work was ended because its time is up, and not because somebody wants it to end. */
function isLateness({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof Failure && reason.kind === 'inconclusive'
}

function late(
  reason: Failure,
  { spec }: Pick<HollowFleetOptions, 'spec'>,
  nodes: Board<'nodes'>,
  pods: Board<'pods'>,
): Failure {
  const laggards = laggardsOf(podsOf(groupPods(spec)), nodes.objects, pods.objects)
  return new Failure('inconclusive', `${reason.message}; ${describeLaggards(laggards, spec.nodes)}`, {
    next: 'Raise fleet.timeout, or find out why these nodes lag behind',
    cause: reason,
  })
}
