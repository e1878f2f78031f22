import { Failure } from '../../base/errors.ts'
import type { KubeApi } from '../../kube/api.ts'
import { ApiError } from '../../kube/api.ts'
import type { RawEndpoint } from '../../kube/http.ts'
import type { Node, Pod, ResourceTypes } from '../../kube/resources.ts'
import { isReady, isReadyPod } from '../../kube/resources.ts'
import type { ClusterView, NotShown } from '../../tune/change/cluster-view.ts'
import type { TunedHost } from '../../tune/change/host.ts'
import { mirrorOf } from '../../tune/hosts/static-pod.ts'
import type { WantedOf } from '../../tune/hosts/wanted.ts'
import { textOf } from '../../tune/hosts/wanted.ts'
import { isValueAsked } from '../../tuning/value.ts'
import { readKnobs } from '../read-back.ts'
import { isHollow } from './fleet/existing.ts'
import type { Reach } from './reach.ts'
import { titleOf, unreachable } from './reach.ts'

/** A static pod's annotation in the API: the hash of the manifest it was made from (pkg/kubelet/types/constants.go). */
const mirrorAnnotation = 'kubernetes.io/config.mirror'

const nothing: NotShown = async () => undefined

/**
 * What a cluster shows of its hosts: after a kubelet's change its Node is Ready, and was heard of since; after a manifest's, its mirror pod is a
 * new one, and Ready. A host is the Node that has its boot ID, whatever their names are.
 */
export function clusterView(
  cluster: Pick<Reach, 'role' | 'arms' | 'kubeconfig' | 'context'> & { api: KubeApi & Pick<RawEndpoint, 'readText'> },
): ClusterView {
  const { api } = cluster
  let byBootId: Promise<Map<string, string[]>> | undefined
  const nodeNamesOf = async (on: TunedHost): Promise<string[]> => {
    byBootId ??= namesByBootId(api)
    return (await byBootId).get(await on.bootId()) ?? []
  }
  const ofKubelet = async (
    on: TunedHost,
    [isNode, ...others]: readonly string[],
    wanted: WantedOf,
  ): Promise<NotShown> => {
    if (others.length > 0)
      throw new Failure(
        'safety-refusal',
        `${on.name}: several Nodes of ${titleOf(cluster)} have this host's boot ID: ${[isNode, ...others].join(', ')}`,
        { next: 'Containers on one machine share its boot ID. `tune` changes such hosts with --no-api' },
      )
    const node = isNode === undefined ? undefined : await named(api, { resource: 'nodes', name: isNode })
    if (node === undefined)
      throw new Failure('safety-refusal', `${on.name}: ${titleOf(cluster)} has no Node with this host's boot ID`, {
        next: 'Check that the host belongs to this cluster (`hosts` in the clusters file), and that its kubelet runs',
      })
    const name = node.metadata.name ?? ''
    if (!isReady(node))
      throw new Failure('safety-refusal', `${on.name}: its Node ${name} is not Ready, so its kubelet is not changed`, {
        next: `See why: kubectl --kubeconfig ${cluster.kubeconfig} --context ${cluster.context} describe node ${name}`,
      })
    const before = heartbeatOf(node)
    return async () => {
      const now = await named(api, { resource: 'nodes', name })
      if (now === undefined) return `Node ${name} is gone`
      if (!isReady(now)) return `Node ${name} is not Ready`
      if (heartbeatOf(now) === before) return `Node ${name} has not reported since the change`
      const differing = await differingOf(api, name, wanted)
      return differing.length === 0 ? undefined : differing.join('; ')
    }
  }
  const ofStaticPod = async (manifest: string, [node, ...others]: readonly string[]): Promise<NotShown> => {
    // A kubelet that has no cluster starts static pods, too. Which of several Nodes is this host, nobody can tell.
    if (node === undefined || others.length > 0) return nothing
    const mirror = { resource: 'pods', ...mirrorOf(manifest, node) } as const
    const before = hashOf(await named(api, mirror))
    return async () => {
      const pod = await named(api, mirror)
      if (pod === undefined) return `there is no pod ${mirror.namespace}/${mirror.name}`
      if (hashOf(pod) === before) return `pod ${mirror.namespace}/${mirror.name} still has the old manifest`
      return isReadyPod(pod) ? undefined : `pod ${mirror.namespace}/${mirror.name} is not Ready`
    }
  }
  return {
    async before(on, wanted) {
      const {
        component,
        running,
        changes: [change],
      } = wanted
      const isStaticPod = running !== undefined && 'manifest' in running
      if (change === undefined || (component !== 'kubelet' && !isStaticPod)) return nothing
      try {
        const nodes = await nodeNamesOf(on)
        const notShown = isStaticPod ? await ofStaticPod(textOf(change.old), nodes) : await ofKubelet(on, nodes, wanted)
        return async () => {
          try {
            return await notShown()
          } catch (error) {
            if (error instanceof ApiError) return `the API server does not answer: ${error.message}`
            throw error
          }
        }
      } catch (error) {
        throw unreachable(cluster, error)
      }
    },
    async differences(on, wanted) {
      if (wanted.component !== 'kubelet') return []
      try {
        const [node, ...others] = await nodeNamesOf(on)
        return node === undefined || others.length > 0 ? [] : await differingOf(api, node, wanted)
      } catch (error) {
        throw unreachable(cluster, error)
      }
    },
  }
}

/** What a kubelet is asked for and does not run with, as its live configuration says. */
async function differingOf(
  api: Pick<RawEndpoint, 'readText'>,
  node: string,
  { expected: { asked = [] } }: WantedOf,
): Promise<string[]> {
  let configz: string
  try {
    configz = await api.readText(`/api/v1/nodes/${encodeURIComponent(node)}/proxy/configz`)
  } catch (error) {
    // Who may not read it is content with the kubelet's health.
    if (error instanceof ApiError && error.status === 403) return []
    throw error
  }
  const readable = asked.filter(({ knob }) => knob.readBack.from === '/configz')
  const knobs = readable.map(({ knob }) => knob)
  const readings = await readKnobs(knobs, [{ component: 'kubelet', name: node, readPage: async () => configz }])
  return readable.flatMap(({ knob, value }, index) => {
    const effective = readings[index]?.effective ?? null
    const isRight = effective === null || isValueAsked(knob.type, effective, value)
    return isRight ? [] : [`${knob.id} is ${effective}, not ${value}`]
  })
}

async function namesByBootId(api: KubeApi): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>()
  for await (const { items } of api.list({ resource: 'nodes' }))
    for (const node of items) {
      // Hollow nodes have the boot ID of the machine that carries them.
      if (isHollow(node)) continue
      const bootId = node.status?.nodeInfo?.bootID ?? ''
      names.set(bootId, [...(names.get(bootId) ?? []), node.metadata.name ?? ''])
    }
  return names
}

/** An object by its name, with a list: a run may list nodes and pods, and get none. */
async function named<R extends 'nodes' | 'pods'>(
  api: KubeApi,
  { name, ...place }: { resource: R; namespace?: string; name: string },
): Promise<ResourceTypes[R] | undefined> {
  for await (const { items } of api.list({ ...place, fieldSelector: `metadata.name=${name}` })) return items[0]
  return undefined
}

function hashOf(pod: Pod | undefined): string | undefined {
  return pod?.metadata.annotations?.[mirrorAnnotation]
}

function heartbeatOf({ status }: Node): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime
}
