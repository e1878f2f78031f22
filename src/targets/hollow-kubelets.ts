import type { Knob } from '../tuning/knob.ts'

/**
 * Fields of a KubeletConfiguration that hollow nodes set themselves, whatever they are given, and all below them: what reaches for the
 * machine, or would be shared by all nodes of a process (components/hollow-node: detachFromMachine, admitClients, newHollowNodes,
 * startNode).
 */
export const fixedFields = [
  'address',
  'authentication',
  'authorization',
  'cgroupRoot',
  'cgroupsPerQOS',
  'enableServer',
  'enableSystemLogHandler',
  'enableSystemLogQuery',
  'enforceNodeAllocatable',
  'evictionHard',
  'evictionMinimumReclaim',
  'evictionSoft',
  'evictionSoftGracePeriod',
  'failCgroupV1',
  'healthzPort',
  'kubeletCgroups',
  'makeIPTablesUtilChains',
  'maxOpenFiles',
  'podLogsDir',
  'port',
  'providerID',
  'readOnlyPort',
  'resolvConf',
  'rotateCertificates',
  'serverTLSBootstrap',
  'shutdownGracePeriod',
  'shutdownGracePeriodByPodPriority',
  'shutdownGracePeriodCriticalPods',
  'singleProcessOOMKill',
  'staticPodPath',
  'staticPodURL',
  'staticPodURLHeader',
  'systemCgroups',
  'tlsCertFile',
  'tlsPrivateKeyFile',
] as const

/** Why hollow nodes do not honour a knob of the kubelet; undefined where they do. */
export function fixedOnHollowNodes({ setting }: Pick<Knob, 'setting'>): string | undefined {
  if (setting.via !== 'kubelet-config') return undefined
  const isFixed = fixedFields.some((field) => setting.field === field || setting.field.startsWith(`${field}.`))
  return isFixed ? `hollow nodes have no machine of their own, and set ${setting.field} themselves` : undefined
}
