import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe } from 'vitest'
import { locateComponents, versionBinaries } from '../../src/components/components.ts'
import { root } from '../e2e/components.ts'

/** Where Debian puts them. */
const cniFolder = '/usr/lib/cni'

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
const plugins = ['bridge', 'host-local', 'loopback']

const place = locateComponents({ sourceFolder: join(root, 'components'), binaries: versionBinaries }, process.env)

/** Folder of the components, the host's kubelet among them. */
export const binaries = place.folder

/**
 * `describe` for a suite that starts a host cluster. Where that is not possible it is skipped, and says why; with
 * CI=true that is a failure, since a pipeline that silently skips proves nothing.
 */
export function describeWithHostCluster(name: string, suite: () => void): void {
  const reasons = obstacles()
  if (reasons.length > 0) {
    const reason = reasons.join('; ')
    if (process.env['CI'] === 'true') throw new Error(`${name}: a host cluster is required in CI; ${reason}`)
    process.stderr.write(`\nSKIPPED: ${name}, because ${reason}\n`)
  }
  describe.skipIf(reasons.length > 0)(name, suite)
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

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
