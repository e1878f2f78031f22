import { renderKnobs } from '../../tuning/render.ts'
import { conntrackRemarks } from '../conntrack.ts'
import type { FormatFile } from '../format.ts'
import { head } from './text.ts'

const conntrackModule = 'nf_conntrack'

/** Loads, at boot, the module that a sysctl belongs to: before it is loaded, the kernel has no such key. */
export const moduleFile: FormatFile = {
  path: 'etc/modules-load.d/90-scale-test.conf',
  apply: [`On each host, copy it to /etc/modules-load.d/.`, `$ modprobe ${conntrackModule}`],
  write: (_, circumstances) => `${head(circumstances)}${conntrackModule}\n`,
}

/** What the kernel of each host is told at boot. */
export const sysctlFile: FormatFile = {
  path: 'etc/sysctl.d/90-scale-test.conf',
  apply: ['On each host, copy it to /etc/sysctl.d/.', '$ sysctl --system', '$ sysctl net.netfilter.nf_conntrack_max'],
  write: (requests, circumstances, all) =>
    [
      head(circumstances, ...conntrackRemarks(all, circumstances)),
      ...Object.entries(renderKnobs(requests).sysctls).map(([key, value]) => `${key} = ${value}\n`),
    ].join(''),
}

/** The files that a sysctl needs. */
export const sysctlFiles: readonly FormatFile[] = [moduleFile, sysctlFile]
export const sysctlPaths: readonly string[] = sysctlFiles.map(({ path }) => path)
