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
  note: 'replaces pod-eviction-timeout, which Kubernetes 1.27 removed',
} as const

/** What is valid: apiserver pkg/server/options/server_run_options.go, feature.go and etcd.go. */
export const apiserverKnobs: readonly NamedKnob[] = [
  apiserverFlag('default-not-ready-toleration-seconds', {
    ...toleration,
    affects: 'how long pods stay on a node that reports NotReady',
  }),
  apiserverFlag('default-unreachable-toleration-seconds', {
    ...toleration,
    affects: 'how long pods stay on a node that is unreachable',
  }),
  apiserverFlag('max-requests-inflight', {
    type: whole(0),
    unit: 'requests',
    stock: 400,
    affects: 'requests served at a time, together with max-mutating-requests-inflight; others wait, then get 429',
    note: 'Priority and Fairness divides the sum of the two among its levels',
  }),
  apiserverFlag('max-mutating-requests-inflight', {
    type: whole(0),
    unit: 'requests',
    stock: 200,
    affects: 'requests served at a time, together with max-requests-inflight; others wait, then get 429',
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
    affects: 'how many old versions etcd keeps, and so its size; how far back a watch can start',
  }),
  apiserverFlag('watch-cache-sizes', {
    type: {
      kind: 'list',
      form: '[a-z0-9]+(\\.[a-z0-9.-]+)?#\\d+',
      what: 'resource[.group]#size, separated by commas, such as nodes#0',
      // pkg/kubeapiserver/default_storage_factory_builder.go, DefaultWatchCacheSizes.
      added: ['events#0', 'events.events.k8s.io#0'],
    },
    stock: '',
    affects: 'resources without a watch cache (#0), whose lists and watches go to etcd',
    note: 'any size but 0 means the same: watch caches are sized automatically; events#0 and events.events.k8s.io#0 always apply',
  }),
  apiserverFlag('default-watch-cache-size', {
    type: whole(0),
    unit: 'events',
    stock: 100,
    affects: 'nothing: watch caches are sized automatically',
    note: 'deprecated',
  }),
]
