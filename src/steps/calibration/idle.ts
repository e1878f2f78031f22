import type { CalibrationPhases } from '../../result/calibration.ts'
import type { Cluster } from '../../targets/target.ts'
import type { Step } from '../step.ts'
import type { Measured, Meter } from './meter.ts'
import { describePhase } from './meter.ts'

/** Waits until what just started has found its calm; nothing is measured. */
export function settle({ clock }: Cluster, durationMs: number): Step<void> {
  return {
    id: 'settle',
    title: 'Settle',
    timeoutMs: durationMs + 60_000,
    setUp: ({ signal }) => clock.sleep(durationMs, signal),
  }
}

/** Leaves the control plane alone: what it takes just to be there. */
export function base(cluster: Cluster, meter: Meter, durationMs: number): Step<CalibrationPhases['base']> {
  return idle('base', cluster, meter, durationMs, (measured) => ({
    units: measured.durationMs / 1000,
    unit: 'second',
    ...measured,
  }))
}

/** What `nodes` new nodes still do when all of them are Ready. */
export function nodeSettle(
  cluster: Cluster,
  meter: Meter,
  nodes: number,
  durationMs: number,
): Step<CalibrationPhases['nodeSettle']> {
  return idle('nodeSettle', cluster, meter, durationMs, (measured) => ({ units: nodes, unit: 'node', ...measured }))
}

/** Leaves a fleet alone: what its heartbeats take. */
export function nodeIdle(
  cluster: Cluster,
  meter: Meter,
  nodes: number,
  durationMs: number,
): Step<CalibrationPhases['nodeIdle']> {
  return idle('nodeIdle', cluster, meter, durationMs, (measured) => ({
    units: (nodes * measured.durationMs) / 1000,
    unit: 'node-second',
    ...measured,
  }))
}

/** Leaves a fleet alone whose nodes rewrite their status all the time. */
export function nodeStatus(cluster: Cluster, meter: Meter, durationMs: number): Step<CalibrationPhases['nodeStatus']> {
  return idle('nodeStatus', cluster, meter, durationMs, (measured) => ({
    units: measured.requests['PATCH nodes/status'] ?? 0,
    unit: 'node status',
    ...measured,
  }))
}

function idle<Phase extends Measured & { units: number; unit: string }>(
  id: string,
  { clock }: Cluster,
  meter: Meter,
  durationMs: number,
  phaseOf: (measured: Measured) => Phase,
): Step<Phase> {
  return {
    id,
    title: id,
    timeoutMs: durationMs + 60_000,
    async setUp({ signal }) {
      const stop = await meter()
      await clock.sleep(durationMs, signal)
      return phaseOf(await stop())
    },
    summary: describePhase,
  }
}
