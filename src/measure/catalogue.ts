import type { SeriesEntry } from '../plan/series.ts'
import { componentSeries } from './component-series.ts'

const orchestrator = { from: 'the orchestrator' }
const canary = { from: "the orchestrator's canary" }
const nodes = { from: 'the watch on nodes' }
const value = { form: 'value' } as const
const distribution = { form: 'distribution' } as const
/** Where the cluster runs on the machine of the orchestrator. */
const machine = { ...value, notSimulated: 'a simulation has no machine' }

/** Series that do not come from a component's page. */
const others: readonly SeriesEntry[] = [
  {
    name: 'client_request_latency_ms',
    labels: ['verb', 'resource', 'subresource'],
    unit: 'ms',
    ...distribution,
    ...orchestrator,
    what: "each attempt of the orchestrator's own requests, excluding watches",
  },
  {
    name: 'client_retries_total',
    labels: [],
    unit: 'count',
    ...value,
    ...orchestrator,
    what: 'attempts after the first',
  },
  {
    name: 'client_retry_wait_ms',
    labels: [],
    unit: 'ms',
    ...value,
    ...orchestrator,
    what: 'how long the orchestrator waited before them, in total',
  },
  {
    name: 'watch_lag_ms',
    labels: [],
    unit: 'ms',
    ...distribution,
    ...canary,
    what: 'from the answer to a write until a watch shows it, once a second during a fill',
  },
  {
    name: 'node_flaps_total',
    labels: [],
    unit: 'count',
    ...value,
    ...nodes,
    what: 'how often a node stopped being Ready',
  },
  {
    name: 'nodes_not_ready',
    labels: [],
    unit: 'count',
    ...value,
    ...nodes,
    what: 'nodes that were not Ready at the end',
  },
  {
    name: 'event_loop_delay_max_ms',
    labels: [],
    unit: 'ms',
    ...value,
    ...orchestrator,
    what: 'longest time the orchestrator stalled: a moment may be late by that much',
    notSimulated: 'time is virtual there',
  },
  {
    name: 'machine_busy_ratio',
    labels: [],
    unit: 'ratio',
    ...machine,
    from: '/proc/stat',
    what: 'share of all processor time in use',
  },
  {
    name: 'machine_run_queue_mean',
    labels: [],
    unit: 'count',
    ...machine,
    from: '/proc/stat',
    what: 'threads running or waiting for a processor',
  },
  {
    name: 'machine_memory_max_bytes',
    labels: [],
    unit: 'bytes',
    ...machine,
    from: '/proc/meminfo',
    what: 'peak memory in use',
  },
  {
    name: 'machine_disk_busy_ratio',
    labels: [],
    unit: 'ratio',
    ...machine,
    from: '/proc/diskstats',
    what: 'share of the time the busiest disk was busy',
  },
  {
    name: 'component_cores',
    labels: ['component'],
    unit: 'cores',
    ...machine,
    from: '/proc/PID/stat',
    what: 'processor cores that a component used',
  },
  {
    name: 'component_memory_max_bytes',
    labels: ['component'],
    unit: 'bytes',
    ...machine,
    from: '/proc/PID/statm',
    what: 'peak memory of its processes',
  },
]

/** Every series that any stretch of time can have, in the order of docs/series.md; those of single steps are with their kinds. */
export const measuredSeries: readonly SeriesEntry[] = [
  ...componentSeries.map(
    ({ name, by, unit, kind, what, component, metric, notSimulated }): SeriesEntry => ({
      name,
      labels: by,
      unit,
      form: kind === 'histogram' ? 'histogram' : 'value',
      what,
      from: `${component}: ${metric.replace(/_(count|sum)$/, '')}`,
      ...(notSimulated !== undefined && { notSimulated }),
    }),
  ),
  ...others,
]
