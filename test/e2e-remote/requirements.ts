import { join } from 'node:path'
import process from 'node:process'
import { locateComponents, versionBinaries } from '../../src/components/components.ts'
import { root } from '../e2e/components.ts'
import { describeUnless, isExecutable } from '../requirements.ts'

/** Where Debian puts them. */
export const cniFolder = '/usr/lib/cni'

/** Program -> the package of Debian that has it. */
const programs = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
}
/** Those that machines need. */
export const plugins = ['bridge', 'host-local', 'loopback']

const place = locateComponents({ sourceFolder: join(root, 'components'), binaries: versionBinaries }, process.env)

/** Folder of the components, the host's kubelet among them. */
export const binaries = place.folder

/**
 * `describe` for a suite that starts a host cluster. Where that is not possible it is skipped, and says why; with
 * CI=true that is a failure, since a pipeline that silently skips proves nothing.
 */
export function describeWithHostCluster(name: string, suite: () => void): void {
  describeUnless(obstacles(), 'a host cluster is', name, suite)
}

/** What keeps this machine from running a host cluster. */
function obstacles(): string[] {
  if (process.platform !== 'linux') return [`machines are made of namespaces of Linux; this is ${process.platform}`]
  const reasons = process.getuid?.() === 0 ? [] : ['making machines takes root']
  const path = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  const missing = Object.entries(programs).filter(
    ([program]) => !path.some((folder) => isExecutable(join(folder, program))),
  )
  const packages = new Set(missing.map(([, name]) => name))
  if (!plugins.every((plugin) => isExecutable(join(cniFolder, plugin)))) packages.add('containernetworking-plugins')
  if (packages.size > 0) reasons.push(`packages are missing (apt-get install ${[...packages].join(' ')})`)
  if (place.missing.length > 0)
    reasons.push(`${binaries} lacks ${place.missing.join(', ')} (make components builds them)`)
  return reasons
}
