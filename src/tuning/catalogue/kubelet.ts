import { meaningOfQps } from '../client-limit.ts'
import type { KnobValue, NamedKnob } from '../knob.ts'
import type { Told } from './forms.ts'
import { duration, whole } from './forms.ts'

const field = (path: string, told: Told): NamedKnob => ({
  id: `kubelet.${path}`,
  component: 'kubelet',
  setting: { via: 'kubelet-config', field: path },
  readBack: { from: '/configz', path },
  ...told,
})

const pullsNothing = 'hollow nodes pull no images: accepted there, without effect'
const pidsOfNode = (limit: KnobValue) => (limit === -1 ? 'as many as the node has for pods' : undefined)

/** pkg/kubelet/apis/config/validation/validation.go says what a kubelet starts with. */
export const kubeletKnobs: readonly NamedKnob[] = [
  field('maxPods', { type: whole(1), unit: 'pods', stock: 110, affects: 'how many pods fit on a node' }),
  field('nodeStatusUpdateFrequency', {
    type: duration(100),
    stock: '10s',
    affects: 'how often each node rewrites its status: most of what idle nodes write to etcd',
    note: 'setting it also sets nodeStatusReportFrequency, 5 min otherwise: every node then rewrites its status this often',
  }),
  field('kubeAPIQPS', {
    type: whole(0),
    unit: 'requests/s',
    meaningOf: meaningOfQps,
    stock: 50,
    affects: 'how fast a node starts, reports and deletes many pods at once',
    note: '5 was the built-in value before 1.27',
  }),
  field('kubeAPIBurst', {
    type: whole(1),
    unit: 'requests',
    stock: 100,
    affects: 'how many requests a kubelet can send before its qps limits them',
    note: '10 was the built-in value before 1.27',
  }),
  field('eventRecordQPS', {
    type: whole(0),
    unit: 'events/s',
    // cmd/kubelet/app/server.go, kubeClientConfigOverrides, of either version.
    meaningOf: (qps) => (qps === 0 ? 'no limit since 1.37; before, client-go’s default of 5 a second' : undefined),
    stock: 50,
    affects: 'how fast a node writes events; others wait, and are eventually dropped',
    note: '5 was the built-in value before 1.27',
  }),
  field('eventBurst', {
    type: whole(1),
    unit: 'events',
    stock: 100,
    affects: 'how many events a kubelet can send before its qps limits them',
    note: '10 was the built-in value before 1.27',
  }),
  field('serializeImagePulls', {
    type: { kind: 'switch' },
    stock: true,
    affects: 'whether pods on a node wait for each other’s images',
    note: `must be false if maxParallelImagePulls is 2 or more; ${pullsNothing}`,
  }),
  field('maxParallelImagePulls', {
    type: whole(1),
    unit: 'images',
    stock: null,
    affects: 'how many images a node pulls at a time',
    note: `no limit if it is not set and serializeImagePulls is false; ${pullsNothing}`,
  }),
  field('podPidsLimit', {
    type: whole(-1, Number.MAX_SAFE_INTEGER),
    unit: 'processes',
    meaningOf: pidsOfNode,
    stock: -1,
    affects: 'processes per pod: keeps one pod from using up its node’s',
    note: 'pods on hollow nodes have no processes: accepted there, without effect',
  }),
]
