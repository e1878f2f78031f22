import { meaningOfBurst, meaningOfQps } from '../client-limit.ts'
import type { KnobValue, NamedKnob } from '../knob.ts'
import type { Told } from './forms.ts'
import { flag, whole } from './forms.ts'

/**
 * cmd/kube-scheduler/app/options/deprecated.go: 1.36 calls both deprecated and honours them as long as there is no --config. A 0 reaches
 * client-go as it is, where in a file it would be the built-in value.
 */
const schedulerFlag = (name: string, configzPath: string, told: Told): NamedKnob =>
  flag('kube-scheduler', 'scheduler', name, { from: '/configz', path: configzPath }, told)

const field = (path: string, told: Told): NamedKnob => ({
  id: `scheduler.${path}`,
  component: 'kube-scheduler',
  setting: { via: 'kube-scheduler-config', field: path },
  readBack: { from: '/configz', path },
  ...told,
})

const byNodes = (percentage: KnobValue) =>
  percentage === 0 ? '50 % of the nodes, one less for every 125 of them, but at least 5 %' : undefined

/** What is valid: pkg/scheduler/apis/config/validation/validation.go. */
export const schedulerKnobs: readonly NamedKnob[] = [
  schedulerFlag('kube-api-qps', 'clientConnection.qps', {
    type: { kind: 'float' },
    unit: 'requests/s',
    meaningOf: meaningOfQps,
    stock: 50,
    affects: 'the most pods bound per second in the long run',
    note: 'not in the document; binding a pod is one request',
  }),
  schedulerFlag('kube-api-burst', 'clientConnection.burst', {
    type: whole(0),
    unit: 'requests',
    meaningOf: meaningOfBurst,
    stock: 100,
    affects: 'how many pods can be bound before the qps limits them',
    note: 'not in the document',
  }),
  field('percentageOfNodesToScore', {
    type: whole(0, 100),
    unit: '% of the nodes',
    meaningOf: byNodes,
    stock: 0,
    affects: 'time to place a pod versus how good the placement is; at least 100 nodes are considered',
  }),
  field('parallelism', {
    type: whole(1, 10_000),
    unit: 'nodes',
    stock: 16,
    affects: 'how many nodes are evaluated in parallel: time to place a pod, if there are enough cores',
  }),
]
