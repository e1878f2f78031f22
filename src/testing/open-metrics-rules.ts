/*
 * The rules of OpenMetrics 1.0 text, by the ABNF and the sections on types of
 * https://prometheus.io/docs/specs/om/open_metrics_spec/, as far as they concern what reports have.
 */

/** A sample as whoever reads the text understands it. */
export interface ReadSample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

interface Family {
  name: string
  type: string
  unit: string | undefined
  samples: ReadSample[]
}

const descriptor = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/
const sampleForm = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\+Inf|-Inf|NaN|[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/
const labelForm = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g

const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  info: ['_info'],
  summary: ['', '_count', '_sum'],
}

/** The samples of a text that breaks no rule. Throws an `Error` at the first one that it breaks. */
export function openMetricsOf(text: string): ReadSample[] {
  if (!text.endsWith('\n# EOF\n')) throw new Error('does not end with # EOF')
  const families: Family[] = []
  for (const line of text.slice(0, -'# EOF\n'.length).trimEnd().split('\n')) {
    if (line.startsWith('#')) takeDescriptor(line, families)
    else takeSample(line, families)
  }
  for (const family of families) check(family)
  const samples = families.flatMap((family) => family.samples)
  once(families.map(({ name }) => name))
  once(samples.map(({ name, labels }) => `${name}${JSON.stringify(Object.entries(labels).sort())}`))
  return samples
}

function takeDescriptor(line: string, families: Family[]): void {
  const [, keyword, name = '', rest = ''] = descriptor.exec(line) ?? []
  if (keyword === undefined) throw new Error(`no descriptor: ${line}`)
  if (keyword === 'TYPE') {
    families.push({ name, type: rest, unit: undefined, samples: [] })
    return
  }
  const family = families.at(-1)
  if (family?.name !== name || family.samples.length > 0) throw new Error(`out of place: ${line}`)
  if (keyword === 'UNIT') family.unit = rest
}

function takeSample(line: string, families: Family[]): void {
  const [, name = '', written = '', value] = sampleForm.exec(line) ?? []
  if (value === undefined) throw new Error(`no sample: ${line}`)
  const pairs = [...written.matchAll(labelForm)]
  if (pairs.map(([text]) => text).join('') !== written) throw new Error(`labels: ${line}`)
  once(pairs.map(([, label = '']) => label))
  const labels = pairs.map(([, label = '', text = '']) => [
    label,
    text.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one)),
  ])
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value)
  const family = families.at(-1)
  if (family === undefined) throw new Error(`of no family: ${line}`)
  family.samples.push({ name, labels: Object.fromEntries(labels), value: number })
}

function check({ name: family, type, unit, samples }: Family): void {
  const known = suffixes[type]
  if (known === undefined) throw new Error(`${family}: the type ${type}`)
  if (unit !== undefined && !family.endsWith(`_${unit}`)) throw new Error(`${family}: not in ${unit}`)
  if (type === 'info' && unit !== undefined) throw new Error(`${family}: an info has no unit`)
  if (samples.length === 0) throw new Error(`${family}: no sample`)
  for (const { name, labels, value } of samples) {
    if (!known.some((suffix) => name === `${family}${suffix}`)) throw new Error(`${name} is not of ${type} ${family}`)
    if (Object.keys(labels).some((label) => label.startsWith('_'))) throw new Error(`${name}: a reserved label`)
    const isQuantile = type === 'summary' && name === family
    if (isQuantile !== 'quantile' in labels) throw new Error(`${name}: quantile`)
    const quantile = Number(labels['quantile'] ?? 0)
    if (!(quantile >= 0 && quantile <= 1)) throw new Error(`${name}: quantile ${quantile}`)
    const isCount = name.endsWith('_count') || type === 'counter'
    if ((isCount || isQuantile) && !(value >= 0)) throw new Error(`${name}: ${value}`)
    if (type === 'info' && value !== 1) throw new Error(`${name}: ${value}`)
  }
}

function once(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`twice: ${twice}`)
}
