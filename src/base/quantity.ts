import { parseDurationMs } from './duration.ts'

const binary = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const
const decimal = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 } as const
const suffixes: Record<string, number> = { ...binary, ...decimal }

/** Bytes in a Kubernetes quantity such as `32Gi` or `500M`; undefined when it is not one. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T)?$/.exec(text)
  if (match === null) return undefined
  return Math.round(Number(match[1]) * (match[2] === undefined ? 1 : (suffixes[match[2]] ?? 1)))
}

/** Bytes as people read them: `512 B`, `1.7 MiB`, `2.1 GiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  for (const [suffix, factor] of Object.entries(binary).reverse()) {
    if (bytes >= factor) return `${(bytes / factor).toFixed(1)} ${suffix}B`
  }
  return `${bytes} B`
}

/** What a setting's value lies at on an axis: a number, a duration's seconds, an amount's bytes; undefined for a mere name. */
export function magnitudeOf(value: number | string | boolean): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return undefined
  const durationMs = parseDurationMs(value)
  if (durationMs !== undefined) return durationMs / 1000
  return parseBytes(value.replace(/(?<=\d(?:Ki|Mi|Gi|Ti|k|M|G|T)?)B$|(?<=\d)\/s$/, ''))
}
