import { join } from 'node:path'
import process from 'node:process'
import { hierarchies } from '../e2e-remote/cgroups.ts'
import { binaries, cniFolder, plugins } from '../e2e-remote/requirements.ts'
import { describeUnless, isExecutable } from '../requirements.ts'

/** Program -> the package of Debian that has it. */
const programs = {
  '/usr/sbin/sshd': 'openssh-server',
  '/usr/bin/ssh': 'openssh-client',
  '/usr/bin/sudo': 'sudo',
  '/usr/bin/curl': 'curl',
  '/lib/systemd/systemd': 'systemd',
  '/usr/bin/systemd-run': 'systemd',
  '/usr/bin/nsenter': 'util-linux',
  '/usr/bin/containerd': 'containerd',
  '/usr/bin/ctr': 'containerd',
  '/usr/sbin/runc': 'runc',
  '/usr/sbin/nft': 'nftables',
  '/usr/sbin/iptables': 'iptables',
  ...Object.fromEntries(plugins.map((plugin) => [join(cniFolder, plugin), 'containernetworking-plugins'])),
}

const needed = ['kube-proxy', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'pause']

/** `describe` for a suite whose hosts have sshd and systemd in namespaces; skipped with the reason where they cannot, a failure with CI=true. */
export function describeWithSshHosts(name: string, suite: () => void): void {
  const reasons =
    process.platform === 'linux' ? obstacles() : [`hosts are namespaces of Linux; this is ${process.platform}`]
  describeUnless(reasons, 'ssh hosts are', name, suite)
}

function obstacles(): string[] {
  const missing = Object.entries(programs).filter(([file]) => !isExecutable(file))
  const parts = needed.filter((part) => !isExecutable(join(binaries, part)))
  return [
    ...(process.getuid?.() === 0 ? [] : ['making hosts takes root']),
    ...(missing.length === 0
      ? []
      : [`packages are missing (apt-get install ${[...new Set(missing.map(([, name]) => name))].join(' ')})`]),
    ...(parts.length === 0 ? [] : [`${binaries} lacks ${parts.join(', ')} (make components builds them)`]),
    ...(hierarchies().some(({ version }) => version === 2) ? [] : ['systemd needs cgroup v2']),
  ]
}
