import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ComponentMetrics } from '../metrics.ts'
import { parsePrometheusText } from '../prometheus.ts'
import { symptomRules } from './rules.ts'
import { watchSymptoms } from './watch.ts'

const real = readFileSync(join(import.meta.dirname, '../../testing/pages/etcd.prom'), 'utf8')

/** The page with so much more on lines that begin like this. */
function etcd(start = '', more = 0): ComponentMetrics {
  const text = real.replaceAll(/^(.+) (\S+)$/gm, (line, series: string, value: string) =>
    start !== '' && series.startsWith(start) ? `${series} ${Number(value) + more}` : line,
  )
  return { component: 'etcd', instance: 'etcd', samples: parsePrometheusText(text) }
}

/** What pages find that are read every 15 s. */
function found(...pages: ComponentMetrics[]): string[] {
  const watch = watchSymptoms()
  for (const [index, page] of pages.entries()) watch.note([page], 15_000 * index)
  return watch.found().map(({ id }) => id)
}

/* Symptoms that nothing provokes on one machine: pages of a real etcd, with the counter raised as etcd would. */
describe('a page of a real etcd', () => {
  it('should have every metric that rules read of it, but the alarm, which is there once it is raised', () => {
    const there = new Set(etcd().samples.map(({ name }) => name))
    const needed = symptomRules.filter(({ component }) => component === 'etcd').flatMap(({ measure }) => measure.names)
    expect(new Set(needed.filter((name) => !there.has(name)))).toEqual(new Set(['etcd_debugging_server_alarms']))
  })

  it('should show nothing where nothing changes', () => {
    expect(found(...Array.from({ length: 10 }, () => etcd()))).toEqual([])
  })

  it('should show refusals of writes as too many requests', () => {
    // As an etcd that was flooded while it defragmented said: test/e2e/symptoms.test.ts.
    const refusals = 'grpc_server_handled_total{grpc_code="Unknown",grpc_method="Txn"'
    expect(found(etcd(), etcd(refusals, 12))).toEqual(['etcd-too-many-requests'])
  })

  it('should show another leader, and proposals that fail twice in a row', () => {
    expect(found(etcd(), etcd('etcd_server_leader_changes', 1))).toEqual(['etcd-leader-change'])
    const failed = [0, 3, 6].map((count) => etcd('etcd_server_proposals_failed', count))
    expect(found(...failed)).toEqual(['etcd-proposals-failed'])
  })

  it('should show proposals that pend for half a minute', () => {
    expect(found(...Array.from({ length: 4 }, () => etcd('etcd_server_proposals_pending', 400)))).toEqual([
      'etcd-proposals-pending',
    ])
  })
})
