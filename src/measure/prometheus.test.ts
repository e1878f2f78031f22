import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePrometheusText } from './prometheus.ts'

/** What was read of a page, and of which metrics a line could not be. */
function read(page: string, names?: ReadonlySet<string>) {
  const unreadable: (string | undefined)[] = []
  const samples = parsePrometheusText(page, names, (metric) => unreadable.push(metric))
  return { samples, unreadable }
}

const realPage = `# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource.
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="resource",subresource="",verb="GET",version="v1"} 1043
apiserver_request_total{code="0",component="",dry_run="",group="",resource="",scope="",subresource="/healthz",verb="GET",version=""} 3
# TYPE etcd_disk_wal_fsync_duration_seconds histogram
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} 5061
etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 5.07e+03
etcd_disk_wal_fsync_duration_seconds_sum 6.412e-05
go_info{version="go1.26.1"} 1
process_start_time_seconds 1.79569234182e+09
rest_client_exec_plugin_ttl_seconds +Inf
`

describe('parsePrometheusText', () => {
  it('should keep label sets apart when a histogram has several', () => {
    const text = [
      '# HELP h Seconds waited.',
      '# TYPE h histogram',
      'h_bucket{host="127.0.0.1:6443",verb="GET",le="0.005"} 3',
      'h_bucket{host="127.0.0.1:6443",verb="GET",le="+Inf"} 7',
      'h_sum{host="127.0.0.1:6443",verb="GET"} 1.5e-05',
      'up 1 1712345678000',
    ].join('\n')
    expect(read(text)).toEqual({
      unreadable: [],
      samples: [
        { name: 'h_bucket', labels: { host: '127.0.0.1:6443', verb: 'GET', le: '0.005' }, value: 3 },
        { name: 'h_bucket', labels: { host: '127.0.0.1:6443', verb: 'GET', le: '+Inf' }, value: 7 },
        { name: 'h_sum', labels: { host: '127.0.0.1:6443', verb: 'GET' }, value: 0.000015 },
        { name: 'up', labels: {}, value: 1 },
      ],
    })
  })

  it.each([
    'm{ a="x", b="y" } 6',
    'm{a="x",b="y" } 6',
    'm{a="x",b="y",} 6',
    'm{a="x" , b="y" , } 6',
    'm{a = "x",\tb\t=\t"y"}\t6',
    '  m  {a="x",b="y"}6',
    'm{a="x",b="y"} 6 1712345678000',
    'm{a="x",b="y"} 6 1712345678.123 # {trace_id="}{"} 0.5 1712345678',
    'm{a="x",b="y"} 6 # {trace_id="x"} 0.5',
    'm{a="x",b="y"} 6\t\t\r',
    '#\n\n \n# EOF\r\nm{a="x",b="y"} 6\r\n# EOF',
    '\tm\t{\ta\t=\t"x"\t,\tb\t=\t"y"\t}\t0x1.8p+2\t',
  ])('should read a sample when it is written as %j', (page) => {
    expect(read(page)).toEqual({ samples: [{ name: 'm', labels: { a: 'x', b: 'y' }, value: 6 }], unreadable: [] })
  })

  it.each<[string, string | undefined]>([
    ['m', 'm'],
    ['m{', 'm'],
    ['m{}', 'm'],
    ['m{a="x" 6', 'm'],
    ['m{a="x}', 'm'],
    ['m{a="x\\', 'm'],
    ['m{a="\\t"} 6', 'm'],
    ['m{a="x"b="y"} 6', 'm'],
    ['m{a="x",a="y"} 6', 'm'],
    ['m{a="x",,b="y"} 6', 'm'],
    ['m{,} 6', 'm'],
    ['m{a:b="x"} 6', 'm'],
    ['m{__proto__="x"} 6', 'm'],
    ["m{a='x'} 6", 'm'],
    ['m{a=x} 6', 'm'],
    ['m six', 'm'],
    ['m 6 today', 'm'],
    ['m 6 1712345678000 7', 'm'],
    ['m 1_000', 'm'],
    ['m 1e999', 'm'],
    ['m, 6', undefined],
    ['6 m', undefined],
    ['{a="x"} 6', undefined],
    ['<html>', undefined],
  ])('should skip %j and tell of it, and read on', (line, metric) => {
    expect(read(`a 1\n${line}\nb 2\n`)).toEqual({
      samples: [
        { name: 'a', labels: {}, value: 1 },
        { name: 'b', labels: {}, value: 2 },
      ],
      unreadable: [metric],
    })
  })

  it('should unescape label values when they hold quotes, braces, commas and line breaks', () => {
    const text = 'm{a="x\\"},{=\\\\\\n",b="",constructor="c"} +Inf\n'
    const [sample] = parsePrometheusText(text)
    expect(sample?.value).toBe(Number.POSITIVE_INFINITY)
    expect(Object.entries(sample?.labels ?? {})).toEqual([
      ['a', 'x"},{=\\\n'],
      ['b', ''],
      ['constructor', 'c'],
    ])
  })

  it('should read the metrics that are asked for only, and not mind how others are written', () => {
    const page = 'a_total 1\nb_total{x="y"} 2\nb_total_created 3\nc_total{\n'
    expect(read(page, new Set(['b_total']))).toEqual({
      samples: [{ name: 'b_total', labels: { x: 'y' }, value: 2 }],
      unreadable: [],
    })
  })

  it('should read back whatever was written in the format', () => {
    const metric = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
    const labels = fc.dictionary(fc.stringMatching(/^_?[a-zA-Z][a-zA-Z0-9_]*$/), fc.string({ unit: 'binary' }), {
      noNullPrototype: false,
    })
    const value = fc.oneof(fc.double(), fc.integer())
    const blanks = fc.constantFrom('', ' ', '\t', '  \t')
    const behind = fc.constantFrom('', ' ', ' 1712345678000', ' 17.5 # {a="}"} 1', '\r', ' # {} 2\r')
    const line = fc.record({ name: metric, labels, value, blanks, behind })
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const written = lines.map(({ name, labels, value, blanks, behind }) => {
          const pairs = Object.entries(labels).map(
            ([label, text]) => `${label}${blanks}=${blanks}"${escapeLabel(text)}"${blanks}`,
          )
          const set = pairs.length === 0 ? ' ' : `${blanks}{${blanks}${pairs.join(`,${blanks}`)}}${blanks}`
          return `${blanks}${name}${set}${writeValue(value)}${behind}\n# a comment\n`
        })
        const { samples, unreadable } = read(written.join(''))
        expect(unreadable).toEqual([])
        expect(samples.map((one) => [one.name, Object.entries(one.labels).sort(), one.value])).toEqual(
          lines.map((one) => [one.name, Object.entries(one.labels).sort(), one.value]),
        )
      }),
    )
  })

  it('should read each line or tell of it, and end, whatever the page holds', () => {
    const piece = fc.constantFrom(...'{}=,"\\#\n\r\t e+-.0', 'm', 'a="x"', 'NaN', '1')
    const bytes = fc.uint8Array({ maxLength: 200 }).map((page) => Buffer.from(page).toString('latin1'))
    const mutated = fc
      .array(fc.record({ at: fc.nat(realPage.length), cut: fc.nat(3), piece }), { maxLength: 20 })
      .map((edits) =>
        edits.reduce((page, { at, cut, piece }) => page.slice(0, at) + piece + page.slice(at + cut), realPage),
      )
    const anything = fc.oneof(
      bytes,
      mutated,
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(anything, (page) => {
        const { samples, unreadable } = read(page)
        const lines = page.split('\n').map((line) => line.replace(/\r$/, ''))
        const told = lines.filter((line) => !/^[ \t]*(#.*)?$/s.test(line))
        expect(samples.length + unreadable.length).toBe(told.length)
      }),
      { numRuns: 2000 },
    )
  })

  it('should read a whole page of a real component', () => {
    expect(read(realPage)).toMatchObject({ samples: { length: 8 }, unreadable: [] })
  })
})

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function writeValue(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

describe('what is kept of a page', () => {
  it('should not keep the page itself in memory', () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    // As undici decodes a page: strings of more than a megabyte are outside of the heap.
    const pageOf = (reading: number) =>
      Buffer.from(
        `apiserver_request_total{resource="customresourcedefinitions"} ${reading}\n${'# filler\n'.repeat(300_000)}`,
      ).toString('latin1')
    const inUse = () => {
      collect()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
    const before = inUse()
    const kept = Array.from({ length: 40 }, (_, reading) => parsePrometheusText(pageOf(reading)))
    // 40 pages are 108 MB.
    expect(inUse() - before).toBeLessThan(20e6)
    expect(kept.at(-1)).toMatchObject([{ labels: { resource: 'customresourcedefinitions' }, value: 39 }])
  })
})
