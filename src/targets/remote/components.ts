import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Credentials } from '../../kube/credentials.ts'
import type { RawEndpoint } from '../../kube/http.ts'
import { connectEndpoint } from '../../kube/http.ts'
import type { ComponentMetrics } from '../../measure/metrics.ts'
import { parsePrometheusText } from '../../measure/prometheus.ts'
import type { ReadableComponent } from '../../measure/read-back.ts'
import type { Wanted } from '../target.ts'
import type { ClusterApi, PlannedTarget } from './reach.ts'

/** A component of a cluster whose pages can be read. */
interface Component extends ReadableComponent {
  component: ComponentMetrics['component']
}

/** The components of one cluster that can be asked for what they count and how they are set. */
export interface Components extends AsyncDisposable {
  /** From now on the kubelet of this node as well, through the apiserver. */
  addKubelet(node: string): void
  all(): readonly ReadableComponent[]
  /** The metrics of those that answer. One that does not is left out from then on, so that no count is taken for a difference. */
  scrape(wanted?: Wanted): Promise<ComponentMetrics[]>
}

export interface ComponentsOptions {
  api: ClusterApi
  target: PlannedTarget
  credentials: Credentials
  clock: Clock
  signal: AbortSignal
  /** Told once of each component that does not answer. */
  onSilent(text: string): void
}

/**
 * What a cluster's components can be asked: its apiserver always, the others where the plan says where they serve. Of several
 * apiservers behind one address another one may answer each time, unless each is named.
 */
export function componentsOf({ api, target, credentials, clock, signal, onSilent }: ComponentsOptions): Components {
  const opened: (RawEndpoint & AsyncDisposable)[] = []
  const served = Object.entries(target.components ?? {}).flatMap(([name, urls]) =>
    (urls ?? []).map((url): Component => {
      const retry = { attempts: 2, totalMs: 10_000 }
      const endpoint = connectEndpoint({ credentials: credentialsAt(url, credentials), clock, signal, retry })
      opened.push(endpoint)
      const component = name as ComponentMetrics['component']
      return { component, name: `${name} ${new URL(url).host}`, readPage: (path) => endpoint.readText(path) }
    }),
  )
  const behindAddress: Component = {
    component: 'kube-apiserver',
    name: 'kube-apiserver',
    readPage: (path) => api.readText(path),
  }
  const isNamed = served.some(({ component }) => component === 'kube-apiserver')
  const components = isNamed ? served : [behindAddress, ...served]
  const silent = new Set<ReadableComponent>()

  return {
    addKubelet(node) {
      components.push({
        component: 'kubelet',
        name: node,
        readPage: (path) => api.readText(`/api/v1/nodes/${encodeURIComponent(node)}/proxy${path}`),
      })
    },
    all: () => components,
    async scrape(wanted = {}) {
      const asked = components.filter((one) => !silent.has(one) && (wanted.components?.includes(one.component) ?? true))
      const scraped = await Promise.all(
        asked.map(async (one): Promise<ComponentMetrics[]> => {
          try {
            const samples = parsePrometheusText(await one.readPage('/metrics'), wanted.names)
            return [{ component: one.component, instance: one.name, samples }]
          } catch (error) {
            if (signal.aborted) throw error
            silent.add(one)
            onSilent(`${one.name}: ${messageOf(error)}`)
            return []
          }
        }),
      )
      return scraped.flat()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((endpoint) => endpoint[Symbol.asyncDispose]()))
    },
  }
}

/** The cluster's own credentials at a component's address; none where anybody could read them on the way. */
function credentialsAt(url: string, { tls, headers }: Credentials): Credentials {
  const server = url.replace(/\/+$/, '')
  if (server.startsWith('http:')) return { server, tls: {}, headers: async () => ({}) }
  // The name that the kubeconfig checks is the apiserver's.
  const { servername: _, ...identity } = tls
  return { server, tls: identity, headers }
}
