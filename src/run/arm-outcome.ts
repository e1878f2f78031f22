import { minorNumberOf } from '../base/kubernetes-version.ts'
import { hollowNodeOf } from '../fleet/hollow-node.ts'
import type { ClientLimits } from '../measure/limiters.ts'
import type { ArmOutcome, KnobOutcome } from '../result/result.ts'
import type { ReadyFleet } from '../steps/fleet-up.ts'
import type { Target } from '../targets/target.ts'
import type { LimitedClient } from '../tuning/client-knobs.ts'
import { clientKnobs } from '../tuning/client-knobs.ts'
import { limitRead } from '../tuning/client-limit.ts'
import type { KnobValue } from '../tuning/knob.ts'
import type { Arm } from './schedule.ts'

/** An arm of which nothing is known yet. */
export function blankOutcome({ id, name, profile, repetition, order }: Arm): ArmOutcome {
  return {
    id,
    name,
    profile,
    repetition,
    order,
    outcome: 'failed',
    knobs: [],
    fleet: {
      nodes: 0,
      hosts: 0,
      processes: 0,
      source: 'hollow',
      probeNode: 'hollow',
      readyMs: null,
      flaps: { count: 0, nodes: [], notReadyAtEnd: [] },
      estimate: null,
    },
    machine: null,
    objects: {},
    controlPlaneReadyMs: null,
    steps: [],
    residue: [],
  }
}

/** What is kept of a fleet whose nodes are Ready. */
export function fleetOutcome(
  fleet: ReadyFleet,
  { plan, estimate }: Pick<Arm, 'plan' | 'estimate'>,
  { onThisMachine }: Pick<Target, 'onThisMachine'>,
): ArmOutcome['fleet'] {
  const source = fleet.origin?.source ?? 'hollow'
  // Nodes that were there already are as they are.
  const containerStarts = source === 'hollow' ? hollowNodeOf(plan.fleet.node).containerStarts : undefined
  return {
    nodes: fleet.nodeNames.length,
    hosts: onThisMachine ? 1 : plan.fleet.hosts,
    processes: fleet.processes,
    source,
    probeNode: fleet.origin?.probeNode ?? 'hollow',
    ...(containerStarts !== undefined && { containerStarts }),
    readyMs: fleet.readyMs,
    ...(fleet.preparedMs !== undefined && { preparedMs: fleet.preparedMs }),
    flaps: fleet.flaps(),
    estimate,
  }
}

/** The client limits in force, as the components themselves said; `versions` are theirs, by component. */
export function limitsIn(knobs: readonly KnobOutcome[], versions: Readonly<Record<string, string>> = {}): ClientLimits {
  const effective = (id: string) => knobs.find((knob) => knob.id === id)?.effective ?? null
  const limitOf = (client: LimitedClient) =>
    limitRead(effective(clientKnobs[client].qps), effective(clientKnobs[client].burst))
  return {
    kubelet: limitOf('kubelet'),
    events: hasNoEventLimit(effective(clientKnobs.events.qps), versions) ? { kind: 'none' } : limitOf('events'),
    controllers: limitOf('controllers'),
    scheduler: limitOf('scheduler'),
  }
}

/** Since 1.37 an eventRecordQPS of 0 switches the limit off (cmd/kubelet/app/server.go), where client-go took its default before. */
function hasNoEventLimit(qps: KnobValue | null, versions: Readonly<Record<string, string>>): boolean {
  const minor = minorNumberOf(versions['hollow-node'] ?? versions['kubelet'])
  return qps === 0 && minor !== undefined && minor >= 37
}
