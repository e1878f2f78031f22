import type { Random } from '../base/random.ts'
import { countMore } from '../base/sum.ts'
import type { HollowNode } from '../fleet/hollow-node.ts'
import type { ControlPlane } from './control-plane.ts'
import type { NodeLease } from './kubelet/heartbeats.ts'
import { createHeartbeats } from './kubelet/heartbeats.ts'
import type { Kubelet } from './kubelet/kubelet.ts'
import { createKubelet } from './kubelet/kubelet.ts'
import type { Hardware } from './machine/hardware.ts'
import type { Processor } from './machine/processor.ts'
import { createProcessor } from './machine/processor.ts'
import type { KubeProxies } from './proxy/proxies.ts'
import { createKubeProxies } from './proxy/proxies.ts'

/** How many hollow nodes there are, and what each is. */
export interface HollowNodes {
  nodes: number
  /** Kubelets per process; the first has a process of its own. */
  nodesPerProcess: number
  node: HollowNode
}

export interface HollowFleetOptions {
  controlPlane: ControlPlane
  nodes: HollowNodes
  hardware: Hardware
  /** Whether each node has a kube-proxy. */
  kubeProxy: boolean
  randomOf: (stream: string) => Random
  leases: Map<string, NodeLease>
  signal: AbortSignal
}

/** Kubelets that are starting. */
export interface HollowFleet {
  kubelets: readonly Kubelet[]
  nodeNames: readonly string[]
  /** Undefined where nodes have none. */
  proxies: KubeProxies | undefined
  processes: number
  /** Kills all processes at once; their nodes stay registered. */
  kill(): void
}

/** A kubelet's start is long: in pieces of this size it leaves the processor to others in between. */
const pieceMs = 5

/**
 * Starts hollow nodes on their hosts: the first alone, the others so many to a process, as target local packs them; one kubelet of
 * a process after the other, the processes of a host side by side.
 */
export function startHollowFleet(options: HollowFleetOptions): HollowFleet {
  const { controlPlane, nodes: spec, hardware, kubeProxy, randomOf, leases, signal } = options
  const { timeline, server, processor, costs } = controlPlane
  const { hosts } = hardware
  const hostProcessors =
    hosts === null
      ? // Hosts that are the control plane's own machine.
        [processor]
      : Array.from({ length: hosts.count }, () => createProcessor(timeline.nowMs, hosts.cores))
  const hostOf = (packNumber: number) => hostProcessors[packNumber % hostProcessors.length] as Processor
  const random = randomOf('kubelets')
  const heartbeats = createHeartbeats({ controlPlane, random, leases })
  const packs: Kubelet[][] = []
  const byName = new Map<string, Kubelet>()

  for (let index = 0; index < spec.nodes; index++) {
    const name = `hollow-${index}`
    const packNumber = index === 0 ? 0 : 1 + Math.floor((index - 1) / spec.nodesPerProcess)
    const host = hostOf(packNumber)
    const kubelet = createKubelet({ controlPlane, name, host, node: spec.node, random, heartbeats })
    byName.set(name, kubelet)
    const pack = packs[packNumber]
    if (pack === undefined) packs.push([kubelet])
    else pack.push(kubelet)
  }

  const nodeNames = [...byName.keys()]
  let isKilled = false
  const proxies = kubeProxy ? createKubeProxies(controlPlane, nodeNames, randomOf('proxies')) : undefined

  /** Every kubelet watches services and its own node; its pods only when there are any. */
  const watch = (sign: 1 | -1) => {
    server.addWatchers('services', sign * spec.nodes)
    server.addWatchers('nodes', sign)
    server.addWatchers('pods', sign)
  }
  watch(1)
  const forgetPods = server.inform('pods', (change) => {
    const { nodeName } = change.object.spec
    if (nodeName !== undefined) byName.get(nodeName)?.pod(change)
  })
  const kubeletsByHost = new Map<Processor, number>()
  for (const [number, pack] of packs.entries()) countMore(kubeletsByHost, hostOf(number), pack.length)
  const forgetServices = server.inform('services', () => {
    for (const [host, kubelets] of kubeletsByHost)
      host.reserve('hollow-node', kubelets * costs.kubelet.deliveryMs, 'watches')
  })

  for (const [number, pack] of packs.entries()) {
    const host = hostOf(number)
    const startNext = (index: number) => {
      const kubelet = pack[index]
      if (kubelet === undefined || signal.aborted || isKilled) return
      work(costs.kubelet.startMs, () => {
        kubelet.start()
        proxies?.start(kubelet.name)
        startNext(index + 1)
      })
    }
    const work = (leftMs: number, done: () => void) => {
      const piece = Math.min(leftMs, pieceMs)
      timeline.at(host.reserve('hollow-node', piece), () =>
        leftMs - piece > 1e-9 ? work(leftMs - piece, done) : done(),
      )
    }
    startNext(0)
  }
  return {
    kubelets: [...byName.values()],
    nodeNames,
    proxies,
    processes: packs.length,
    kill() {
      isKilled = true
      for (const kubelet of byName.values()) kubelet.die()
      proxies?.stop()
      watch(-1)
      forgetPods()
      forgetServices()
    },
  }
}
