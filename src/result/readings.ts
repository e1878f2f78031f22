import { formatDuration } from '../base/duration.ts'
import type { StopName } from '../plan/stops.ts'
import { stopOrder, stopsOf } from '../plan/stops.ts'
import type { ArmOutcome, ProbeOutcome } from './result.ts'
import { isMachineBound } from './result.ts'
import type { Reading } from './sample.ts'
import { clockResolutionMs, exactly, upperBound } from './sample.ts'

/** The probes of one arm, in the order they ran. */
type Probes = Readonly<ArmOutcome['probes']>

/** Stops that a probe waited for in vain, in order. */
function unreachedStops({ stopsMs }: Pick<ProbeOutcome, 'stopsMs'>): StopName[] {
  return stopOrder.filter((stop) => stopsMs[stop] === null)
}

/** How a stop that was not reached is told; `done` and `total` are counts. */
const progressWords: Record<StopName, (done: number, total: number) => string> = {
  created: (done, total) => `${done} of ${total} created`,
  available: (done, total) => `${done} of ${total} available`,
  ready: (done, total) => `${done} of ${total} Ready`,
  rsCurrent: (done, total) => `${done} of ${total} gone from the ReplicaSet`,
  deleted: (done, total) => `${done} of ${total} deleted`,
}

/**
 * Why a probe was not finished, and what to change: `timed out after 30.0 s with 78 of 200 Ready; raise
 * probes.sequence[0].timeout`. Undefined for one that reached all its stops.
 */
export function timeoutInWords(probes: Probes, index: number): string | undefined {
  const probe = probes[index]
  const unreached = probe === undefined ? [] : unreachedStops(probe)
  if (probe === undefined || unreached.length === 0) return undefined
  const { timeoutMs, progress } = probe
  const after = timeoutMs === undefined ? '' : ` after ${formatDuration(timeoutMs)}`
  const states = unreached.map((stop) => {
    const state = progress[stop]
    return state === undefined ? `${stop} not reached` : progressWords[stop](state.done, state.total)
  })
  return `timed out${after} with ${inOneBreath(states)}; raise probes.sequence[${index}].timeout`
}

/** `a`, `a and b`, `a, b and c`. */
function inOneBreath(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/**
 * Why a probe did not start from where it was to: then its times are not those of what the plan asks for, and are compared with
 * nothing. Undefined for one that did.
 */
export function unfinishedStart(probes: Probes, index: number): string | undefined {
  const [before, probe] = [probes[index - 1], probes[index]]
  if (before !== undefined && unreachedStops(before).length > 0) return `started before ${before.name} was finished`
  if (probe?.atStart === undefined) return undefined
  const { pods, ready } = probe.atStart
  if (pods === probe.from && ready === probe.from) return undefined
  return `started from ${ready} Ready of ${pods} pods instead of ${probe.from}`
}

/** One arm's figure for a stop of a probe; undefined where it has none. */
export function readingOfStop(probes: Probes, index: number, stop: StopName): Reading | undefined {
  const probe = probes[index]
  const value = probe?.stopsMs[stop]
  if (probe === undefined || value === undefined) return undefined
  const vagueByMs = probe.stopsVagueByMs[stop] ?? 0
  const hindrance = () => {
    if (unfinishedStart(probes, index) !== undefined) return 'unfinished-start'
    if (value === null) return 'not-reached'
    if (isMachineBound(probe)) return 'machine-bound'
    return vagueByMs > clockResolutionMs ? 'seen-late' : null
  }
  // What a saturated machine timed is only known to have been no later on a bigger one.
  const least = value === null ? Number.POSITIVE_INFINITY : isMachineBound(probe) ? 0 : Math.max(0, value - vagueByMs)
  return { value, least, hindrance: hindrance() }
}

/** How long an arm's nodes took to be Ready; undefined where it did not get as far as to start any. */
export function readingOfNodesReady({ fleet, machine }: Pick<ArmOutcome, 'fleet' | 'machine'>): Reading | undefined {
  if (fleet.nodes === 0) return undefined
  const isBound = machine?.phases.some(({ step, machineBound }) => step === 'fleet' && machineBound) ?? false
  return fleet.readyMs !== null && isBound ? upperBound(fleet.readyMs) : exactly(fleet.readyMs)
}

/** Stops that apply to a probe and that nothing was recorded of. */
export function missingStops(probe: Pick<ProbeOutcome, 'from' | 'to' | 'stopsMs'>): StopName[] {
  return stopsOf(probe).filter((stop) => probe.stopsMs[stop] === undefined)
}
