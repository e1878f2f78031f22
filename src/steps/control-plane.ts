import { formatDuration } from '../base/duration.ts'
import { Failure } from '../base/errors.ts'
import type { Cluster, FleetSpec, OpenOptions, Target, TunableCluster } from '../targets/target.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import type { Step, StepOutline } from './step.ts'

/** The step's id and title: of etcds alone, it is where their settings are. */
export function controlPlaneOutline({ hasKubernetes }: Pick<Target, 'hasKubernetes'>): StepOutline {
  return { id: 'control-plane', title: hasKubernetes === false ? 'etcd' : 'Control plane' }
}

/** Brings up the arm's control plane, or takes hold of one that is there; tearing down takes the whole cluster away with its fleet, or lets go of it. */
export function controlPlane<Opened extends Cluster | TunableCluster>(
  target: Target<Opened>,
  { requests, id, name, repetition, kubernetes }: OpenOptions['arm'] & { requests: readonly KnobRequest[] },
  fleet: Pick<FleetSpec, 'nodes' | 'nodesPerProcess'>,
): Step<Opened> {
  const knobs = requests.filter(({ knob }) => target.supports(knob, kubernetes).supported)
  let opening: Promise<Opened> | undefined
  const budgetMs = target.closeBudgetMs?.(fleet) ?? 30_000
  // An aborted opening cleans up after itself: wait for that, and hear only of what it could not take away.
  const opened = () =>
    opening?.catch((error: unknown) => {
      if (error instanceof Failure && error.kind === 'residue') throw error
    })
  return {
    ...controlPlaneOutline(target),
    timeoutMs: target.openBudgetMs ?? 120_000,
    setUp({ signal }) {
      opening = target.open({ arm: { id, name, repetition, kubernetes }, knobs, signal })
      return opening
    },
    summary(opened) {
      if ('readyMs' in opened && opened.readyMs !== null) return `ready in ${formatDuration(opened.readyMs)}`
      return target.evidence === 'simulated' ? 'its start is not modelled' : 'already running'
    },
    tearDown: {
      budgetMs,
      async run() {
        await (await opened())?.[Symbol.asyncDispose]()
      },
    },
    whenKept: {
      budgetMs,
      async run() {
        const cluster = await opened()
        if (cluster?.keep !== undefined) return cluster.keep()
        await cluster?.[Symbol.asyncDispose]()
        return []
      },
    },
  }
}
