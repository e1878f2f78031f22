import type { Component } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { renderKnobs } from '../../tuning/render.ts'
import { oneShot } from '../files/kube-proxy.ts'
import { yaml } from '../files/text.ts'
import { sysctlScript } from '../files/user-data.ts'
import type { Format, FormatFile, Place } from '../format.ts'

const boundary = 'scale-test'

/** User data in several parts, as nodeadm reads it: a NodeConfig, which it merges with the one that EKS adds, and a script. */
const userData: FormatFile = {
  path: 'user-data.mime',
  apply: [
    'For Amazon Linux 2023: put it, in base64, into the user data of the launch template of each node group. EKS adds the part with the cluster, unless the template names an AMI.',
    'Then replace the nodes: user data is read when a node first starts.',
    '$ aws eks update-nodegroup-version --cluster-name CLUSTER --nodegroup-name NODEGROUP --launch-template id=TEMPLATE,version=VERSION',
  ],
  write(requests, circumstances, all) {
    const { kubeletConfiguration, environment, sysctls } = renderKnobs(requests)
    const spec = {
      ...(environment.kubelet === undefined ? {} : { instance: { environment: { kubelet: environment.kubelet } } }),
      ...(Object.keys(kubeletConfiguration).length === 0 ? {} : { kubelet: { config: kubeletConfiguration } }),
    }
    const nodeConfig = { apiVersion: 'node.eks.aws/v1alpha1', kind: 'NodeConfig', spec }
    const parts = [
      ...(Object.keys(spec).length === 0 ? [] : [part('application/node.eks.aws', yaml(nodeConfig))]),
      ...(Object.keys(sysctls).length === 0
        ? []
        : [part('text/x-shellscript; charset="us-ascii"', sysctlScript(onlySysctls(requests), circumstances, all))]),
    ]
    return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n${parts.join('')}--${boundary}--\n`
  },
}

function part(type: string, text: string): string {
  return `--${boundary}\nContent-Type: ${type}\n\n${text}\n`
}

function onlySysctls(requests: readonly KnobRequest[]): KnobRequest[] {
  return requests.filter(({ knob }) => knob.setting.via === 'sysctl')
}

/** What the managed add-on takes, according to its configuration schema (aws eks describe-addon-configuration). */
const addonFields = ['mode', 'ipvs.scheduler']
const addon: FormatFile = {
  path: 'kube-proxy-addon.json',
  apply: [
    'If kube-proxy is a managed add-on (mode ipvs also needs its kernel modules on the nodes):',
    '$ aws eks update-addon --cluster-name CLUSTER --addon-name kube-proxy --configuration-values file://kube-proxy-addon.json --resolve-conflicts OVERWRITE',
  ],
  write: (requests) => `${JSON.stringify(renderKnobs(requests).proxyConfiguration, null, 2)}\n`,
}

/** All that EKS lets one set of its control plane, from 1.31, according to its API reference (KubeApiServerConfigRequest and others). */
const settable: Partial<Record<Component, string>> = {
  'kube-apiserver': 'eventTtl and serviceNodePortRange',
  'kube-controller-manager': 'horizontalPodAutoscalerSyncPeriod and terminatedPodGcThreshold',
  'kube-scheduler': 'nodeResourcesFit',
}

/** Amazon's managed Kubernetes: what nodes and add-ons take, and the reason for everything else. */
export const eks: Format = {
  files: [userData, addon],
  placeOf({ knob }: KnobRequest): Place {
    const { component, setting } = knob
    switch (setting.via) {
      case 'kubelet-config':
      case 'sysctl':
        return { in: [userData.path] }
      case 'kube-proxy-config':
        return addonFields.includes(setting.field)
          ? { in: [addon.path] }
          : {
              because: 'the managed add-on kube-proxy does not take it',
              instead:
                'With a self-managed kube-proxy, merge it into the ConfigMap kube-proxy-config in kube-system (--for kubeadm writes it), and replace the nodes',
            }
      case 'by-hand':
        return oneShot(setting.what)
      case 'feature-gate':
      case 'environment':
        if (component === 'kubelet') return { in: [userData.path] }
        if (component === 'kube-proxy') return { because: 'the managed add-on kube-proxy does not take it' }
    }
    const some = settable[component]
    if (some === undefined) return { because: `EKS runs ${component}, and shows none of its settings` }
    return {
      because: `EKS runs ${component}, and takes only ${some} (from Kubernetes 1.31), according to its API reference`,
    }
  },
}
