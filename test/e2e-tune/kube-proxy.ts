import type { Manifest } from '../e2e-remote/rights.ts'

const image = 'kube-proxy:e2e'
const namespace = 'kube-system'
const name = 'kube-proxy'
const labels = { 'k8s-app': name }

/** Where a machine has the credentials of its kube-proxy. */
export const proxyKubeconfig = '/etc/kubernetes/kube-proxy.conf'

/** Debian finds out by links in /etc, which the pod does not have, which iptables is meant. */
const wrappers = ['iptables', 'ip6tables'].flatMap((program) =>
  ['', '-save', '-restore'].map((kind) => ({
    path: `xtables/${program}${kind}`,
    mode: 0o755,
    content: [Buffer.from(`#!/bin/sh\nexec /usr/sbin/xtables-nft-multi ${program}${kind} "$@"\n`)],
  })),
)

/** An image with nothing else but the real kube-proxy. */
export const proxyImage = { image, program: 'kube-proxy', files: [{ path: 'xtables', mode: 0o755 }, ...wrappers] }

/**
 * The objects of kubeadm's kube-proxy (cmd/kubeadm/app/phases/addons/proxy/manifests.go), whose iptables and nft are those of the machine. In a
 * network namespace, the kernel's table of connections is not its to size.
 */
export function kubeProxyObjects(): Manifest[] {
  const configuration = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
# as kubeadm has it
mode: ""
clientConnection:
  kubeconfig: ${proxyKubeconfig}
conntrack:
  maxPerCore: 0
  min: 0
  tcpCloseWaitTimeout: 0s
  tcpEstablishedTimeout: 0s
`
  /** Folder of the machine -> where the pod has it. */
  const mounts = Object.entries({
    '/usr': '/usr',
    '/usr/bin': '/bin',
    '/usr/sbin': '/sbin',
    '/usr/lib': '/lib',
    '/usr/lib64': '/lib64',
    '/etc/kubernetes': '/etc/kubernetes',
    '/run': '/run',
  })
  const nameOf = (path: string) => path.slice(1).replaceAll('/', '-')
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, labels: { app: name } },
      data: { 'config.conf': configuration },
    } as Manifest,
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name, namespace, labels },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            priorityClassName: 'system-node-critical',
            hostNetwork: true,
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 5,
            tolerations: [{ operator: 'Exists' }],
            containers: [
              {
                name,
                image,
                imagePullPolicy: 'IfNotPresent',
                command: [
                  '/kube-proxy',
                  '--config=/var/lib/kube-proxy/config.conf',
                  '--hostname-override=$(NODE_NAME)',
                ],
                env: [
                  { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
                  { name: 'PATH', value: '/xtables:/usr/sbin:/usr/bin' },
                ],
                securityContext: { privileged: true },
                volumeMounts: [
                  { name, mountPath: '/var/lib/kube-proxy' },
                  ...mounts.map(([path, mountPath]) => ({ name: nameOf(path), mountPath })),
                ],
              },
            ],
            volumes: [
              { name, configMap: { name } },
              ...mounts.map(([path]) => ({ name: nameOf(path), hostPath: { path } })),
            ],
          },
        },
      },
    },
  ]
}
