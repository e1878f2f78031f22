import { describe, expect, it } from 'vitest'
import { profiles, requestsUnder } from '../testing/profiles.ts'
import type { KnobValue } from '../tuning/knob.ts'
import { settingsOf } from './settings.ts'

describe('settingsOf', () => {
  const settings = (set: Record<string, KnobValue>) => settingsOf(requestsUnder('stock', set))

  it('should be numbers, all of them, for every profile', () => {
    const numbers = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbers) : [value]
    for (const profile of profiles.names)
      for (const value of numbers(settingsOf(requestsUnder(profile)))) expect(value).not.toBeNaN()
  })

  it('should be the same however a value is written', () => {
    expect(settings({ 'kubelet.nodeStatusUpdateFrequency': '1m30s' }).kubelet).toMatchObject({
      statusUpdateMs: 90_000,
      statusReportMs: 90_000,
    })
    expect(settings({ 'etcd.quotaBackendBytes': '8Gi' }).etcd.quotaBytes).toBe(8_589_934_592)
    expect(settings({ 'etcd.autoCompactionRetention': '30s' }).etcd.compaction).toEqual({
      keep: 'period',
      periodMs: 30_000,
    })
    expect(settings({ 'etcd.autoCompactionRetention': 2 }).etcd.compaction).toEqual({
      keep: 'period',
      periodMs: 7_200_000,
    })
  })

  it('should take an eventRecordQPS of 0 for no limit, as a kubelet does since 1.37', () => {
    expect(settings({ 'kubelet.eventRecordQPS': 0 }).kubelet.events.qps).toBeLessThan(0)
    expect(settings({ 'kubelet.kubeAPIQPS': 0 }).kubelet.client.qps).toBe(0)
  })

  it.each<[string, KnobValue]>([
    ['kubelet.nodeStatusUpdateFrequency', 10],
    ['kubelet.kubeAPIQPS', 'fifty'],
    ['controllerManager.nodeMonitorPeriod', '0s'],
    ['etcd.quotaBackendBytes', 'much'],
  ])('should throw for %s %s, which no edge lets through, instead of making something of it', (knob, value) => {
    expect(() => settings({ [knob]: value })).toThrow(`${knob} does not take ${value}`)
  })
})
