import { measuredSeries } from '../measure/catalogue.ts'
import { parsePlan } from '../plan/parse.ts'
import type { Plan, PlannedClusters, Vocabulary } from '../plan/plan.ts'
import type { PlannedProbe } from '../plan/probe.ts'
import type { PlannedStep } from '../plan/section.ts'
import { sectionsOf } from '../plan/section.ts'
import { stepsIn } from '../plan/short-form.ts'
import type { PlannedWorkload } from '../plan/workload.ts'
import { fillSection } from '../steps/fill/section.ts'
import { probeSection } from '../steps/probe/section.ts'
import { stepKinds } from '../steps/registry.ts'
import { profiles } from './profiles.ts'

export { stepKinds }

/** What plans in tests may name: every kind of step, and as many targets and faults as there are. */
export const vocabulary: Vocabulary = {
  targets: ['sim', 'local', 'remote'],
  faults: ['storms', 'surges'],
  kubernetes: ['1.37', '1.36', '1.35', '1.34'],
  profiles,
  kinds: stepKinds.map(({ section }) => section),
  series: measuredSeries,
}

const text = `apiVersion: scale-test/v1
name: small
fleet:
  nodes: 2
  node: { cpu: 8, memory: 16Gi }
arms: [{ profile: untuned }, { profile: tuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 1s
  sequence:
    - { name: rollout, from: 1, to: 5, timeout: 1m }
    - { name: scale-down, from: 5, to: 1, timeout: 1m }
`

/** A small plan of both profiles, with its defaults. */
export function planForTests(fleet: Partial<Plan['fleet']> = {}, remote?: PlannedClusters): Plan {
  const plan = parsePlan(text, 'plan.yaml', vocabulary)
  return { ...plan, fleet: { ...plan.fleet, ...fleet }, ...(remote !== undefined && { remote }) }
}

/** What a plan says of hollow-node pods when it says nothing. */
export const plannedPods: Plan['fleet']['pods'] = {
  imagePullPolicy: 'IfNotPresent',
  namespace: 'kubemark',
  hostSelector: '',
  identity: 'csr',
  proxy: false,
  labels: {},
  taints: [],
  startAtOnce: 10,
}

/** Pods of a workload with nothing but a container. */
export const barePods = { image: 'pause', serviceAccountToken: false, serviceLinks: false, mountingShare: 0 }

/** A workload of one namespace with one pod. */
export const onePod: PlannedWorkload = {
  namespaces: 1,
  sizeClasses: [{ name: 'small', share: 1, minimumPods: 1 }],
  pods: { ...barePods, total: 1, deploymentsPerNamespace: 1 },
  services: 0,
  serviceAccounts: 0,
  pace: { concurrency: 1 },
  timeout: 60_000,
}

/** The steps of a plan that fills its cluster, if with anything, and then probes it. */
export function stepsOf(workload: PlannedWorkload | undefined, probes: readonly PlannedProbe[] = []): PlannedStep[] {
  return stepsIn({ workload, probes: { ...planForTests().probes, sequence: [...probes] } }, vocabulary.kinds).map(
    ({ kind, section, path }) => ({ kind: kind.kind, name: kind.nameOf(section), at: path.join('.'), section }),
  )
}

/** The workload that a plan fills its cluster with. */
export function workloadOf(plan: Plan): PlannedWorkload {
  const [workload] = sectionsOf(plan, fillSection)
  if (workload === undefined) throw new Error('the plan has no fill')
  return workload
}

/** The probes of a plan. */
export function probesOf(plan: Plan): PlannedProbe[] {
  return sectionsOf(plan, probeSection)
}
