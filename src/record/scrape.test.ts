import { describe, expect, it } from 'vitest'
import { scrapeEach } from './scrape.ts'

describe('scrapeEach', () => {
  const { signal } = new AbortController()
  const component = (name: string, read: () => Promise<string>) =>
    ({ component: 'etcd', name, readPage: read }) as const

  it('should say why a page was not read, for that reading only, and count lines it cannot read', async () => {
    let asked = 0
    const flaky = component('etcd a', async () => {
      if (asked++ === 0) throw new Error('connect ECONNREFUSED')
      return 'a_total{\nprocess_start_time_seconds 1\nb_total 2\n<\n'
    })
    const wanted = { names: new Set(['a_total']) }
    expect(await scrapeEach([flaky], wanted, signal)).toEqual([
      { component: 'etcd', instance: 'etcd a', samples: [], unread: 'connect ECONNREFUSED' },
    ])
    expect(await scrapeEach([flaky], wanted, signal)).toEqual([
      {
        component: 'etcd',
        instance: 'etcd a',
        samples: [{ name: 'process_start_time_seconds', labels: {}, value: 1 }],
        unreadableLines: new Map([
          ['a_total', 1],
          ['', 1],
        ]),
      },
    ])
  })

  it('should end with the reason when it is ended', async () => {
    const ending = new AbortController()
    const slow = component('etcd a', async () => {
      ending.abort(new Error('the run is over'))
      throw new Error('reset')
    })
    await expect(scrapeEach([slow], {}, ending.signal)).rejects.toThrow('the run is over')
  })
})
