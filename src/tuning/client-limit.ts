import type { KnobValue } from './value.ts'

/** What a client-go client holds its requests to. */
export type ClientLimit =
  /** A token bucket: `burst` requests at once, `qps` a second in the long run. */
  | { kind: 'limited'; qps: number; burst: number }
  /** Switched off: requests go out as they come. */
  | { kind: 'none' }
  /** Not read. */
  | { kind: 'unknown' }

/** client-go rest/config.go: DefaultQPS, DefaultBurst. */
const defaultQps = 5
const defaultBurst = 10

/** A limit as a configuration has it. */
export type KnownLimit = Exclude<ClientLimit, { kind: 'unknown' }>

/**
 * What client-go makes of a client's qps and burst (rest/config.go, RESTClientForConfigAndClient): a qps of 0 is its default of 5, and a
 * burst of 0 its default of 10; with a negative qps there is no limiter at all.
 */
export function clientLimitOf({ qps, burst }: { qps: number; burst: number }): KnownLimit {
  if (qps < 0) return { kind: 'none' }
  return { kind: 'limited', qps: qps === 0 ? defaultQps : qps, burst: burst === 0 ? defaultBurst : burst }
}

/** The limit behind two values as they were read back, null where one was not. */
export function limitRead(qps: KnobValue | null, burst: KnobValue | null): ClientLimit {
  if (typeof qps === 'number' && qps < 0) return { kind: 'none' }
  return typeof qps === 'number' && typeof burst === 'number' ? clientLimitOf({ qps, burst }) : { kind: 'unknown' }
}

/** What a qps means where it does not speak for itself. */
export function meaningOfQps(qps: KnobValue): string | undefined {
  if (qps === 0) return `client-go's default of ${defaultQps} requests a second, separately for each API group`
  return typeof qps === 'number' && qps < 0 ? 'no limit, as client-go has no limiter then' : undefined
}

/** What a burst means where it does not speak for itself. */
export function meaningOfBurst(burst: KnobValue): string | undefined {
  return burst === 0 ? `client-go's default of ${defaultBurst} requests` : undefined
}
