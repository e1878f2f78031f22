import { stringify } from 'yaml'
import { Failure } from '../../base/errors.ts'
import { excerpt } from '../../base/excerpt.ts'
import type { Remote } from '../ssh.ts'
import type { Host, HostComponent, Running } from './section.ts'
import { hostComponents } from './section.ts'

/** Units that run a component under another name. */
const unitNames: Partial<Record<HostComponent, readonly string[]>> = { etcd: ['etcd', 'etcd-member'] }
const manifests = '/etc/kubernetes/manifests'

/** What was found on a host. */
export interface Discovered {
  host: Host
  /** Whatever starts it. */
  runsKubeProxy: boolean
}

/** Reads only: which components a host runs, and how. Health URLs are those that answer. */
export async function discoverHost(remote: Remote, { ssh, sudo }: Pick<Host, 'ssh' | 'sudo'>): Promise<Discovered> {
  const { status, output } = await remote.run(script())
  if (status !== 0)
    throw new Failure('infrastructure', `${remote.name}: looking around failed: ${excerpt(output, 200)}`)
  const components: Partial<Record<HostComponent, Running>> = {}
  for (const line of output.split('\n')) {
    const [kind = '', name = '', value = ''] = line.split(' ')
    const component = hostComponents.find((one) => one === name)
    if (component === undefined || value === '') continue
    // A unit first: where both are there, a manifest may be left over.
    if (kind === 'manifest') components[component] ??= { manifest: value }
    if (kind === 'unit' && component !== 'kubelet') components[component] = { unit: value }
    if (kind === 'kubelet') components.kubelet = { unit: value, config: line.split(' ')[3] ?? '' }
    const found = components[component]
    if (kind === 'health' && found !== undefined && found.health === undefined)
      components[component] = { ...found, health: value }
  }
  // The schema of clusters.yaml makes sure of the rest when it is read again.
  const host = { ssh, sudo, components: components as Host['components'] }
  return { host, runsKubeProxy: output.split('\n').includes('kube-proxy') }
}

/** As `clusters.yaml` has it. */
export function hostsSection(found: readonly Discovered[]): string {
  const lean = found.map(({ host: { ssh, sudo, components } }) => ({ ssh, ...(sudo && { sudo }), components }))
  const hint = found.some(({ runsKubeProxy }) => runsKubeProxy)
    ? '# kube-proxy runs there. If a DaemonSet starts it, as with kubeadm, add this to change it, too (docs/tuning-hosts.md):\n# kubeProxy: {}\n'
    : ''
  return `${stringify({ hosts: lean }, { lineWidth: 0 })}${hint}`
}

/** Ports are those that the components listen on unless told otherwise; kubeadm tells etcd to serve its health on 2381. */
const healthUrls: Readonly<Record<HostComponent, readonly string[]>> = {
  etcd: ['http://127.0.0.1:2381/health', 'http://127.0.0.1:2379/health'],
  'kube-apiserver': ['https://127.0.0.1:6443/readyz'],
  'kube-controller-manager': ['https://127.0.0.1:10257/healthz'],
  'kube-scheduler': ['https://127.0.0.1:10259/healthz'],
  kubelet: ['http://127.0.0.1:10248/healthz'],
}

function script(): string {
  const lines = hostComponents.flatMap((component) => [
    ...(component === 'kubelet'
      ? [
          // Its own argument says where its configuration is.
          `pid=$(systemctl show -p MainPID --value kubelet.service 2>/dev/null || echo 0)`,
          `if [ "\${pid:-0}" != 0 ]; then config=$(tr '\\0' '\\n' <"/proc/$pid/cmdline" | sed -n 's/^--config=//p' | tail -n 1); [ -z "$config" ] || echo "kubelet kubelet kubelet.service $config"; fi`,
        ]
      : [
          `[ ! -f ${manifests}/${component}.yaml ] || echo "manifest ${component} ${manifests}/${component}.yaml"`,
          ...(unitNames[component] ?? [component]).map(
            (unit) =>
              `[ "$(systemctl show -p ActiveState --value ${unit}.service 2>/dev/null || :)" != active ] || echo "unit ${component} ${unit}.service"`,
          ),
        ]),
    ...healthUrls[component].map(
      (url) =>
        `case $(curl -ks -o /dev/null -m 2 -w '%{http_code}' ${url} || :) in 2*) echo "health ${component} ${url}" ;; esac`,
    ),
  ])
  const proxy = `for file in /proc/[0-9]*/exe; do case $(readlink "$file" 2>/dev/null || :) in */kube-proxy) echo kube-proxy; break ;; esac; done`
  return [...lines, proxy].join('\n')
}
