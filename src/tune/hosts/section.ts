import { z } from 'zod'

/** Components that hosts run, in the order in which a host's are changed. */
export const hostComponents = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
] as const
export type HostComponent = (typeof hostComponents)[number]

const absolutePath = z
  .string()
  .regex(/^\/[^\0\n]*[^\0\n/]$/, 'expected an absolute path')
  .refine((path) => !path.split('/').includes('..'), 'expected a path without ..')
const health = z
  .string()
  .regex(/^https?:\/\/[^\s@]+$/, 'expected a URL such as http://127.0.0.1:2381/readyz')
  .optional()
  .describe(
    'Answers 2xx, asked on the host itself, when the component is well. Without one, the process only has to stay up.',
  )
const unit = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:_.@-]*\.service$/, 'expected a unit such as etcd.service')

const staticPod = z.strictObject({
  manifest: absolutePath.describe('Its manifest, from which the kubelet starts it.'),
  health,
})
const systemdUnit = z.strictObject({ unit: unit.describe('Its systemd unit.'), health })
const kubelet = z.strictObject({
  unit: unit.describe('Its systemd unit.'),
  config: absolutePath.describe('Its KubeletConfiguration.'),
  health,
})

const runs = z.union([staticPod, systemdUnit], { error: 'expected a manifest or a unit' }).optional()

/** How one host is reached and how it runs its components; `tune discover` writes it. */
export function hostSection() {
  return z.strictObject({
    ssh: z
      .string()
      .max(300)
      .regex(
        /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:@[A-Za-z0-9:][A-Za-z0-9:.-]*)?$/,
        'expected user@host, or the name of a host in the ssh configuration',
      )
      .describe(
        'Where ssh goes: user@host, or a Host of the ssh configuration, which may set port, key and jump hosts.',
      ),
    sudo: z.boolean().default(false).describe('Whether root is reached through `sudo -n`, which must not ask.'),
    components: z
      .strictObject({
        etcd: runs.describe('How it runs etcd.'),
        'kube-apiserver': runs.describe('How it runs the API server.'),
        'kube-controller-manager': runs.describe('How it runs the controller manager.'),
        'kube-scheduler': runs.describe('How it runs the scheduler.'),
        kubelet: kubelet.optional().describe('How it runs the kubelet.'),
      })
      .describe('What runs on the host and is tuned there; anything not listed is left alone.'),
  })
}

/** Where a cluster keeps the configuration of kube-proxy, and what runs it: kubeadm's names when absent. */
export function kubeProxySection() {
  const objectName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'expected the name of an object')
  return z.strictObject({
    namespace: objectName.default('kube-system').describe('Where both objects are.'),
    configMap: objectName.default('kube-proxy').describe('The ConfigMap with its configuration file.'),
    key: z.string().min(1).max(253).default('config.conf').describe('Which of its entries that is.'),
    daemonSet: objectName.default('kube-proxy').describe('The DaemonSet that runs it.'),
  })
}
/** Where a cluster has its kube-proxy. */
export type KubeProxySection = z.infer<ReturnType<typeof kubeProxySection>>

/** Where the settings of one cluster are changed. */
export interface Places {
  hosts: readonly Host[]
  kubeProxy: KubeProxySection | undefined
}

/** One host of a cluster, as `clusters.yaml` has it. */
export type Host = z.infer<ReturnType<typeof hostSection>>
/** How a component is run. */
export type Running = z.infer<typeof staticPod> | z.infer<typeof systemdUnit> | z.infer<typeof kubelet>
