/** The machine whose connections are tracked. */
export interface TrackingHost {
  cores: number
  memoryBytes: number
}

export interface ConntrackSettings {
  /** kube-proxy's conntrack.maxPerCore; 0 leaves the table alone. */
  maxPerCore: number
  /** kube-proxy's conntrack.min. */
  min: number
}

/** How large the table of connections is, and who had the last word. */
export interface ConntrackTable {
  max: number
  setBy: 'the kernel' | 'the sysctl' | 'maxPerCore' | 'min' | 'the cap'
  /** Whether kube-proxy asked for its cap, and so did not look at min. */
  isCapped: boolean
}

type Asked = Pick<ConntrackTable, 'max' | 'setBy'>

/** pkg/proxy/conntrack/sysctls.go, getConntrackMax: since 1.36, maxPerCore x cores is cut off here. */
const mostEntries = 1_048_576

/**
 * The size that kube-proxy asks for (pkg/proxy/conntrack/sysctls.go, getConntrackMax): maxPerCore x cores, or min where that is more;
 * undefined when it leaves the table as it is. Where the product is above the cap, it is the cap, however large min is.
 */
function sizeByKubeProxy({ maxPerCore, min }: ConntrackSettings, cores: number): Asked | undefined {
  if (maxPerCore <= 0) return undefined
  const scaled = maxPerCore * cores
  if (scaled > mostEntries) return { max: mostEntries, setBy: 'the cap' }
  const table: Asked = scaled > min ? { max: scaled, setBy: 'maxPerCore' } : { max: min, setBy: 'min' }
  return table.max > 0 ? table : undefined
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
  const found: Asked =
    sysctl === null
      ? { max: sizeByKernel(host.memoryBytes), setBy: 'the kernel' }
      : { max: sysctl, setBy: 'the sysctl' }
  const asked = kubeProxy === undefined ? undefined : sizeByKubeProxy(kubeProxy, host.cores)
  const isCapped = asked?.setBy === 'the cap'
  return { ...(asked !== undefined && asked.max > found.max ? asked : found), isCapped }
}
