import { stringify } from 'yaml'

const image = 'kube-scheduler:e2e'
/** Its only rights are those of its kubeconfig, as kubeadm has it. */
export const schedulerKubeconfig = '/etc/kubernetes/scheduler.conf'
/** Where the kubelet looks for static pods. */
export const manifests = '/etc/kubernetes/manifests'

/** An image with nothing but the real kube-scheduler. */
export const schedulerImage = { image, program: 'kube-scheduler' }

/** A second scheduler as a static pod, with the probe that kubeadm gives it; another leads, and this one waits. */
export function schedulerManifest(): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'kube-scheduler', namespace: 'kube-system' },
    spec: {
      hostNetwork: true,
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name: 'kube-scheduler',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: [
            '/kube-scheduler',
            `--kubeconfig=${schedulerKubeconfig}`,
            `--authentication-kubeconfig=${schedulerKubeconfig}`,
            `--authorization-kubeconfig=${schedulerKubeconfig}`,
            '--bind-address=127.0.0.1',
            '--leader-elect=true',
          ],
          readinessProbe: {
            httpGet: { host: '127.0.0.1', path: '/healthz', port: 10259, scheme: 'HTTPS' },
            periodSeconds: 1,
          },
          volumeMounts: [{ name: 'kubernetes', mountPath: '/etc/kubernetes', readOnly: true }],
        },
      ],
      volumes: [{ name: 'kubernetes', hostPath: { path: '/etc/kubernetes' } }],
    },
  })
}
