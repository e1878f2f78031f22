import { ioPriorityOf } from '../../tuning/io-priority.ts'
import type { Component } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { kubeletFile, renderKnobs, schedulerFile } from '../../tuning/render.ts'
import { oneShot, proxyConfiguration } from '../files/kube-proxy.ts'
import { kubeletDropIn } from '../files/kubelet.ts'
import { needsClusters, needsDisk } from '../files/split.ts'
import { sysctlFiles, sysctlPaths } from '../files/sysctl.ts'
import { head, yaml } from '../files/text.ts'
import { unitFile, unitPath } from '../files/units.ts'
import type { Circumstances, Format, FormatFile, Place } from '../format.ts'
import { isClientLimit, setsSchedulerFields } from './scheduler-fields.ts'

const clusterPath = 'cluster-configuration.yaml'
const schedulerPath = 'etc/kubernetes/kube-scheduler-configuration.yaml'

/** Merged by kubeadm into the kubelet's configuration of each node (cmd/kubeadm/app/util/patches: target, type, extension). */
const kubeletPatch: FormatFile = {
  path: 'patches/kubeletconfiguration+merge.yaml',
  apply: [
    'On each node, copy patches/ to /etc/kubernetes/patches. New clusters and nodes: name it as patches.directory in InitConfiguration and JoinConfiguration. Otherwise:',
    '$ kubeadm upgrade node phase kubelet-config --patches /etc/kubernetes/patches',
    '$ systemctl restart kubelet',
    'kubeadm applies the patch only when it is told to: give --patches to each later upgrade, too.',
  ],
  write: (requests, circumstances) =>
    head(circumstances, 'A kubeadm patch.') + yaml(kubeletFile(renderKnobs(requests).kubeletConfiguration)),
}

const schedulerConfiguration: FormatFile = {
  path: schedulerPath,
  apply: [
    `On each control-plane node, copy it to /etc/kubernetes/; ${clusterPath} mounts it into kube-scheduler's pod.`,
  ],
  write: (requests, circumstances) => {
    const { schedulerConfiguration: fields, flags } = renderKnobs(requests)
    // The file that kubeadm makes for kube-scheduler, and mounts into its pod.
    const kubeconfig = '/etc/kubernetes/scheduler.conf'
    return head(circumstances) + yaml(schedulerFile(fields, { kubeconfig, flags: flags['kube-scheduler'] }).file)
  },
}

const clusterConfiguration: FormatFile = {
  path: clusterPath,
  apply: [
    'New cluster: merge it into the file for kubeadm init --config. Otherwise, merge it into what the cluster has:',
    '$ kubectl -n kube-system edit configmap kubeadm-config',
    "Then, on each control-plane node, one at a time, write the ConfigMap's ClusterConfiguration to a file, and rewrite the static pods from it:",
    "$ kubectl -n kube-system get configmap kubeadm-config -o jsonpath='{.data.ClusterConfiguration}' > cluster.yaml",
    '$ kubeadm init phase etcd local --config cluster.yaml',
    '$ kubeadm init phase control-plane all --config cluster.yaml',
    'Before the next node, wait until /readyz of this API server and the health of this etcd member are good.',
  ],
  write: (requests, circumstances) =>
    head(circumstances, 'Merge into your ClusterConfiguration (v1beta4: kubeadm 1.31 and newer).') +
    yaml(clusterFields(requests)),
}

const proxy = proxyConfiguration('kube-proxy-configuration.yaml', [
  "New cluster: append it, behind ---, to the file for kubeadm init --config. Otherwise, merge it into config.conf of kube-proxy's ConfigMap, and restart the pods:",
  '$ kubectl -n kube-system edit configmap kube-proxy',
  '$ kubectl -n kube-system rollout restart daemonset kube-proxy',
])

/** What kubeadm calls the components that it runs in static pods. */
const fieldOf = {
  'kube-apiserver': 'apiServer',
  'kube-controller-manager': 'controllerManager',
  'kube-scheduler': 'scheduler',
} as const satisfies Partial<Record<Component, string>>
const controlPlane = Object.keys(fieldOf) as (keyof typeof fieldOf)[]

/** A ClusterConfiguration (cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go) with what its components are given. */
function clusterFields(requests: readonly KnobRequest[]): object {
  const { flags, environment } = renderKnobs(requests)
  const extras = (component: Component, more: readonly { name: string; value: string }[] = []) => {
    const args = [...pairs(flags[component]), ...more]
    const envs = pairs(environment[component])
    return {
      ...(args.length === 0 ? {} : { extraArgs: args }),
      ...(envs.length === 0 ? {} : { extraEnvs: envs }),
    }
  }
  const hasFile = setsSchedulerFields(requests)
  const mount = { name: 'scale-test-config', hostPath: `/${schedulerPath}`, mountPath: `/${schedulerPath}` }
  const components = controlPlane.map((component) => {
    const isWithFile = component === 'kube-scheduler' && hasFile
    const own = extras(component, isWithFile ? [{ name: 'config', value: `/${schedulerPath}` }] : [])
    const volumes = isWithFile ? { extraVolumes: [{ ...mount, readOnly: true, pathType: 'File' }] } : {}
    return [fieldOf[component], { ...own, ...volumes }] as const
  })
  const etcd = extras('etcd')
  return {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'ClusterConfiguration',
    ...Object.fromEntries(components.filter(([, fields]) => Object.keys(fields).length > 0)),
    ...(Object.keys(etcd).length === 0 ? {} : { etcd: { local: etcd } }),
  }
}

function pairs(entries: Readonly<Record<string, string>> = {}): { name: string; value: string }[] {
  return Object.entries(entries).map(([name, value]) => ({ name, value }))
}

/** Clusters whose control plane kubeadm runs in static pods. */
export const kubeadm: Format = {
  files: [
    ...sysctlFiles,
    schedulerConfiguration,
    clusterConfiguration,
    kubeletPatch,
    {
      ...kubeletDropIn,
      apply: [`Instead of ${kubeletPatch.path}, not beside it:`, ...kubeletDropIn.apply],
    },
    unitFile('kubelet', 'node'),
    proxy,
  ],
  placeOf({ knob, value }: KnobRequest, _: Circumstances, all): Place {
    const { component, setting } = knob
    switch (setting.via) {
      case 'kubelet-config':
        return { in: kubeletPaths }
      case 'kube-proxy-config':
        return { in: [proxy.path] }
      case 'kube-scheduler-config':
        return { in: [schedulerPath, clusterPath] }
      case 'flag':
        return component === 'kube-scheduler' && isClientLimit(setting.flag) && setsSchedulerFields(all)
          ? { in: [schedulerPath] }
          : { in: [clusterPath] }
      case 'feature-gate':
        if (component === 'kubelet') return { in: kubeletPaths }
        return { in: [component === 'kube-proxy' ? proxy.path : clusterPath] }
      case 'environment':
        if (component === 'kubelet') return { in: [unitPath('kubelet')] }
        if (component === 'kube-proxy')
          return {
            because: "kube-proxy's configuration has no variables",
            instead: `Run kubectl -n kube-system set env daemonset/kube-proxy ${setting.variable}=${value}`,
          }
        return { in: [clusterPath] }
      case 'sysctl':
        return { in: sysctlPaths }
      case 'process':
        return {
          because: 'kubeadm runs etcd in a static pod, which has no priorities of processes',
          instead: `On each etcd host, after every start of etcd, for every thread of it, run ${inEachThread(setting.attribute === 'nice' ? `renice -n ${value}` : `ionice ${ioniceOptions(String(value))}`)}; or run etcd under systemd (--for systemd)`,
        }
      case 'etcd-split':
        return needsClusters
      case 'wal-disk':
        return needsDisk
      case 'by-hand':
        return oneShot(setting.what)
    }
  },
}

const kubeletPaths = [kubeletPatch.path, kubeletDropIn.path]

/** The kernel keeps priorities per thread: with the process's id, one of many is changed. */
function inEachThread(command: string): string {
  return `\`for task in /proc/$(pgrep -x etcd)/task/*; do ${command} -p \${task##*/}; done\``
}

/** Of `best-effort: prio 0`, as ionice prints it. */
function ioniceOptions(priority: string): string {
  const { name, level } = ioPriorityOf(priority)
  return level === undefined || name === 'none' ? `-c ${name}` : `-c ${name} -n ${level}`
}
