import type { KnobValue } from './value.ts'

/** What a profile sets, and why. */
export interface ProfileSetting {
  knob: string
  value: KnobValue
  because: string
}

/**
 * What upstream's own jobs of 5000 nodes set (kops, tests/e2e/scenarios/scalability/run-test.sh), of what there are knobs for; all else is as built
 * in. Their in-flight limits of the apiserver, 800 and 400, and their batch periods of endpoints, 500 ms, are no knobs here.
 */
export const sigScalability: readonly ProfileSetting[] = [
  {
    knob: 'kubelet.maxPods',
    value: 500,
    because:
      'not upstream’s, whose machines take 96 (the built-in value is 110): the document’s test puts 200 pods on one node',
  },
  {
    knob: 'controllerManager.kubeApiQps',
    value: 500,
    because: 'upstream’s 5000-node jobs (kubeControllerManager.kubeAPIQPS): creating a pod is one request',
  },
  {
    knob: 'controllerManager.kubeApiBurst',
    value: 500,
    because: 'upstream’s 5000-node jobs (kubeControllerManager.kubeAPIBurst): one second’s worth',
  },
  {
    knob: 'scheduler.kubeApiQps',
    value: 500,
    because: 'upstream’s 5000-node jobs (kubeScheduler.kubeAPIQPS): binding a pod is one request',
  },
  {
    knob: 'scheduler.kubeApiBurst',
    value: 500,
    because: 'upstream’s 5000-node jobs (kubeScheduler.kubeAPIBurst): one second’s worth',
  },
  {
    knob: 'etcd.quotaBackendBytes',
    value: 8_589_934_592,
    because:
      'upstream’s 5000-node jobs (ETCD_QUOTA_BACKEND_BYTES): objects of 5000 nodes do not fit into the built-in 2 GiB',
  },
]
