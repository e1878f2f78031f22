import type { MetricSample } from './metrics.ts'

/**
 * Samples of the Prometheus text format, version 0.0.4: all, or those of the metrics in `names`. Comments, timestamps and
 * exemplars are dropped. An apiserver's page has 17,000 samples, of which a run needs a tenth.
 */
export function parsePrometheusText(text: string, names?: ReadonlySet<string>): MetricSample[] {
  const samples: MetricSample[] = []
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('\n', start)
    if (end === -1) end = text.length
    if (end > start && text[start] !== '#') {
      const sample = parseLine(text, start, end, names)
      if (sample !== undefined) samples.push(sample)
    }
    start = end + 1
  }
  return samples
}

function parseLine(
  text: string,
  start: number,
  end: number,
  names: ReadonlySet<string> | undefined,
): MetricSample | undefined {
  let nameEnd = start
  while (nameEnd < end && text[nameEnd] !== '{' && text[nameEnd] !== ' ') nameEnd++
  const name = text.slice(start, nameEnd)
  if (names !== undefined && !names.has(name)) return undefined
  const { labels, next } = text[nameEnd] === '{' ? parseLabels(text, nameEnd + 1, end) : { labels: {}, next: nameEnd }
  const value = toNumber(text.slice(next, end).trim().split(' ', 1)[0] ?? '')
  return value === undefined ? undefined : { name, labels, value }
}

function parseLabels(text: string, from: number, end: number): { labels: Record<string, string>; next: number } {
  const labels: Record<string, string> = {}
  let at = from
  while (at < end && text[at] !== '}') {
    const equals = text.indexOf('=', at)
    const key = text.slice(at, equals).trim()
    let value = ''
    at = equals + 2
    while (at < end && text[at] !== '"') {
      if (text[at] === '\\') {
        at++
        value += text[at] === 'n' ? '\n' : text[at]
      } else value += text[at]
      at++
    }
    labels[key] = value
    at++
    if (text[at] === ',') at++
  }
  return { labels, next: at + 1 }
}

function toNumber(text: string): number | undefined {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  if (text === 'NaN') return Number.NaN
  const value = Number(text)
  return text === '' || Number.isNaN(value) ? undefined : value
}
