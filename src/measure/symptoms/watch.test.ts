import { describe, expect, it } from 'vitest'
import type { ComponentMetrics, ComponentName } from '../metrics.ts'
import { parsePrometheusText } from '../prometheus.ts'
import { watchSymptoms } from './watch.ts'

function page(component: ComponentName, lines: string, more: Partial<ComponentMetrics> & { started?: number } = {}) {
  const { started = 1, ...rest } = more
  const samples = parsePrometheusText(`process_start_time_seconds ${started}\n${lines}\n`)
  return { component, instance: component, samples, ...rest }
}

const waited = (seconds: number, more = {}) =>
  page('kubelet', `rest_client_rate_limiter_duration_seconds_sum{verb="PATCH"} ${seconds}`, more)
const unread: ComponentMetrics = { component: 'kubelet', instance: 'kubelet', samples: [], unread: 'no answer' }

/** What a watch that is given a page every ten seconds finds. */
function found(...pages: ComponentMetrics[]) {
  const watch = watchSymptoms()
  const turns = pages.flatMap((one, index) => watch.note([one], 10_000 * index))
  return { turns, symptoms: watch.found() }
}

describe('watchSymptoms', () => {
  it('should find a symptom once its condition has held as long as its rule says, and tell its end', () => {
    const { turns, symptoms } = found(waited(0), waited(1), waited(11), waited(31), waited(46), waited(46), waited(46))
    expect(turns.map(({ event, spell }) => [event, spell.fromMs, spell.toMs])).toEqual([
      ['began', 10_000, 40_000],
      ['ended', 10_000, 40_000],
    ])
    expect(symptoms).toMatchObject([
      { id: 'kubelet-client-limited', spells: [{ instance: 'kubelet', fromMs: 10_000, toMs: 40_000, worst: 2 }] },
    ])
  })

  it('should find nothing that does not last, nor what never rises above its limit', () => {
    expect(found(waited(0), waited(20), waited(40), waited(40), waited(60)).symptoms).toEqual([])
    expect(found(...[0, 5, 10, 15, 20, 25].map((seconds) => waited(seconds))).symptoms).toEqual([])
  })

  it('should go on from the page before where one could not be read', () => {
    const { symptoms } = found(waited(0), waited(10), unread, waited(30), waited(40))
    expect(symptoms).toMatchObject([{ spells: [{ fromMs: 0, toMs: 40_000, worst: 1 }] }])
  })

  it('should take nothing from another process than the one before', () => {
    const restarted = { started: 2 }
    expect(found(waited(0), waited(10), waited(20), waited(90, restarted), waited(90, restarted)).symptoms).toEqual([])
  })

  it('should skip a page that was collected before, and count by when it was', () => {
    const taken = (seconds: number, takenMs: number) => waited(seconds, { takenMs })
    const { symptoms } = found(taken(0, 0), taken(0, 0), taken(30, 20_000), taken(30, 20_000), taken(60, 40_000))
    expect(symptoms).toMatchObject([{ spells: [{ fromMs: 0, toMs: 40_000, worst: 1.5 }] }])
  })

  it('should take a gauge for what it was at both readings', () => {
    const depth = (replicas: number, pods: number) =>
      page(
        'kube-controller-manager',
        `workqueue_depth{name="replicaset"} ${replicas}\nworkqueue_depth{name="podgc"} ${pods}`,
      )
    const deep = Array.from({ length: 8 }, (_, index) => depth(200 + index, index % 2 === 0 ? 500 : 0))
    expect(found(...deep).symptoms).toMatchObject([
      { id: 'controllers-backlog', spells: [{ labels: { name: 'replicaset' }, worst: 206 }] },
    ])
  })

  it('should call a refusal NOSPACE while its alarm is raised, and too many requests otherwise', () => {
    const refused = (count: number, alarm = '') =>
      page(
        'etcd',
        `grpc_server_handled_total{grpc_code="ResourceExhausted",grpc_service="etcdserverpb.KV"} ${count}\n${alarm}`,
      )
    const alarm = 'etcd_debugging_server_alarms{alarm_type="NOSPACE",server_id="1"} 1'
    expect(found(refused(0), refused(3)).symptoms.map(({ id }) => id)).toEqual(['etcd-too-many-requests'])
    expect(found(refused(0), refused(3, alarm), refused(6, alarm)).symptoms.map(({ id }) => id)).toEqual([
      'etcd-no-space',
    ])
  })

  it('should say of a percentile beyond the last bucket that it was more', () => {
    const relists = (count: number) =>
      page(
        'kubelet',
        ['10', '+Inf']
          .map((le, index) => `kubelet_pleg_relist_duration_seconds_bucket{le="${le}"} ${index * count}`)
          .join('\n'),
      )
    expect(found(...[0, 1, 2, 3, 4, 5, 6, 7].map(relists)).symptoms).toMatchObject([
      { id: 'kubelet-pleg-slow', spells: [{ worst: 10_000, isBeyond: true }] },
    ])
  })

  it('should keep a bounded number of stretches, the longest ones, and say how many there were', () => {
    const changes = Array.from({ length: 201 }, (_, index) =>
      page('etcd', `etcd_server_leader_changes_seen_total ${Math.floor((index + 1) / 2)}`),
    )
    const [symptom] = found(...changes).symptoms
    expect(symptom?.spells).toHaveLength(50)
    expect((symptom?.spellsLeftOut ?? 0) + 50).toBe(100)
  })
})
