import type { Clock } from '../../base/clock.ts'
import type { Credentials } from '../../kube/credentials.ts'
import type { RawEndpoint } from '../../kube/http.ts'
import { connectEndpoint } from '../../kube/http.ts'
import type { ComponentMetrics, ComponentName, Wanted } from '../../measure/metrics.ts'
import { startOf } from '../../measure/pairs.ts'
import { scrapeEach } from '../../record/scrape.ts'
import type { ReadableComponent } from '../read-back.ts'
import type { ClusterApi, PlannedTarget } from './reach.ts'

/** A component of a cluster whose pages can be read. */
export interface Component extends ReadableComponent {
  component: ComponentName
  /** Where it serves; absent where it is read through the apiserver. */
  url?: string
}

/** The components of one cluster that can be asked for what they count and how they are set. */
export interface Components extends AsyncDisposable {
  /** From now on the kubelet of this node as well, through the apiserver. */
  addKubelet(node: string): void
  all(): readonly Component[]
  /** The metrics of all of them; one that does not answer says why. */
  scrape(wanted?: Wanted): Promise<ComponentMetrics[]>
}

export interface ComponentsOptions {
  api: ClusterApi
  target: Pick<PlannedTarget, 'components'>
  credentials: Credentials
  /** Why not all that the apiservers count is read; undefined when it is. */
  unreadApiservers: string | undefined
  clock: Clock
  signal: AbortSignal
}

/**
 * What a cluster's components can be asked: its apiserver always, the others where the plan says where they serve. Of several instances behind
 * one address another one may answer each time: their metrics are not read, unless each is named.
 */
export function componentsOf({
  api,
  target,
  credentials,
  unreadApiservers,
  clock,
  signal,
}: ComponentsOptions): Components {
  const opened: (RawEndpoint & AsyncDisposable)[] = []
  const served = Object.entries(target.components ?? {}).flatMap(([name, urls]) =>
    (urls ?? []).map((url): Component => {
      const retry = { attempts: 2, totalMs: 10_000 }
      const endpoint = connectEndpoint({ credentials: credentialsAt(url, credentials), clock, signal, retry })
      opened.push(endpoint)
      const component = name as ComponentName
      return { component, name: nameAt(component, url), url, readPage: (path) => endpoint.readText(path) }
    }),
  )
  const behindAddress: Component = {
    component: 'kube-apiserver',
    name: 'kube-apiserver',
    readPage: (path) => api.readText(path),
  }
  const isNamed = served.some(({ component }) => component === 'kube-apiserver')
  const components = isNamed ? served : [behindAddress, ...served]
  const onlyOneProcess = noticeOthers()

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
      const asked = components.filter((one) => one !== behindAddress || unreadApiservers === undefined)
      const pages = (await scrapeEach(asked, wanted, signal)).map(onlyOneProcess)
      if (unreadApiservers === undefined || wanted.components?.includes('kube-apiserver') === false) return pages
      const { component, name } = behindAddress
      return [...pages, { component, instance: name, samples: [], unread: unreadApiservers }]
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((endpoint) => endpoint[Symbol.asyncDispose]()))
    },
  }
}

/**
 * Tells addresses at which several instances answer from those at which one was started again: a process does not start before the one that it
 * takes the place of. From then on their pages count as not read, also when one and the same happens to answer twice.
 */
function noticeOthers(): (page: ComponentMetrics) => ComponentMetrics {
  const newest = new Map<string, number>()
  const shared = new Set<string>()
  return (page) => {
    const { component, instance } = page
    const started = startOf(page)
    if (started === undefined) return page
    const known = newest.get(instance) ?? started
    newest.set(instance, Math.max(known, started))
    if (started < known) shared.add(instance)
    if (!shared.has(instance)) return page
    const unread = `several of them share one address, so each has to be listed (components.${component})`
    return { component, instance, samples: [], unread }
  }
}

/** `etcd 10.0.0.1:2379`, with a path where it has one: two may be at one address. */
function nameAt(component: ComponentName, url: string): string {
  const { host, pathname } = new URL(url)
  return `${component} ${host}${pathname.replace(/\/+$/, '')}`
}

/** The cluster's own credentials at a component's address; none where anybody could read them on the way. */
function credentialsAt(url: string, { tls, headers, proxyFor }: Credentials): Credentials {
  const server = url.replace(/\/+$/, '')
  const way = proxyFor === undefined ? {} : { proxyFor }
  if (server.startsWith('http:')) return { server, tls: {}, headers: async () => ({}), ...way }
  // The name that the kubeconfig checks is the apiserver's.
  const { servername: _, ...identity } = tls
  return { server, tls: identity, headers, ...way }
}
