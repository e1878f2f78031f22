import { formatDuration } from '../../base/duration.ts'
import { Failure } from '../../base/errors.ts'
import { sumOf } from '../../base/sum.ts'
import { readApiRequests } from '../../measure/limiters.ts'
import type { MachineReading, ReadMachine } from '../../measure/machine-record.ts'
import type { CalibrationPhases } from '../../result/calibration.ts'
import type { Cluster } from '../../targets/target.ts'

/** A phase but for how much was done in it. */
export type Measured = Omit<NonNullable<CalibrationPhases[keyof CalibrationPhases]>, 'units' | 'unit'>

/** Starts measuring what cluster and machine do; the function it resolves to stops and tells. */
export type Meter = () => Promise<() => Promise<Measured>>

const requestMetrics: ReadonlySet<string> = new Set(['apiserver_request_total'])

/** A meter for this cluster. */
export function createMeter(cluster: Pick<Cluster, 'clock' | 'scrape' | 'processes'>, readMachine: ReadMachine): Meter {
  const { clock } = cluster
  const scrape = () => cluster.scrape({ components: ['kube-apiserver'], names: requestMetrics })
  const readProcesses = () => readMachine(cluster.processes())
  return async () => {
    // A scrape takes processor time of its own: both of them lie outside of the time that is measured.
    const scrapedBefore = await scrape()
    const before = readProcesses()
    const startMs = clock.nowMs()
    return async () => {
      const durationMs = clock.nowMs() - startMs
      const after = readProcesses()
      const { cpuMs, busy } = usedBetween(before, after)
      const cores = durationMs <= 0 ? 0 : sumOf(Object.values(cpuMs)) / durationMs
      const requests = readApiRequests({ before: scrapedBefore, after: await scrape() })
      if (requests === undefined) throw new Failure('inconclusive', 'the apiserver’s request counts were not read')
      return { durationMs, cores, cpuMs, requests, busy }
    }
  }
}

/**
 * Processor time that each component used between two readings, and the share of the machine's that was in use. A process
 * that was not there before counts from its start.
 */
export function usedBetween(before: MachineReading, after: MachineReading): Pick<Measured, 'cpuMs' | 'busy'> {
  const earlier = new Map([...before.components.values()].flat().map(({ pid, processorMs }) => [pid, processorMs]))
  const used = [...after.components].map(([component, processes]): [string, number] => [
    component,
    // One that is not among them has started since.
    sumOf(processes.map(({ pid, processorMs }) => processorMs - (earlier.get(pid) ?? 0))),
  ])
  const totalMs = after.totalMs - before.totalMs
  return {
    cpuMs: Object.fromEntries(used),
    busy: totalMs <= 0 ? 0 : (after.busyMs - before.busyMs) / totalMs,
  }
}

/** A phase in one line: how much was done, and what each unit of it took, in milliseconds of processor time. */
export function describePhase({ units, unit, durationMs, cpuMs }: Measured & { units: number; unit: string }): string {
  const each = Object.entries(cpuMs)
    .filter(([, usedMs]) => usedMs > 0)
    .map(([component, usedMs]) => `${component} ${(usedMs / units).toPrecision(2)}`)
  return `${Math.round(units)} x ${unit} in ${formatDuration(durationMs)}; CPU ms each: ${each.join(', ')}`
}
