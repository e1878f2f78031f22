import type { KnobRequest } from '../../tuning/profiles.ts'
import { renderKnobs } from '../../tuning/render.ts'
import { oneShot } from '../files/kube-proxy.ts'
import { sysctlScript } from '../files/user-data.ts'
import type { Format, FormatFile, Place } from '../format.ts'

/**
 * Fields of a kubelet that a node pool takes, with their limits, according to the API reference (struct kubelet_config) and the Terraform
 * provider's page on its data source cs_kubernetes_node_pools.
 */
const kubeletFields: Readonly<Record<string, { most?: number }>> = {
  allowedUnsafeSysctls: {},
  clusterDNS: {},
  containerLogMaxFiles: {},
  containerLogMaxSize: {},
  containerLogMaxWorkers: {},
  containerLogMonitorInterval: {},
  cpuCFSQuota: {},
  cpuCFSQuotaPeriod: {},
  cpuManagerPolicy: {},
  eventBurst: { most: 100 },
  eventRecordQPS: { most: 50 },
  evictionHard: {},
  evictionSoft: {},
  evictionSoftGracePeriod: {},
  imageGCHighThresholdPercent: {},
  imageGCLowThresholdPercent: {},
  kubeAPIBurst: { most: 100 },
  kubeAPIQPS: { most: 50 },
  kubeReserved: {},
  maxPods: {},
  memoryManagerPolicy: {},
  podPidsLimit: {},
  readOnlyPort: {},
  registryBurst: { most: 100 },
  registryPullQPS: { most: 50 },
  reservedMemory: {},
  serializeImagePulls: {},
  systemReserved: {},
  topologyManagerPolicy: {},
  tracing: {},
}

/** Flags that the console takes for clusters of type Pro, by its names, with the most it takes (page on control-plane parameters). */
const consoleFlags: Readonly<Record<string, { name: string; most?: number }>> = {
  'default-not-ready-toleration-seconds': { name: 'defaultNotReadyTolerationSeconds' },
  'default-unreachable-toleration-seconds': { name: 'defaultUnreachableTolerationSeconds' },
  'max-mutating-requests-inflight': { name: 'maxMutatingRequestsInflight', most: 1000 },
  'max-requests-inflight': { name: 'maxRequestsInflight', most: 3000 },
}

const nodeConfig: FormatFile = {
  path: 'node-config.json',
  apply: [
    "For each node pool: ACK's API ModifyNodePoolNodeConfig takes it. It restarts the kubelets of the pool in batches.",
    `$ aliyun cs PUT /clusters/CLUSTER_ID/nodepools/NODEPOOL_ID/node_config --header 'Content-Type=application/json' --body "$(cat node-config.json)"`,
  ],
  write: (requests) => `${JSON.stringify({ kubelet_config: renderKnobs(requests).kubeletConfiguration }, null, 2)}\n`,
}

const userData: FormatFile = {
  path: 'user-data.sh',
  apply: [
    'For each node pool: put it into the instance user data (Edit node pool, Advanced options). New nodes run it; run it once on those that are there.',
  ],
  write: sysctlScript,
}

/** Alibaba Cloud's managed Kubernetes: what a node pool takes, and the reason for everything else. */
export const ack: Format = {
  files: [nodeConfig, userData],
  placeOf({ knob, value }: KnobRequest): Place {
    const { component, setting } = knob
    switch (setting.via) {
      case 'kubelet-config': {
        const [name = ''] = setting.field.split('.')
        const field = kubeletFields[name]
        if (field === undefined)
          return {
            because: 'a node pool of ACK does not take it, according to its API reference',
            instead:
              "Only by a file in the kubelets' drop-in folder, through user data (--for systemd writes it); ACK strongly advises against that",
          }
        if (field.most !== undefined && Number(value) > field.most)
          return {
            because: `a node pool of ACK takes at most ${field.most}`,
            instead: `Set ${name} to ${field.most} in the profile, and measure with that`,
          }
        return { in: [nodeConfig.path] }
      }
      case 'sysctl':
        return { in: [userData.path] }
      case 'kube-proxy-config':
        return setting.field === 'mode'
          ? {
              because: 'ACK asks for it when a cluster is made (iptables or ipvs)',
              instead: 'Choose it then: proxy_mode in the API',
            }
          : {
              because: 'ACK manages kube-proxy, and its documentation names no way to set this',
              instead: 'Ask ACK before you edit its ConfigMap: updates may put it back',
            }
      case 'by-hand':
        return oneShot(setting.what)
      case 'flag': {
        const inConsole = component === 'kube-apiserver' ? consoleFlags[setting.flag] : undefined
        if (inConsole === undefined) break
        if (inConsole.most !== undefined && (Number(value) > inConsole.most || Number(value) < 1))
          return { because: `ACK takes 1 to ${inConsole.most}` }
        return {
          because: 'ACK takes it in its console only, for Pro clusters',
          instead: `Cluster, Add-ons, Core components, Kube API Server, Configuration: ${inConsole.name} ${value}. It restarts the control plane`,
        }
      }
    }
    if (component === 'kubelet')
      return { because: 'a node pool of ACK does not take it, according to its API reference' }
    if (component === 'etcd') return { because: 'ACK runs etcd, and shows none of its settings' }
    return {
      because: `ACK runs ${component}`,
      instead: `Its console sets some parameters of Pro clusters (Add-ons, Core components): look there whether ${component} has it`,
    }
  },
}
