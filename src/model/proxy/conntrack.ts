import type { AskedConntrack, ConntrackSettings } from '../../tuning/conntrack.ts'
import { askedConntrack } from '../../tuning/conntrack.ts'

/** The machine whose connections are tracked. */
export interface TrackingHost {
  cores: number
  memoryBytes: number
}

/** How large the table of connections is, and who had the last word. */
export interface ConntrackTable {
  max: number
  setBy: 'the kernel' | 'the sysctl' | AskedConntrack['setBy']
  /** Whether kube-proxy asked for its cap, and so did not look at min. */
  isCapped: boolean
}

/**
 * The size that the kernel starts with (net/netfilter/nf_conntrack_core.c, nf_conntrack_init_start, since 5.15): as many entries as its hash
 * table has buckets, of 8 bytes each: a 16384th of the memory, 65536 above 1 GiB, 262144 above 4 GiB.
 */
function sizeByKernel(memoryBytes: number): number {
  const gibibyte = 2 ** 30
  if (memoryBytes > 4 * gibibyte) return 262_144
  if (memoryBytes > gibibyte) return 65_536
  return Math.max(1024, Math.floor(memoryBytes / 16_384 / 8))
}

/**
 * nf_conntrack_max of a host, in the order in which it is set: the kernel's own value, the sysctl at boot, then kube-proxy when it starts
 * (cmd/kube-proxy/app/server_linux.go, platformSetup), which since 1.37 only raises it (pkg/proxy/conntrack/sysctls.go, setSysctls; until 1.36,
 * it also lowered it). Undefined `kubeProxy`: none runs there.
 */
export function conntrackTableOf(
  host: TrackingHost,
  sysctl: number | null,
  kubeProxy: ConntrackSettings | undefined,
): ConntrackTable {
  const found: Pick<ConntrackTable, 'max' | 'setBy'> =
    sysctl === null
      ? { max: sizeByKernel(host.memoryBytes), setBy: 'the kernel' }
      : { max: sysctl, setBy: 'the sysctl' }
  const asked = kubeProxy && askedConntrack(kubeProxy, host)
  const isCapped = asked?.setBy === 'the cap'
  return { ...(asked !== undefined && asked.max > found.max ? asked : found), isCapped }
}
