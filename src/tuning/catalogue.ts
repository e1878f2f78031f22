import { apiserverKnobs } from './catalogue/apiserver.ts'
import { controllerManagerKnobs } from './catalogue/controller-manager.ts'
import { etcdKnobs } from './catalogue/etcd.ts'
import { kubeProxyKnobs } from './catalogue/kube-proxy.ts'
import { kubeletKnobs } from './catalogue/kubelet.ts'
import { schedulerKnobs } from './catalogue/scheduler.ts'
import type { NamedKnob } from './knob.ts'

/** Every setting that has a name: what the document tunes, in its order of components, and what upstream tunes at scale. */
export const catalogue: readonly NamedKnob[] = [
  ...kubeProxyKnobs,
  ...kubeletKnobs,
  ...controllerManagerKnobs,
  ...apiserverKnobs,
  ...schedulerKnobs,
  ...etcdKnobs,
]
