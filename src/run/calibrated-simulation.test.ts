import { describe, expect, it } from 'vitest'
import { sumOf } from '../base/sum.ts'
import type { ComponentMetrics } from '../measure/metrics.ts'
import type { Calibration } from '../result/calibration.ts'
import type { Witnessed } from '../targets/sim/cluster.ts'
import { simulatedTarget } from '../targets/sim/index.ts'
import { machineForTests } from '../testing/model.ts'
import { calibrate, calibrationSizes } from './calibrate.ts'

const { calibration, hardware } = machineForTests()
const components = [
  'orchestrator',
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'hollow-node',
] as const

/** Histograms of etcd's that only a calibration reads; the model has no more of them than it takes. */
function withDiskTimes(pages: ComponentMetrics[], nowMs: number): ComponentMetrics[] {
  return pages.map((page) => {
    if (page.component !== 'etcd' || page.unread !== undefined) return page
    const samples = ['wal_fsync', 'backend_commit'].flatMap((what) => {
      const name = `etcd_disk_${what}_duration_seconds`
      const series = { _count: 1 + nowMs, _sum: nowMs / 1e6 }
      return [
        ...Object.entries(series).map(([suffix, value]) => ({ name: `${name}${suffix}`, labels: {}, value })),
        ...['0.001', '+Inf'].map((le) => ({ name: `${name}_bucket`, labels: { le }, value: 1 + nowMs })),
      ]
    })
    return { ...page, samples: [...page.samples.filter(({ name }) => !name.startsWith('etcd_disk')), ...samples] }
  })
}

/** What a calibration of the simulation measures. */
async function calibrateSimulation(): Promise<Calibration> {
  let witnessed: Witnessed | undefined
  const target = simulatedTarget({
    seed: 1,
    calibration,
    hardware,
    onOpen: (opened) => {
      witnessed = opened
    },
  })
  return calibrate({
    target: {
      ...target,
      async open(options) {
        const cluster = await target.open(options)
        return {
          ...cluster,
          scrape: async (wanted) => withDiskTimes(await cluster.scrape(wanted), target.clock.nowMs()),
        }
      },
    },
    sizes: calibrationSizes(calibration.phases.nodeStart.units),
    clock: target.clock,
    measuredAt: calibration.measuredAt,
    machine: calibration.machine,
    readMachine: () => ({
      atMs: target.clock.nowMs(),
      busyMs: 0,
      totalMs: target.clock.nowMs(),
      runQueue: null,
      memoryUsedBytes: 0,
      disksBusyMs: new Map(),
      components: new Map(
        components.map((name, pid) => [
          name,
          [{ pid, processorMs: witnessed?.usedMs(name) ?? 0, privateBytes: 0, sharedBytes: 0 }],
        ]),
      ),
    }),
    signal: new AbortController().signal,
    emit: () => {},
  })
}

describe('a simulation that is calibrated itself', () => {
  it('should give back the processor time that it was given, whatever the work, and whoever does it', async () => {
    const simulated = await calibrateSimulation()
    const off: string[] = []
    const compare = (what: string, measuredMs: number, simulatedMs: number, toleratedRatio: number) => {
      const ratio = simulatedMs / measuredMs
      if (Math.abs(ratio - 1) > toleratedRatio) off.push(`${what}: ${simulatedMs.toFixed(0)} of ${measuredMs} ms`)
    }
    for (const phase of [
      'base',
      'reads',
      'writes',
      'nodeIdle',
      'podStart',
      'podStop',
      'serviceUpdates',
      'nodeStatus',
    ] as const) {
      const [measured = {}, own = {}] = [calibration.phases[phase]?.cpuMs, simulated.phases[phase]?.cpuMs]
      const wholeMs = sumOf(Object.values(measured))
      // Leases, every 10 s, fall into a phase of six or do not.
      compare(phase, wholeMs, sumOf(Object.values(own)), 0.2)
      for (const name of components) {
        const measuredMs = measured[name] ?? 0
        // A small part of the whole decides nothing, and what the same work takes differs by a quarter from minute to minute.
        if (measuredMs > wholeMs / 5) compare(`${phase}, ${name}`, measuredMs, own[name] ?? 0, 0.3)
      }
    }
    expect(off).toEqual([])
  })

  it('should have the latencies of a quiet cluster that it was given', async () => {
    const { latenciesMs } = await calibrateSimulation()
    for (const what of ['read', 'write'] as const)
      expect(Math.abs((latenciesMs[what].p50 ?? 0) / (calibration.latenciesMs[what].p50 ?? 0) - 1)).toBeLessThan(0.15)
  })
})
