import { formatDuration } from '../base/duration.ts'
import type { Cluster, Target } from '../targets/target.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import type { Step } from './step.ts'

/** Brings up the arm's control plane; tearing down takes the whole cluster away. */
export function controlPlane(target: Target, armId: string, knobs: readonly KnobRequest[]): Step<Cluster> {
  let cluster: Cluster | undefined
  return {
    id: 'control-plane',
    title: 'Control plane',
    timeoutMs: 120_000,
    async setUp({ signal }) {
      cluster = await target.open({ armId, knobs, signal })
      return cluster
    },
    summary: ({ readyMs }) => `ready in ${formatDuration(readyMs)}`,
    tearDown: {
      budgetMs: 30_000,
      run: async () => cluster?.[Symbol.asyncDispose](),
    },
  }
}
