import type { NamedKnob } from '../knob.ts'
import type { Told } from './forms.ts'
import { durationOrZero, flag, whole } from './forms.ts'

const apiserverFlag = (name: string, told: Told): NamedKnob =>
  flag('kube-apiserver', 'apiserver', name, { from: '/flagz' }, told)

/** Seconds become a time.Duration when pods are evicted (pkg/controller/tainteviction); less than 0 is 0. */
const toleration = {
  type: whole(0, 9_223_372_036),
  unit: 's',
  stock: 300,
  note: 'pod-eviction-timeout left Kubernetes in 1.27; this is its replacement',
} as const

/** What is valid: apiserver pkg/server/options/server_run_options.go, feature.go and etcd.go. */
export const apiserverKnobs: readonly NamedKnob[] = [
  apiserverFlag('default-not-ready-toleration-seconds', {
    ...toleration,
    affects: 'how long pods stay on a node that says it is not ready',
  }),
  apiserverFlag('default-unreachable-toleration-seconds', {
    ...toleration,
    affects: 'how long pods stay on a node that is not heard of',
  }),
  apiserverFlag('max-requests-inflight', {
    type: whole(0),
    unit: 'requests',
    stock: 400,
    affects: 'with max-mutating-requests-inflight, requests served at a time; others wait, then get 429',
    note: 'Priority and Fairness divides the sum of the two among its levels',
  }),
  apiserverFlag('max-mutating-requests-inflight', {
    type: whole(0),
    unit: 'requests',
    stock: 200,
    affects: 'with max-requests-inflight, requests served at a time; others wait, then get 429',
    note: 'Priority and Fairness divides the sum of the two among its levels',
  }),
  apiserverFlag('goaway-chance', {
    type: { kind: 'float', min: 0, max: 0.02 },
    unit: 'share of requests',
    meaningOf: (chance) => (chance === 0 ? 'connections stay where they are' : undefined),
    stock: 0,
    affects: 'how evenly clients spread over several apiservers',
  }),
  apiserverFlag('delete-collection-workers', {
    type: whole(1, 10_000),
    unit: 'workers',
    stock: 1,
    affects: 'how fast a namespace with many objects is deleted',
  }),
  apiserverFlag('etcd-compaction-interval', {
    type: durationOrZero(1000),
    meaningOf: (interval) => (interval === '0s' ? 'the apiserver never compacts' : undefined),
    stock: '300s',
    affects: 'how many old versions etcd keeps: its size; how far back a watch can start',
  }),
  apiserverFlag('watch-cache-sizes', {
    type: {
      kind: 'list',
      form: '[a-z0-9]+(\\.[a-z0-9.-]+)?#\\d+',
      what: 'resource[.group]#size with commas between them, such as nodes#0',
      // pkg/kubeapiserver/default_storage_factory_builder.go, DefaultWatchCacheSizes.
      added: ['events#0', 'events.events.k8s.io#0'],
    },
    stock: '',
    affects: 'resources without a watch cache (#0), whose lists and watches go to etcd',
    note: 'any size but 0 is the same: watch caches are sized automatically; events#0 and events.events.k8s.io#0 are there anyway',
  }),
  apiserverFlag('default-watch-cache-size', {
    type: whole(0),
    unit: 'events',
    stock: 100,
    affects: 'nothing: watch caches are sized automatically',
    note: 'deprecated',
  }),
]
