import { fieldsOf } from '../../kube/status.ts'
import { parseJson } from '../../kube/transport.ts'
import { startOf } from '../../measure/pairs.ts'
import { scrapeEach } from '../../record/scrape.ts'
import type { ClusterApi, PlannedTarget } from './reach.ts'

/** How many apiservers a cluster has, as far as one address can tell. */
export interface Apiservers {
  /** Processes that answered at the address. */
  answering: number
  /** Those that say they serve, in the EndpointSlice of the Service `kubernetes`; undefined where that cannot be read. */
  registered: number | undefined
  /** Why a page could not be read; undefined where all could. */
  unread: string | undefined
}

/** So many connections at once: where two apiservers are chosen by chance, all meet the same one in one of 32 cases. */
const connections = 6

const endpointSlice = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes'

/** Reads `/metrics` over several connections at once, and counts the processes that answer. Throws only what `signal` aborts with. */
export async function findApiservers(api: ClusterApi, signal: AbortSignal): Promise<Apiservers> {
  const readPage = (path: string) => api.readText(path, { signal })
  const one = { component: 'kube-apiserver', name: 'kube-apiserver', readPage } as const
  const nothingElse = { names: new Set<string>() }
  const [pages, registered] = await Promise.all([
    scrapeEach(new Array(connections).fill(one), nothingElse, signal),
    readPage(endpointSlice)
      .then(addressesIn)
      // Who may not read it still sees what answers.
      .catch(() => signal.throwIfAborted()),
  ])
  return {
    answering: new Set(pages.flatMap((page) => startOf(page) ?? [])).size,
    registered: registered ?? undefined,
    unread: pages.find(({ unread }) => unread !== undefined)?.unread,
  }
}

/** Why not all that the apiservers of a target count is read; undefined when it is. */
export function whyNotAllApiservers(
  { answering, registered = answering }: Apiservers,
  { components }: Pick<PlannedTarget, 'components'>,
): string | undefined {
  const named = components?.['kube-apiserver']
  const field = 'components.kube-apiserver'
  if (named === undefined) {
    const count = Math.max(answering, registered)
    return count > 1 ? `${count} of them share one address, so each has to be listed (${field})` : undefined
  }
  return named.length < registered ? `${field} lists ${named.length} of ${registered}` : undefined
}

/** How many addresses an EndpointSlice has; undefined where it has none. Throws `ApiError` for what is no JSON object. */
function addressesIn(text: string): number | undefined {
  const { endpoints } = parseJson<{ endpoints?: unknown }>(text)
  const addresses = (Array.isArray(endpoints) ? endpoints : []).flatMap((one) => fieldsOf(one)['addresses'] ?? [])
  return addresses.length === 0 ? undefined : new Set(addresses).size
}
