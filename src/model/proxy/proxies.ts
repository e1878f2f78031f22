import type { Random } from '../../base/random.ts'
import type { MetricSample } from '../../measure/metrics.ts'
import { sameValue } from '../apiserver/same-value.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { KubeProxy } from './kube-proxy.ts'
import { startKubeProxy } from './kube-proxy.ts'

/** The kube-proxies of a fleet, one on each node. */
export interface KubeProxies {
  /** The node is there: its proxy starts. */
  start(nodeName: string): void
  die(nodeName: string): void
  /** All of them end. */
  stop(): void
  /** The pages of those that are modelled one by one. */
  pages(): { name: string; startedMs: number; samples: MetricSample[] }[]
}

/**
 * So many proxies are modelled change by change. All others do the same at other moments of a second, and cost the apiserver the same:
 * they are counted among the watchers.
 */
const mostModelled = 10
/** A proxy is up within this time of its node: when, within a second, differs from node to node. */
const startSpreadMs = 1000

/**
 * Puts a kube-proxy on each node. Each watches all Services, all EndpointSlices and its own Node (cmd/kube-proxy/app/server.go, Run). What they
 * take of the processor of their own node is not in the model: nobody has measured it per service and endpoint.
 */
export function createKubeProxies(
  controlPlane: ControlPlane,
  nodeNames: readonly string[],
  random: Random,
): KubeProxies {
  const { timeline, server, settings, endpointSlices } = controlPlane
  const running: KubeProxy[] = []
  const modelled = Math.min(mostModelled, nodeNames.length)
  /** Spread over the fleet; when each starts is drawn now, in this order. */
  const startsAfterMs = new Map<string, number>()
  for (let index = 0; index < modelled; index++) {
    const name = nodeNames[Math.floor((index * nodeNames.length) / modelled)] as string
    startsAfterMs.set(name, random.integer(0, startSpreadMs - 1))
  }
  const dead = new Set<string>()

  const watch = (sign: 1 | -1) => {
    server.addWatchers('services', sign * nodeNames.length)
    server.addWatchers('endpointslices', sign * nodeNames.length)
    server.addWatchers('nodes', sign)
  }
  watch(1)
  const forgetServices = server.inform('services', ({ type, object, previous }) => {
    if (type === 'MODIFIED' && sameValue(previous?.spec, object.spec)) return
    for (const proxy of running) proxy.service()
  })
  const onEndpoints: Parameters<typeof endpointSlices.add>[0] = (change) => {
    for (const proxy of running) proxy.endpoints(change)
  }
  endpointSlices.add(onEndpoints)
  const die = (nodeName: string) => {
    dead.add(nodeName)
    const index = running.findIndex(({ name }) => name === nodeName)
    for (const proxy of index === -1 ? [] : running.splice(index, 1)) proxy.stop()
  }

  return {
    start(nodeName) {
      const delayMs = startsAfterMs.get(nodeName)
      if (delayMs === undefined) return
      timeline.after(delayMs, () => {
        if (!dead.has(nodeName)) running.push(startKubeProxy(timeline, nodeName, settings.kubeProxy.intervals))
      })
    },
    die,
    stop() {
      nodeNames.forEach(die)
      watch(-1)
      forgetServices()
      endpointSlices.delete(onEndpoints)
    },
    pages: () => running.map(({ name, startedMs, samples }) => ({ name, startedMs, samples: samples() })),
  }
}
