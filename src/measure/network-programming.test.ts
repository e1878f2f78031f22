import { describe, expect, it } from 'vitest'
import type { ComponentMetrics } from './metrics.ts'
import { readNetworkProgramming } from './network-programming.ts'
import { parsePrometheusText } from './prometheus.ts'

/** A page as kube-proxy 1.36 writes it, of two address families, of which one does nothing. */
function pageOf(
  instance: string,
  { syncs, quick, slow }: { syncs: number; quick: number; slow: number },
  started = 1000,
): ComponentMetrics {
  const text = `
process_start_time_seconds ${started}
# TYPE kubeproxy_network_programming_duration_seconds histogram
kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="0.25"} 0
kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="0.5"} ${quick}
kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="1"} ${quick + slow}
kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="+Inf"} ${quick + slow}
kubeproxy_network_programming_duration_seconds_sum{ip_family="IPv4"} 9
kubeproxy_network_programming_duration_seconds_count{ip_family="IPv4"} ${quick + slow}
kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.001"} 0
kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.002"} ${syncs}
kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="+Inf"} ${syncs}
kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"} ${syncs}
kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv6"} 1
kubeproxy_sync_proxy_rules_endpoint_changes_pending 3
kubeproxy_sync_proxy_rules_endpoint_changes_total ${quick + slow}
kubeproxy_sync_proxy_rules_service_changes_total 5
`
  return { component: 'kube-proxy', instance, samples: parsePrometheusText(text) }
}

const idle = { syncs: 1, quick: 0, slow: 0 }

describe('readNetworkProgramming', () => {
  it('should add up what all proxies did between two readings', () => {
    const before = [pageOf('a', { syncs: 10, quick: 100, slow: 100 }), pageOf('b', idle)]
    const after = [pageOf('a', { syncs: 14, quick: 104, slow: 100 }), pageOf('b', { syncs: 3, quick: 2, slow: 4 })]
    const read = readNetworkProgramming({ before, after })
    expect(read).toMatchObject({ proxies: 2, syncs: 6, endpointChanges: 10, serviceChanges: 0 })
    expect(read).toMatchObject({ endpointChangesPending: 6, latencyMs: { count: 10 }, syncMs: { count: 6 } })
    expect(read?.latencyMs.p50).toBeCloseTo(250 + (250 * 5) / 6)
    expect(read?.syncMs?.p50).toBeCloseTo(1.5)
  })

  it('should leave out a proxy that started in between, or started again: nobody knows what it did before', () => {
    const before = [pageOf('a', { syncs: 50, quick: 90, slow: 0 }), pageOf('c', idle)]
    const after = [
      pageOf('a', { syncs: 60, quick: 95, slow: 0 }, 2000),
      pageOf('b', { syncs: 3, quick: 1, slow: 1 }),
      pageOf('c', { syncs: 4, quick: 2, slow: 0 }),
    ]
    expect(readNetworkProgramming({ before, after })).toMatchObject({ proxies: 1, syncs: 3, latencyMs: { count: 2 } })
  })

  it('should leave out a proxy that is gone', () => {
    const before = [pageOf('a', { syncs: 50, quick: 90, slow: 0 }), pageOf('b', idle)]
    const after = [pageOf('b', { syncs: 3, quick: 1, slow: 1 })]
    expect(readNetworkProgramming({ before, after })).toMatchObject({ proxies: 1, syncs: 2, latencyMs: { count: 2 } })
  })

  it('should know nothing where no proxy runs, or only such as sync nothing', () => {
    const kubelet = { ...pageOf('a', idle), component: 'kubelet' } as const
    const hollow = { component: 'kube-proxy', instance: 'a', samples: [] } as const
    expect(readNetworkProgramming({ before: [], after: [kubelet] })).toBeUndefined()
    expect(readNetworkProgramming({ before: [hollow], after: [hollow] })).toBeUndefined()
  })
})
