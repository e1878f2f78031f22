import type { Component } from '../../tuning/knob.ts'
import { renderKnobs, schedulerFile } from '../../tuning/render.ts'
import { oneShot, proxyConfiguration } from '../files/kube-proxy.ts'
import { kubeletDropIn } from '../files/kubelet.ts'
import { needsClusters, needsDisk } from '../files/split.ts'
import { sysctlFiles, sysctlPaths } from '../files/sysctl.ts'
import { head, yaml } from '../files/text.ts'
import { isOneWord, unitFile, unitPath } from '../files/units.ts'
import type { Format, FormatFile } from '../format.ts'
import { isClientLimit, setsSchedulerFields } from './scheduler-fields.ts'

const controlPlaneHost = 'control-plane host'

const schedulerConfiguration: FormatFile = {
  path: 'etc/kubernetes/kube-scheduler-configuration.yaml',
  apply: [
    'On each control-plane host, merge it into the file that kube-scheduler.service names with --config. If there is none, copy it to /etc/kubernetes/, and add --config=/etc/kubernetes/kube-scheduler-configuration.yaml.',
    '$ systemctl restart kube-scheduler',
  ],
  write: (requests, circumstances) => {
    const { schedulerConfiguration: fields, flags } = renderKnobs(requests)
    const { file } = schedulerFile(fields, {
      kubeconfig: '/etc/kubernetes/scheduler.conf',
      flags: flags['kube-scheduler'],
    })
    return (
      head(circumstances, 'clientConnection.kubeconfig has to be the file that your kube-scheduler uses.') + yaml(file)
    )
  },
}

const proxy = proxyConfiguration('etc/kubernetes/kube-proxy-configuration.yaml', [
  'On each node, merge it into the file that kube-proxy.service names with --config.',
  '$ systemctl restart kube-proxy',
])

/** Components that are plain units, called as they are: etcd.service, kube-apiserver.service. */
export const systemd: Format = {
  files: [
    ...sysctlFiles,
    unitFile('etcd', 'etcd host'),
    unitFile('kube-apiserver', controlPlaneHost),
    unitFile('kube-controller-manager', controlPlaneHost),
    schedulerConfiguration,
    unitFile('kube-scheduler', controlPlaneHost),
    kubeletDropIn,
    unitFile('kubelet', 'node'),
    proxy,
    unitFile('kube-proxy', 'node'),
  ],
  placeOf({ knob, value }, _, all) {
    const { component, setting } = knob
    switch (setting.via) {
      case 'kubelet-config':
        return { in: [kubeletDropIn.path] }
      case 'kube-proxy-config':
        return { in: [proxy.path] }
      case 'kube-scheduler-config':
        return { in: [schedulerConfiguration.path] }
      case 'flag':
        if (isClientLimit(setting.flag) && component === 'kube-scheduler' && setsSchedulerFields(all))
          return { in: [schedulerConfiguration.path] }
        if (component !== 'etcd' && !isOneWord(value))
          return {
            because: 'systemd would make several words of its value',
            instead: `Write --${setting.flag} into the ExecStart of ${component}.service`,
          }
        return { in: [unitPath(component)] }
      case 'feature-gate':
        return { in: [fileOfGates(component)] }
      case 'environment':
      case 'process':
        return { in: [unitPath(component)] }
      case 'sysctl':
        return { in: sysctlPaths }
      case 'etcd-split':
        return needsClusters
      case 'wal-disk':
        return needsDisk
      case 'by-hand':
        return oneShot(setting.what)
    }
  },
}

/** Kubelets and kube-proxies are told gates in their configuration, all others by a flag. */
function fileOfGates(component: Component): string {
  if (component === 'kubelet') return kubeletDropIn.path
  return component === 'kube-proxy' ? proxy.path : unitPath(component)
}
