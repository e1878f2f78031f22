import type { StepKind } from '../kind.ts'
import { forecastBenchmark } from './forecast.ts'
import type { EtcdBenchmark } from './outcome.ts'
import { etcdBenchmarks } from './outcome.ts'
import type { PlannedBenchmark } from './section.ts'
import { etcdBenchmarkSection } from './section.ts'
import { benchmarkEtcd, benchmarkOutline } from './step.ts'
import { etcdBenchmarkView } from './view.ts'

/** Runs etcd's own benchmark tool, which needs no Kubernetes. */
export const etcdBenchmark: StepKind<PlannedBenchmark, EtcdBenchmark> = {
  section: etcdBenchmarkSection,
  outcome: etcdBenchmarks.outcome,
  view: etcdBenchmarkView,
  countsFirst: false,
  needsKubernetes: false,
  refusalOn(target, { endpoints }) {
    switch (target) {
      case 'sim':
        return 'is not simulated: it measures real etcds; use --target local (make: TARGET=local)'
      case 'remote':
        return endpoints === undefined ? 'needs `endpoints` on target remote: the etcds to benchmark' : undefined
      default:
        return endpoints === undefined ? undefined : `takes \`endpoints\` on target remote only`
    }
  },
  forecast: forecastBenchmark,
  objects: () => [],
  createsEvents: () => false,
  outline: benchmarkOutline,
  step: ({ section }, arm) => benchmarkEtcd(section, arm),
}
