import { z } from 'zod'
import type { Clock } from '../base/clock.ts'
import { parseFloat64 } from '../base/float.ts'
import { connectEndpoint } from '../kube/http.ts'
import type { ComponentMetrics, ComponentName, MetricSample, Wanted } from '../measure/metrics.ts'
import { namesToRead, processStart } from '../measure/metrics.ts'

/** A source of pages that somebody else collects. */
export interface CollectedPages {
  /** The components it has pages of. */
  components: readonly ComponentName[]
  scrape(wanted: Wanted): Promise<ComponentMetrics[]>
}

/** The values of the label `job` that scrape configurations in use give to each component of a control plane, as a regular expression. */
const jobs: Partial<Record<ComponentName, string>> = {
  etcd: 'etcd|kube-etcd|etcd-.*',
  'kube-apiserver': 'apiserver|kube-apiserver|kubernetes-apiservers',
  'kube-controller-manager': 'kube-controller-manager|controller-manager',
  'kube-scheduler': 'kube-scheduler|scheduler',
}
const collected = Object.keys(jobs) as ComponentName[]

/** What an instant query is answered with, as far as it is needed (prometheus/web/api/v1). */
const answer = z.object({
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
})

/**
 * Asks a Prometheus for the pages that it collected last, by its HTTP API: each instance of a job is a process. Kubelets and kube-proxies are
 * left out, as it may have thousands of them. Throws `ApiError` when it does not answer.
 */
export function prometheusPages({
  url,
  clock,
  signal,
}: {
  url: string
  clock: Clock
  signal: AbortSignal
}): CollectedPages {
  const server = url.replace(/\/+$/, '')
  const credentials = { server, tls: {}, headers: async () => ({}) }
  const endpoint = connectEndpoint({ credentials, clock, signal, retry: { attempts: 2, totalMs: 10_000 } })
  const ask = async (query: string) => {
    const text = await endpoint.readText(`/api/v1/query?${new URLSearchParams({ query })}`)
    return answer.parse(JSON.parse(text)).data.result
  }
  const pagesOf = async (component: ComponentName, wanted: Wanted): Promise<ComponentMetrics[]> => {
    const job = `job=~"${jobs[component]}"`
    const names = [...(namesToRead(wanted) ?? [])].join('|')
    const [samples, taken] = await Promise.all([
      ask(`{__name__=~"${names}",${job}}`),
      ask(`timestamp(${processStart}{${job}})`),
    ])
    const takenMs = new Map(taken.map(({ metric, value }) => [metric['instance'], 1000 * Number(value[1])]))
    const instances = Map.groupBy(samples, ({ metric }) => metric['instance'] ?? '')
    if (instances.size === 0)
      return [{ component, instance: component, samples: [], unread: `Prometheus has no job like ${jobs[component]}` }]
    return [...instances].map(([instance, those]) => {
      const at = takenMs.get(instance)
      return {
        component,
        instance: `${component} ${instance}`,
        samples: those.flatMap(sampleOf),
        ...(at !== undefined && { takenMs: at }),
      }
    })
  }
  return {
    components: collected,
    async scrape(wanted) {
      const asked = collected.filter((component) => wanted.components?.includes(component) ?? true)
      return (await Promise.all(asked.map((component) => pagesOf(component, wanted)))).flat()
    },
  }
}

/** As on the page: without what Prometheus adds. */
function sampleOf({ metric, value }: z.infer<typeof answer>['data']['result'][number]): MetricSample[] {
  const { __name__: name = '', job: _, instance: __, ...labels } = metric
  const number = parseFloat64(value[1])
  return number === undefined ? [] : [{ name, labels, value: number }]
}
