import { checkWorkload } from '../../plan/check-workload.ts'
import { podStartup } from '../../plan/pod-series.ts'
import type { SectionKind } from '../../plan/section.ts'
import type { PlannedWorkload } from '../../plan/workload.ts'
import { workloadSection } from '../../plan/workload.ts'

const fillSeries = [
  {
    name: 'fill_ms',
    labels: [],
    unit: 'ms',
    form: 'value',
    what: 'from the first create request until the last pod is Ready',
    from: 'the watch on pods',
  },
  {
    name: 'fill_latency_ms',
    labels: ['kind'],
    unit: 'ms',
    form: 'distribution',
    what: 'from when an object was due until its create request was answered, retries included',
    from: 'the orchestrator',
  },
  {
    name: 'fill_peak_bound_per_second',
    labels: [],
    unit: 'per second',
    form: 'value',
    what: 'pods bound to nodes in the best ten seconds',
    from: 'the watch on pods',
  },
  podStartup,
] as const

/** `- fill: { namespaces: 50, ... }` */
export const fillSection: SectionKind<PlannedWorkload> = {
  kind: 'fill',
  schema: workloadSection().describe('Fills the cluster with a workload and waits until its pods are Ready.'),
  nameOf: () => 'fill',
  stopsOf: () => [],
  series: fillSeries,
  seriesOf: ({ pods }) => (pods.total === 0 ? fillSeries.filter(({ name }) => name !== podStartup.name) : fillSeries),
  check: (own) => own.flatMap(({ section, path }) => checkWorkload(section, path)),
}
