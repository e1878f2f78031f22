import { parsePlan } from './parse.ts'
import type { Plan, PlannedClusters } from './plan.ts'

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
  const plan = parsePlan(text, 'plan.yaml', { targets: ['remote'], faults: ['none'] })
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
