import { plural } from '../base/count.ts'
import type { Figure, Series } from '../result/series.ts'
import { readComponentSeries } from './component-series.ts'
import { distributionOf } from './distribution.ts'
import { figuresOf } from './machine-record.ts'
import { watchLagOf } from './watch-lag.ts'
import type { Window } from './window.ts'

/**
 * Every figure that a window has, by name and labels: of the components' pages, of the orchestrator's own requests, of its canary, of the nodes, of the
 * machine. What was to be read and was not has a gap with the reason, and no figure; what there is nothing to read of has no series.
 */
export function seriesOf(window: Window, evidence: Series['evidence']): Series[] {
  return [
    ...readComponentSeries(window).map((figure) => withWindows(figure, window)),
    ...readRequests(window),
    ...readWatchLag(window),
    ...readNodes(window),
    ...readOrchestrator(window),
    ...readMachine(window),
  ].map((series) => ({ ...series, evidence }))
}

function withWindows(figure: Figure, { worstWindows }: Window): Figure {
  const worstWindow = worstWindows?.worstOf(figure.name, figure.labels)
  return 'distribution' in figure && worstWindow !== undefined ? { ...figure, worstWindow } : figure
}

function readRequests({ requests, requestsDropped, retries }: Window): Figure[] {
  const gaps =
    requestsDropped === 0 ? [] : [`${plural(requestsDropped, 'earlier request')}: a recording keeps the last million`]
  return [
    ...requests.map(({ verb, resource: path, latenciesMs }) => {
      const [resource = '', subresource] = path.split('/')
      return {
        name: 'client_request_latency_ms',
        labels: { verb, resource, ...(subresource !== undefined && { subresource }) },
        unit: 'ms' as const,
        distribution: distributionOf(latenciesMs),
        gaps,
      }
    }),
    { name: 'client_retries_total', labels: {}, unit: 'count', value: retries.count, gaps: [] },
    { name: 'client_retry_wait_ms', labels: {}, unit: 'ms', value: retries.waitedMs, gaps: [] },
  ]
}

function readWatchLag({ watchLag }: Window): Figure[] {
  if (watchLag === null) return []
  const distribution = watchLagOf(watchLag)
  return [{ name: 'watch_lag_ms', labels: {}, unit: 'ms', distribution, gaps: [] }]
}

function readNodes({ nodes }: Window): Figure[] {
  if (nodes === null) return []
  const isRead = !('unread' in nodes)
  const gaps = isRead ? [] : [nodes.unread]
  const one = (name: string, value: number | null): Figure => ({ name, labels: {}, unit: 'count', value, gaps })
  return [one('node_flaps_total', isRead ? nodes.flaps : null), one('nodes_not_ready', isRead ? nodes.notReady : null)]
}

function readOrchestrator({ orchestrator: { eventLoopDelayMaxMs: value } }: Window): Figure[] {
  // Where time is virtual there is none.
  return value === null ? [] : [{ name: 'event_loop_delay_max_ms', labels: {}, unit: 'ms', value, gaps: [] }]
}

function readMachine({ machine }: Window): Figure[] {
  if (machine === null) return []
  if ('unread' in machine)
    return [{ name: 'machine_busy_ratio', labels: {}, unit: 'ratio', value: null, gaps: [machine.unread] }]
  const { points, gaps: missing } = machine
  const gaps = [...missing]
  const { busy, memoryUsedMaxBytes, runQueue, diskBusy, coresOf } = figuresOf(points)
  const one = (name: string, unit: Series['unit'], value: number, labels = {}): Figure => ({
    name,
    labels,
    unit,
    value,
    gaps,
  })
  const components = [...(points.at(-1)?.components.keys() ?? [])]
  return [
    one('machine_busy_ratio', 'ratio', busy),
    one('machine_memory_max_bytes', 'bytes', memoryUsedMaxBytes),
    ...(runQueue === null ? [] : [one('machine_run_queue_mean', 'count', runQueue)]),
    ...(diskBusy === null ? [] : [one('machine_disk_busy_ratio', 'ratio', diskBusy)]),
    ...components.map((component) => one('component_cores', 'cores', coresOf(component), { component })),
    ...components.map((component) => {
      const memory = points.flatMap((point) => point.components.get(component)?.memoryMaxBytes ?? [])
      return one('component_memory_max_bytes', 'bytes', Math.max(...memory), { component })
    }),
  ]
}
