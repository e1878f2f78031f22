import { cpus, release, totalmem, type } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What the orchestrator's own machine did while something was measured. */
export interface MachineUse {
  /** Longest time the orchestrator's event loop did not turn: by so much a stamp may be late. */
  eventLoopDelayMaxMs: number
  /** Share of all processor time that was in use, 0 to 1. */
  busy: number
}

/** Starts watching the machine; the function it returns stops and tells. */
export type MachineMonitor = () => () => MachineUse

/** Watches the machine this process runs on. */
export const watchThisMachine: MachineMonitor = () => {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const before = processorTime()
  return () => {
    delay.disable()
    const after = processorTime()
    const totalMs = after.totalMs - before.totalMs
    return {
      eventLoopDelayMaxMs: delay.max / 1e6,
      busy: totalMs === 0 ? 0 : 1 - (after.idleMs - before.idleMs) / totalMs,
    }
  }
}

/** What machine this is, for the report. */
export function describeThisMachine(): { cores: number; memoryBytes: number; system: string } {
  return { cores: cpus().length, memoryBytes: totalmem(), system: `${type()} ${release()}` }
}

function processorTime(): { idleMs: number; totalMs: number } {
  let idleMs = 0
  let totalMs = 0
  for (const { times } of cpus()) {
    idleMs += times.idle
    totalMs += times.user + times.nice + times.sys + times.idle + times.irq
  }
  return { idleMs, totalMs }
}
