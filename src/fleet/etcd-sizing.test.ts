import { describe, expect, it } from 'vitest'
import { forecastEtcd, heartbeatsPerSecond, quotaFor, writeRates } from './etcd-sizing.ts'

const documents = { nodes: 5000, statusPeriodSeconds: 3, hollow: false }
const nothing = {
  nodes: 0,
  pods: 0,
  deployments: 0,
  services: 0,
  configmaps: 0,
  secrets: 0,
  serviceaccounts: 0,
  configmapBytes: 0,
  secretBytes: 0,
  ballastBytes: 0,
  ballastEventBytes: 0,
}

describe('writeRates', () => {
  it('should be the document’s 1465 MB and 12 MB a minute, of its own figures', () => {
    const rates = writeRates(documents)
    // 15 KB x 20 x 5000 / 1024, and 10000 x 4 KB x 0.3 / 1024
    expect(rates.nodeStatusMegabytes).toBeCloseTo(1464.84, 2)
    expect(rates.eventMegabytes).toBeCloseTo(11.72, 2)
  })

  it('should be a hundredth of that when the frequency is left alone, since a status that has not changed is seldom written', () => {
    const { nodeStatusMegabytes } = writeRates({ ...documents, statusPeriodSeconds: null })
    expect(nodeStatusMegabytes).toBeCloseTo(14.65, 2)
  })

  it('should know that hollow nodes have small objects', () => {
    expect(writeRates({ ...documents, hollow: true }).nodeStatusMegabytes).toBeCloseTo(390.6, 1)
  })
})

describe('heartbeatsPerSecond', () => {
  it('should be 500 leases a second for 5000 nodes, and the 333 status writes that were due for 1000', () => {
    expect(heartbeatsPerSecond(documents).lease).toBe(500)
    expect(heartbeatsPerSecond({ nodes: 1000, statusPeriodSeconds: 3 }).status).toBeCloseTo(333.3, 1)
  })
})

describe('quotaFor', () => {
  it('should be what was seen, times what is still to come, and some room, as a power of two', () => {
    const mebibyte = 2 ** 20
    const ballast = (count: number) => ({ ...nothing, ballastBytes: count * 200_000 })
    const quota = (fileBytes: number, done: number, all: number) =>
      quotaFor({ fileBytes, stored: ballast(done), planned: ballast(all) })
    // 16 MiB x 160 / 72 x 1.25 = 44
    expect(quota(16 * mebibyte, 72, 160)).toBe(64 * mebibyte)
    // Everything was there: what filled it are old versions.
    expect(quota(64 * mebibyte, 160, 160)).toBe(128 * mebibyte)
    expect(quota(64 * mebibyte, 0, 160)).toBe(128 * mebibyte)
  })
})

describe('forecastEtcd', () => {
  const gibibyte = 2 ** 30
  const small = { quotaBytes: 2 * gibibyte, split: [], apiserverCompactionMinutes: 5, compactsByRevision: false }
  const large = {
    quotaBytes: 8 * gibibyte,
    split: ['/pods', 'coordination.k8s.io/leases', '/events'],
    apiserverCompactionMinutes: 5,
    compactsByRevision: true,
  }
  const objects = { ...nothing, nodes: 5000, pods: 40_000 }
  const everyThreeSeconds = { statusPeriodSeconds: 3, hollow: false }

  it('should count payloads in full and objects as protobuf', () => {
    const bytes = (some: Partial<typeof nothing>) =>
      forecastEtcd({ ...nothing, ...some }, everyThreeSeconds, small)[0]?.objectsBytes
    expect(bytes({ ballastBytes: 1.5e9 })).toBe(1.5e9)
    expect(bytes({ configmaps: 1000, configmapBytes: 4096 })).toBe(1000 * 4096 + Math.round(360 * 1024))
    // 40000 pods of 5.1 KB and five events of 1.2 KB each, of which etcd stores 60 %
    expect((bytes({ pods: 40_000 }) ?? 0) / 2 ** 20).toBeCloseTo(260.2, 1)
  })

  it('should hold everything in one etcd unless it is split', () => {
    expect(forecastEtcd(objects, everyThreeSeconds, small).map(({ holds }) => holds)).toEqual(['everything'])
    expect(
      forecastEtcd(objects, everyThreeSeconds, large)
        .map(({ holds }) => holds)
        .sort(),
    ).toEqual(['/events', '/pods', 'coordination.k8s.io/leases', 'everything else'])
  })

  it('should neither lose nor double anything when it is split', () => {
    const split = forecastEtcd(objects, everyThreeSeconds, large)
    const [whole] = forecastEtcd(objects, everyThreeSeconds, { ...large, split: [] })
    for (const count of ['objectsBytes', 'bytesPerMinute', 'fileBytes'] as const) {
      expect(split.reduce((sum, one) => sum + one[count], 0) / (whole?.[count] ?? 0)).toBeCloseTo(1, 6)
    }
  })

  it('should find that real nodes that report every 3 s need the document’s quota, and fill the built-in one', () => {
    expect(forecastEtcd(objects, everyThreeSeconds, large)[0]).toMatchObject({
      holds: 'everything else',
      suffices: true,
    })
    const [untuned] = forecastEtcd(objects, everyThreeSeconds, small)
    expect(untuned?.suffices).toBe(false)
    // 60 % of 1465 MB and of 23 MB a minute
    expect((untuned?.bytesPerMinute ?? 0) / 2 ** 20).toBeCloseTo(0.6 * (1464.84 + 23.44), 0)
    expect(untuned?.fullAfterMinutes).toBeLessThan(2)
  })

  it('should find that the built-in quota is enough when the frequency is left alone', () => {
    const [untuned] = forecastEtcd(objects, { statusPeriodSeconds: null, hollow: true }, small)
    expect(untuned?.suffices).toBe(true)
    expect(untuned?.fullAfterMinutes).toBeGreaterThan(60)
  })

  it('should keep ten minutes of old versions with the apiserver’s compaction alone, five with etcd’s own', () => {
    const [alone] = forecastEtcd({ ...nothing, nodes: 5000 }, everyThreeSeconds, small)
    const [both] = forecastEtcd({ ...nothing, nodes: 5000 }, everyThreeSeconds, { ...small, compactsByRevision: true })
    const historyOf = (one = alone) => (one?.fileBytes ?? 0) - 1.45 * (one?.objectsBytes ?? 0)
    expect(historyOf(alone) / historyOf(both)).toBeCloseTo(2, 3)
    const [often] = forecastEtcd({ ...nothing, nodes: 5000 }, everyThreeSeconds, {
      ...small,
      apiserverCompactionMinutes: 1,
    })
    expect(historyOf(alone) / historyOf(often)).toBeCloseTo(5, 3)
  })

  it('should run full where nobody compacts and something goes on being written', () => {
    const never = { ...small, apiserverCompactionMinutes: 0 }
    const [writing] = forecastEtcd({ ...nothing, nodes: 5000 }, everyThreeSeconds, never)
    expect(writing).toMatchObject({ suffices: false, fileBytes: small.quotaBytes })
    const [byRevision] = forecastEtcd({ ...nothing, nodes: 5000 }, everyThreeSeconds, {
      ...never,
      compactsByRevision: true,
    })
    const [usual] = forecastEtcd({ ...nothing, nodes: 5000 }, everyThreeSeconds, { ...small, compactsByRevision: true })
    expect(byRevision).toEqual(usual)
  })

  // Plan 1k-nodes, tuned arm, November 2026: etcd-pods 55 MB with 22 MB in use, etcd-leases 12.5 MB, etcd-events 29 MB.
  it('should be near what 1000 nodes and 5000 pods were seen to take', () => {
    const sizes = forecastEtcd(
      { ...nothing, nodes: 1000, pods: 5000 },
      { statusPeriodSeconds: null, hollow: true },
      large,
    )
    const megabytes = (resource: string) => (sizes.find(({ holds }) => holds === resource)?.fileBytes ?? 0) / 1e6
    expect(megabytes('/pods')).toBeGreaterThan(22)
    expect(megabytes('/pods')).toBeLessThan(60)
    expect(megabytes('coordination.k8s.io/leases') / 12.5).toBeGreaterThan(0.5)
    expect(megabytes('coordination.k8s.io/leases') / 12.5).toBeLessThan(2)
    expect(megabytes('/events') / 22).toBeCloseTo(1, 0)
  })

  it('should never be full when nothing is written', () => {
    expect(forecastEtcd(nothing, everyThreeSeconds, small)[0]?.fullAfterMinutes).toBeNull()
  })
})
