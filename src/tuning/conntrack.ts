/** kube-proxy's fields of the same names. */
export interface ConntrackSettings {
  /** Connections per core; 0 leaves the table alone. */
  maxPerCore: number
  min: number
}

/** How large kube-proxy wants a host's table of connections to be, and which of its settings says so. */
export interface AskedConntrack {
  max: number
  setBy: 'maxPerCore' | 'min' | 'the cap'
}

/** pkg/proxy/conntrack/sysctls.go, getConntrackMax: since 1.36, maxPerCore x cores is cut off here. */
export const conntrackCap = 1_048_576

/**
 * What kube-proxy asks for (getConntrackMax): maxPerCore x cores, or min where that is more; undefined where it leaves the table as it is. Where
 * the product is above the cap, it is the cap, however large min is; until 1.36, there is none.
 */
export function askedConntrack(
  { maxPerCore, min }: ConntrackSettings,
  { cores, hasCap = true }: { cores: number; hasCap?: boolean },
): AskedConntrack | undefined {
  if (maxPerCore <= 0) return undefined
  const scaled = maxPerCore * cores
  if (hasCap && scaled > conntrackCap) return { max: conntrackCap, setBy: 'the cap' }
  const asked: AskedConntrack = scaled > min ? { max: scaled, setBy: 'maxPerCore' } : { max: min, setBy: 'min' }
  return asked.max > 0 ? asked : undefined
}
