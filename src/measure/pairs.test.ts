import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readApiserverLatencies } from './api-latency.ts'
import { explainStops, readApiRequests, readLimiters } from './limiters.ts'
import type { ComponentMetrics, ComponentName } from './metrics.ts'
import { increasesOf, notReadBetween, pairs, whyNoIncrease } from './pairs.ts'
import { parsePrometheusText } from './prometheus.ts'

/** A page of a process that started at this moment; of one that does not say, when null. */
function page(
  text: string,
  { component = 'kube-controller-manager', instance = component as string, started = 17.25 as number | null } = {},
  names?: ReadonlySet<string>,
): ComponentMetrics {
  const start = started === null ? '' : `process_start_time_seconds ${started}\n`
  return { component: component as ComponentName, instance, samples: parsePrometheusText(`${start}${text}`, names) }
}

const manager = 'kube-controller-manager'
/** What became of one counter between two pages of one process. */
function increase(before: string, after: string): number[] | string {
  const read = pairs({ before: [page(before)], after: [page(after)] }, manager)
  const grown = increasesOf(read, 'a_total')
  return grown === undefined ? whyNoIncrease(read, 'a_total') : grown.map(({ value }) => value)
}

describe('pairs', () => {
  it('should tell by how much each series grew, in whatever order its labels are (review 14)', () => {
    const before = 'a_total{x="1",y="2"} 5\na_total{x="2"} 7\n'
    expect(increase(before, 'a_total{y="2",x="1"} 6.5\na_total{x="2"} 7\n')).toEqual([1.5, 0])
  })

  it('should count a series that is new from 0, since a process makes it when it is first used', () => {
    expect(increase('a_total{x="1"} 5\n', 'a_total{x="1"} 5\na_total{x="2"} 3\n')).toEqual([0, 3])
    expect(increase('', 'a_total{x="2"} 3\n')).toEqual([3])
  })

  it.each([
    ['a_total 5', 'a_total 4', 'went down'],
    ['a_total{x="1"} 5', 'a_total{x="2"} 5', 'lost a series'],
    ['a_total 5', '', 'lost a series'],
    ['a_total 5', 'a_total NaN', 'is not a number'],
    ['a_total +Inf', 'a_total +Inf', 'is not a number'],
    ['a_total -1', 'a_total 4', 'went down'],
    ['a_total 1\na_total 2', 'a_total 4', 'has a series more than once'],
    ['', '', 'not on the page'],
  ])('should have no data for a counter that read %j and then %j: it %s', (before, after, because) => {
    expect(increase(`${before}\n`, `${after}\n`)).toContain(because)
  })

  it('should have no data for buckets that are no histogram, and still for what else is on the page', () => {
    const at = (low: number, all: number) => `h_bucket{le="1"} ${low}\nh_bucket{le="+Inf"} ${all}\na_total ${all}\n`
    const read = pairs({ before: [page(at(1, 3))], after: [page(at(3, 4))] }, manager)
    expect(increasesOf(read, 'h_bucket')).toBeUndefined()
    expect(read.notRead).toEqual([
      { component: manager, instance: manager, part: 'h_bucket', because: 'is not a histogram' },
    ])
    expect(increasesOf(read, 'a_total')).toMatchObject([{ value: 1 }])
  })

  it('should have no data for a metric of which a line could not be read, and tell of such lines', () => {
    const odd = { ...page('a_total 7\nb_total 1\n'), unreadableLines: new Map([['', 2], ['a_total', 1]]) } // biome-ignore format: short
    const read = pairs({ before: [page('a_total 5\nb_total 1\n')], after: [odd] }, manager)
    expect(increasesOf(read, 'a_total')).toBeUndefined()
    expect(increasesOf(read, 'b_total')).toMatchObject([{ value: 0 }])
    expect(read.notRead).toMatchObject([{ part: '2 lines of its page' }, { part: 'a_total' }])
  })

  it.each<[string, ComponentMetrics[], ComponentMetrics[], RegExp]>([
    ['two processes answered', [page('')], [page('', { started: 18 })], /two processes/],
    ['it does not say when it started', [page('', { started: null })], [page('')], /process_start_time_seconds/],
    ['it came later', [], [page('')], /not there before/],
    ['it went', [page('')], [], /not there afterwards/],
    ['it did not answer before', [{ ...page(''), unread: 'refused' }], [page('')], /^before: refused$/],
    ['it did not answer afterwards', [page('')], [{ ...page(''), unread: 'refused' }], /^afterwards: refused$/],
    ['it never answered', [{ ...page(''), unread: 'no' }], [{ ...page(''), unread: 'no' }], /^no$/],
  ])('should read nothing of a component where %s, and say so', (_, before, after, because) => {
    const other = page('a_total 1', { instance: 'kube-controller-manager b' })
    const read = pairs({ before: [...before, other], after: [...after, other] }, manager)
    expect(read.notRead).toEqual([{ component: manager, instance: manager, because: expect.stringMatching(because) }])
    expect(notReadBetween({ before: [...before, other], after: [...after, other] })).toEqual(read.notRead)
    // The other instance is half of the story.
    expect(read.pairs.map(({ instance }) => instance)).toEqual(['kube-controller-manager b'])
    expect(increasesOf(read, 'a_total')).toBeUndefined()
  })

  it('should say that a page lacks what its component always has', () => {
    const apiserver = page('', { component: 'kube-apiserver' })
    expect(notReadBetween({ before: [apiserver], after: [apiserver] })).toMatchObject([
      { part: 'apiserver_request_total' },
    ])
  })

  it('should never make a figure of two processes, or a negative one, whatever the pages say', () => {
    const counter = fc.oneof(fc.nat(), fc.double())
    const processOf = fc.record({
      started: fc.constantFrom(null, 1, 2, Number.NaN),
      series: fc.array(counter, { maxLength: 3 }),
    })
    const pageOf = ({ started, series }: { started: number | null; series: number[] }) =>
      page(
        series.map((value, index) => `a_total{s="${index}"} ${String(value).replace('Infinity', '+Inf')}\n`).join(''),
        { started },
      )
    fc.assert(
      fc.property(processOf, processOf, (first, second) => {
        const grown = increasesOf(pairs({ before: [pageOf(first)], after: [pageOf(second)] }, manager), 'a_total')
        if (first.started !== second.started || !Number.isFinite(first.started)) expect(grown).toBeUndefined()
        for (const { value } of grown ?? []) expect(value).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('two apiservers behind one address', () => {
  const requests = (count: number) => `
apiserver_request_total{verb="POST",resource="pods",subresource="",code="201"} ${count}
apiserver_request_duration_seconds_bucket{verb="POST",resource="pods",le="0.1"} ${Math.floor(count * 0.9)}
apiserver_request_duration_seconds_bucket{verb="POST",resource="pods",le="+Inf"} ${count}
`
  const waits = (count: number) => `
rest_client_rate_limiter_duration_seconds_count{verb="POST"} ${count}
rest_client_rate_limiter_duration_seconds_sum{verb="POST"} 1
`
  const limited = (qps: number, burst: number) => ({ kind: 'limited', qps, burst }) as const
  const limits = {
    kubelet: limited(50, 100),
    events: limited(50, 100),
    controllers: limited(20, 30),
    scheduler: limited(50, 100),
  }
  const work = { podsBound: 0, podsCreated: 199, podsDeleted: 0, tokens: 0 }
  const read = (started: [number | null, number | null], counts: [number, number]) => {
    const [before, after] = [0, 1].map((index) => [
      page(requests(counts[index] as number), {
        component: 'kube-apiserver',
        started: started[index] as number | null,
      }),
      page(waits([100, 299][index] as number)),
    ]) as [ComponentMetrics[], ComponentMetrics[]]
    const answered = readApiRequests({ before, after })
    return {
      answered,
      latencies: readApiserverLatencies({ before, after }),
      text: explainStops({ created: 9000 }, readLimiters({ before, after }, answered, limits, work))[0]?.text,
      notRead: notReadBetween({ before, after }).map(({ component, because }) => `${component} ${because}`),
    }
  }

  it.each<[string, [number, number]]>([
    ['goes down', [5000, 1200]],
    ['goes up', [1200, 5000]],
  ])('should give no figure when the count %s, and say what was not read', (_, counts) => {
    expect(read([1000, 2000], counts)).toMatchObject({
      answered: undefined,
      latencies: [],
      notRead: [expect.stringContaining('kube-apiserver answered from two processes')],
    })
    // Nothing tells two processes apart where they do not say when they started.
    expect(read([null, null], counts)).toMatchObject({ answered: undefined, latencies: [] })
  })

  it('should count pods by what the probe saw of them, not by what everybody asked the apiserver for', () => {
    expect(read([1000, 1000], [1200, 5000])).toMatchObject({
      answered: { 'POST pods': 3800 },
      text: expect.stringContaining("bound by the kube-controller-manager's client limit: (199 requests - burst 30)"),
      notRead: [],
    })
  })
})
