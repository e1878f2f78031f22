import type { Component } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { renderKnobs } from '../../tuning/render.ts'
import { conntrackRemarks } from '../conntrack.ts'
import { oneShot } from '../files/kube-proxy.ts'
import { needsClusters, needsDisk } from '../files/split.ts'
import { moduleFile } from '../files/sysctl.ts'
import { head, yaml } from '../files/text.ts'
import { etcdVariable, unitFile, unitPath } from '../files/units.ts'
import type { Format, FormatFile, Place } from '../format.ts'

/*
 * Names and templates as of kubespray v2.31 (roles/kubespray_defaults, roles/etcd_defaults, roles/kubernetes/{control-plane,node}/defaults
 * and templates). Where there is a variable, it has to be used: kubespray writes the setting from it in any case.
 */
const flagVariables: Partial<Record<Component, Readonly<Record<string, string>>>> = {
  'kube-apiserver': {
    'default-not-ready-toleration-seconds': 'kube_apiserver_pod_eviction_not_ready_timeout_seconds',
    'default-unreachable-toleration-seconds': 'kube_apiserver_pod_eviction_unreachable_timeout_seconds',
    'etcd-compaction-interval': 'kube_apiserver_etcd_compaction_interval',
    'event-ttl': 'event_ttl_duration',
    'request-timeout': 'kube_apiserver_request_timeout',
  },
  'kube-controller-manager': {
    'node-monitor-grace-period': 'kube_controller_node_monitor_grace_period',
    'node-monitor-period': 'kube_controller_node_monitor_period',
    'terminated-pod-gc-threshold': 'kube_controller_terminated_pod_gc_threshold',
  },
  etcd: {
    'heartbeat-interval': 'etcd_heartbeat_interval',
    'election-timeout': 'etcd_election_timeout',
    'snapshot-count': 'etcd_snapshot_count',
    'quota-backend-bytes': 'etcd_quota_backend_bytes',
    'auto-compaction-retention': 'etcd_compaction_retention',
    'max-request-bytes': 'etcd_max_request_bytes',
  },
}
const extraArguments: Partial<Record<Component, string>> = {
  'kube-apiserver': 'kube_kubeadm_apiserver_extra_args',
  'kube-controller-manager': 'kube_kubeadm_controller_extra_args',
  'kube-scheduler': 'kube_kubeadm_scheduler_extra_args',
}
const gateVariables: Partial<Record<Component, string>> = {
  'kube-apiserver': 'kube_apiserver_feature_gates',
  'kube-controller-manager': 'kube_controller_feature_gates',
  'kube-scheduler': 'kube_scheduler_feature_gates',
  'kube-proxy': 'kube_proxy_feature_gates',
  kubelet: 'kubelet_feature_gates',
}
const kubeletVariables: Readonly<Record<string, string>> = {
  maxPods: 'kubelet_max_pods',
  nodeStatusUpdateFrequency: 'kubelet_status_update_frequency',
  eventRecordQPS: 'kubelet_event_record_qps',
  podPidsLimit: 'kubelet_pod_pids_limit',
  maxParallelImagePulls: 'kubelet_max_parallel_image_pulls',
  containerLogMaxFiles: 'kubelet_logfiles_max_nr',
  containerLogMaxSize: 'kubelet_logfiles_max_size',
  evictionHard: 'eviction_hard',
}
/** What kubelet-config.v1beta1.yaml.j2 also writes: a kubelet refuses a field that is given twice. */
const kubeletTemplate = new Set(
  `failSwapOn authentication authorization failCgroupV1 enforceNodeAllocatable staticPodPath cgroupDriver containerRuntimeEndpoint
   address readOnlyPort healthzPort healthzBindAddress kubeletCgroups clusterDomain protectKernelDefaults rotateCertificates
   serverTLSBootstrap clusterDNS kubeReserved kubeReservedCgroup systemReserved systemReservedCgroup evictionHard resolvConf
   tlsMinVersion tlsCipherSuites shutdownGracePeriod shutdownGracePeriodCriticalPods memorySwap streamingConnectionIdleTimeout
   imageGCHighThresholdPercent imageGCLowThresholdPercent makeIPTablesUtilChains seccompDefault cpuManagerPolicy
   cpuManagerPolicyOptions topologyManagerPolicy topologyManagerScope tracing`.split(/\s+/),
)
const proxyVariables: Readonly<Record<string, string>> = {
  mode: 'kube_proxy_mode',
  'ipvs.minSyncPeriod': 'kube_proxy_min_sync_period',
  'ipvs.syncPeriod': 'kube_proxy_sync_period',
  'ipvs.scheduler': 'kube_proxy_scheduler',
  'conntrack.maxPerCore': 'kube_proxy_conntrack_max_per_core',
  'conntrack.min': 'kube_proxy_conntrack_min',
}
const schedulerClient = 'kube_scheduler_client_conn_extra_opts'

/** One step for both files of variables. */
const applyVariables = [
  "Copy group_vars/ into your inventory's; a variable that another file there sets, too, has to be in one of them only. New cluster: run cluster.yml as usual. Otherwise, this also rewrites the control plane, node by node (with the kube_version that the cluster has):",
  '$ ansible-playbook -i INVENTORY -b upgrade-cluster.yml',
]

const clusterVariables: FormatFile = {
  path: 'group_vars/k8s_cluster/scale-test.yml',
  apply: applyVariables,
  write: (requests, circumstances, all) =>
    head(
      circumstances,
      'Dictionaries and lists replace those of the same name elsewhere: merge yours into them.',
      ...conntrackRemarks(all, circumstances),
    ) + yaml(clusterFields(requests)),
}

/** For all hosts: kubespray reads variables of etcd on control-plane nodes as well. */
const etcdVariables: FormatFile = {
  path: 'group_vars/all/scale-test-etcd.yml',
  apply: applyVariables,
  write: (requests, circumstances) =>
    head(
      circumstances,
      "etcd_extra_vars holds variables of etcd, for etcd_deployment_type host (kubespray's default).",
    ) + yaml(etcdFields(requests)),
}

const etcdUnit: FormatFile = {
  ...unitFile('etcd', 'etcd host'),
  apply: [
    'With etcd_deployment_type host, etcd is a unit on its hosts; kubespray has no variable for its priorities, and leaves drop-ins alone:',
    `$ ansible etcd -i INVENTORY -b -m file -a 'path=/etc/systemd/system/etcd.service.d state=directory'`,
    `$ ansible etcd -i INVENTORY -b -m copy -a 'src=${unitPath('etcd')} dest=/${unitPath('etcd')}'`,
    `$ ansible etcd -i INVENTORY -b -f 1 -m systemd -a 'name=etcd daemon_reload=true state=restarted'`,
  ],
}

const kubeletUnit: FormatFile = unitFile('kubelet', 'node')

/** A dictionary or list below a variable, or the variable itself. */
type Variables = Record<string, unknown>

function put(variables: Variables, name: string, key: string, value: unknown): void {
  variables[name] = { ...(variables[name] as Variables | undefined), [key]: value }
}

function clusterFields(requests: readonly KnobRequest[]): Variables {
  const { flags, kubeletConfiguration, proxyConfiguration, schedulerConfiguration, sysctls } = renderKnobs(requests)
  const variables: Variables = {}
  for (const [component, extra] of Object.entries(extraArguments) as [Component, string][])
    for (const [flag, value] of Object.entries(flags[component] ?? {})) {
      const variable = flagVariables[component]?.[flag]
      if (variable !== undefined) variables[variable] = value
      else if (flag === 'feature-gates') variables[gateVariables[component] ?? ''] = value.split(',')
      else if (component === 'kube-scheduler' && flag === 'kube-api-qps')
        put(variables, schedulerClient, 'qps', Number(value))
      else if (component === 'kube-scheduler' && flag === 'kube-api-burst')
        put(variables, schedulerClient, 'burst', Number(value))
      else put(variables, extra, flag, value)
    }
  const { clientConnection = {}, leaderElection = {}, profiles, extenders, ...schedulerRest } = schedulerConfiguration
  for (const [name, value] of Object.entries(clientConnection as Variables))
    put(variables, schedulerClient, name, value)
  for (const [name, value] of Object.entries(leaderElection as Variables))
    put(variables, 'kube_scheduler_leader_elect_extra_opts', name, value)
  if (profiles !== undefined) variables['kube_scheduler_profiles'] = profiles
  if (extenders !== undefined) variables['kube_scheduler_extenders'] = extenders
  for (const [name, value] of Object.entries(schedulerRest))
    put(variables, 'kube_scheduler_config_extra_opts', name, value)

  const { featureGates, ...kubeletRest } = kubeletConfiguration
  for (const [field, value] of Object.entries(kubeletRest)) {
    const variable = kubeletVariables[field]
    if (variable === undefined) put(variables, 'kubelet_config_extra_args', field, value)
    else variables[variable] = value
  }
  putGates(variables, 'kubelet', featureGates)
  for (const [field, variable] of Object.entries(proxyVariables)) {
    const value = field
      .split('.')
      .reduce<unknown>((fields, name) => (fields as Variables | undefined)?.[name], proxyConfiguration)
    if (value !== undefined) variables[variable] = value
  }
  putGates(variables, 'kube-proxy', proxyConfiguration['featureGates'])
  if (Object.keys(sysctls).length > 0)
    variables['additional_sysctl'] = Object.entries(sysctls).map(([name, value]) => ({ name, value: Number(value) }))
  return variables
}

function putGates(variables: Variables, component: Component, gates: unknown): void {
  if (gates === undefined) return
  variables[gateVariables[component] ?? ''] = Object.entries(gates as Variables).map(([gate, is]) => `${gate}=${is}`)
}

function etcdFields(requests: readonly KnobRequest[]): Variables {
  const { flags, environment, etcdSplit } = renderKnobs(requests)
  const variables: Variables = {}
  for (const [flag, value] of Object.entries(flags.etcd ?? {})) {
    const variable = flagVariables.etcd?.[flag]
    if (variable === undefined) put(variables, 'etcd_extra_vars', etcdVariable(flag), value)
    else variables[variable] = value
  }
  for (const [name, value] of Object.entries(environment.etcd ?? {})) put(variables, 'etcd_extra_vars', name, value)
  if (etcdSplit.includes(events)) {
    variables['etcd_events_cluster_enabled'] = true
    variables['etcd_events_cluster_setup'] = true
  }
  return variables
}

/** The one resource that kubespray can give an etcd of its own. */
const events = '/events'

/** Clusters that kubespray runs, with etcd under systemd on its hosts. */
export const kubespray: Format = {
  files: [moduleFile, clusterVariables, etcdVariables, etcdUnit, kubeletUnit],
  placeOf({ knob, value }): Place {
    const { component, setting } = knob
    const cluster = { in: [clusterVariables.path] }
    switch (setting.via) {
      case 'kubelet-config': {
        const [field = ''] = setting.field.split('.')
        if (kubeletVariables[field] === undefined && kubeletTemplate.has(field))
          return {
            because: `kubespray writes ${field} itself, and a kubelet refuses a field that is given twice`,
            instead: 'Set its variable: roles/kubernetes/node/templates/kubelet-config.v1beta1.yaml.j2 names it',
          }
        return cluster
      }
      case 'kube-proxy-config':
        return proxyVariables[setting.field] === undefined
          ? {
              because: 'kubespray has no variable for it',
              instead:
                'Merge it into config.conf of the ConfigMap kube-proxy in kube-system (--for kubeadm writes it), after each run of kubespray, and restart the pods',
            }
          : cluster
      case 'flag':
        return component === 'etcd' ? { in: [etcdVariables.path] } : cluster
      case 'feature-gate':
        return component === 'etcd' ? { in: [etcdVariables.path] } : cluster
      case 'kube-scheduler-config':
        return cluster
      case 'sysctl':
        return { in: [moduleFile.path, clusterVariables.path] }
      case 'environment':
        if (component === 'etcd') return { in: [etcdVariables.path] }
        if (component === 'kubelet') return { in: [unitPath('kubelet')] }
        return {
          because: 'kubespray has no variable for the environment of its pods',
          instead:
            'Add it to the env of the container with a patch in kubeadm_patches, or to the DaemonSet of kube-proxy',
        }
      case 'process':
        return { in: [unitPath('etcd')] }
      case 'etcd-split': {
        const parts = String(value).split(',')
        if (!parts.includes(events)) return needsClusters
        return parts.length === 1
          ? { in: [etcdVariables.path] }
          : {
              in: [etcdVariables.path],
              because: `kubespray has a second etcd for ${events}, and for nothing else`,
              ...(needsClusters.instead === undefined ? {} : { instead: needsClusters.instead }),
            }
      }
      case 'wal-disk':
        return needsDisk
      case 'by-hand':
        return oneShot(setting.what)
    }
  },
}
