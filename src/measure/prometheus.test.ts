import { describe, expect, it } from 'vitest'
import { parsePrometheusText } from './prometheus.ts'

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
    expect(parsePrometheusText(text)).toEqual([
      { name: 'h_bucket', labels: { host: '127.0.0.1:6443', verb: 'GET', le: '0.005' }, value: 3 },
      { name: 'h_bucket', labels: { host: '127.0.0.1:6443', verb: 'GET', le: '+Inf' }, value: 7 },
      { name: 'h_sum', labels: { host: '127.0.0.1:6443', verb: 'GET' }, value: 0.000015 },
      { name: 'up', labels: {}, value: 1 },
    ])
  })

  it('should unescape label values when they hold quotes, braces, commas and line breaks', () => {
    const text = 'm{a="x\\"},{=\\\\\\n",b=""} +Inf\n'
    expect(parsePrometheusText(text)).toEqual([
      { name: 'm', labels: { a: 'x"},{=\\\n', b: '' }, value: Number.POSITIVE_INFINITY },
    ])
  })

  it('should read the metrics that are asked for only', () => {
    const page = 'a_total 1\nb_total{x="y"} 2\nb_total_created 3\n'
    expect(parsePrometheusText(page, new Set(['b_total']))).toEqual([{ name: 'b_total', labels: { x: 'y' }, value: 2 }])
  })
})
