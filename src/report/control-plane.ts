import { formatDuration } from '../base/duration.ts'
import { formatBytes } from '../base/quantity.ts'
import type { ArmOutcome, ControlPlaneOutcome, Disk, KnobOutcome } from '../result/result.ts'
import { formatLatency, none } from './format.ts'
import { armLabel } from './labels.ts'
import type { Block, Cell, Section } from './section.ts'

/** The series of etcd's own measurements of the way between members. */
export const peerRoundTrip = 'etcd_peer_round_trip_ms'

/** The etcd tuning guide: 0.5 to 1.5 round trips (https://etcd.io/docs/latest/tuning/). */
const heartbeatInRoundTrips = { least: 0.5, most: 1.5 } as const
/** The same guide: at least ten round trips, so that a late message elects nobody. */
const electionInRoundTrips = 10

/** What the control plane was made of, and what follows from it for settings; nothing where no arm says more than that it is one of each. */
export function controlPlaneSection(arms: readonly ArmOutcome[]): Section[] {
  const shown = arms.filter((arm) => arm.controlPlane !== undefined || roundTripOf(arm) !== undefined)
  if (shown.length === 0) return []
  const columns = ['API servers', 'etcd members', 'round trip between members', 'heartbeat-interval', 'write-ahead log']
  const blocks: Block[] = [
    {
      kind: 'table',
      brief: true,
      caption:
        'heartbeat-interval: in force, and what etcd’s tuning guide advises for this round trip (0.5 to 1.5 times as long; election-timeout at least 10 times)',
      columns: [
        { title: 'Arm' },
        ...columns.map((title) => ({ title, of: 'text' as const })),
        { title: 'neighbour on the disk', of: 'text' },
      ],
      groups: [{ rows: shown.map(cellsOf) }],
    },
  ]
  const shared = shown.filter((arm) => isOneDisk(arm))
  if (shared.length > 0)
    blocks.push({
      kind: 'paragraph',
      brief: true,
      text: `The write-ahead log has no second disk: ${shared.map(armLabel).join(', ')}. Its device is backed by the disk that holds the data, so both still wait for one queue.`,
    })
  return [{ part: 'account', title: 'Control plane', blocks }]
}

function cellsOf(arm: ArmOutcome): Cell[] {
  const { controlPlane } = arm
  const etcd = controlPlane?.etcd
  const neighbour = etcd?.neighbour
  const trip = roundTripOf(arm)
  return [
    { text: armLabel(arm), arm: arm.name },
    controlPlane === undefined ? none : String(controlPlane.apiservers),
    etcd === undefined ? 'several' : String(etcd.members),
    trip === undefined
      ? none
      : {
          text: formatLatency(trip.ms),
          detail:
            trip.askedMs === undefined ? trip.from : `${trip.from}; the plan asks for ${formatDuration(trip.askedMs)}`,
        },
    heartbeatCell(arm),
    etcd === undefined ? none : walCell(etcd),
    neighbour === undefined
      ? none
      : {
          text: `${formatBytes((1000 * neighbour.bytes) / neighbour.durationMs)}/s`,
          detail: `${neighbour.syncs} syncs in ${formatDuration(neighbour.durationMs)}`,
        },
  ]
}

function walCell({ dataDisk, walDisk }: ControlPlaneOutcome['etcd']): Cell {
  if (walDisk === undefined) return { text: 'with the data', detail: diskText(dataDisk) }
  return { text: diskText(walDisk), detail: `data: ${diskText(dataDisk)}` }
}

function heartbeatCell(arm: ArmOutcome): Cell {
  const trip = roundTripOf(arm)
  const inForce = millisecondsOf(arm, 'etcd.heartbeatInterval')
  if (trip === undefined) return inForce === undefined ? none : { text: inForce, detail: 'no effect: one member' }
  const { least, most } = heartbeatInRoundTrips
  const at = (factor: number) => formatDuration(Math.max(1, Math.round(factor * trip.ms)))
  return {
    text: inForce ?? 'not set',
    detail: `advised: ${at(least)} to ${at(most)}, election-timeout at least ${at(electionInRoundTrips)}`,
  }
}

function millisecondsOf({ knobs }: ArmOutcome, id: string): string | undefined {
  const value: KnobOutcome['effective'] = knobs.find((knob) => knob.id === id)?.effective ?? null
  return typeof value === 'number' ? formatDuration(value) : undefined
}

/** What is known of the way between members; undefined where there is one, or nobody measured. */
function roundTripOf({ controlPlane, series = [] }: ArmOutcome) {
  const ours = controlPlane?.etcd.roundTrip
  if (ours !== undefined)
    return {
      ms: ours.measuredMs,
      askedMs: ours.askedMs,
      from: `median at the start, shortest ${formatLatency(ours.leastMs)}`,
    }
  const longest = series.flatMap((one) =>
    one.name === peerRoundTrip && 'distribution' in one && one.distribution.p50 !== null ? [one.distribution.p50] : [],
  )
  // The members far from each other decide: a leader may be anywhere.
  return longest.length === 0
    ? undefined
    : { ms: Math.max(...longest), askedMs: undefined, from: 'etcd’s own measurement, to within a factor of two' }
}

function isOneDisk({ controlPlane }: ArmOutcome): boolean {
  const { dataDisk, walDisk } = controlPlane?.etcd ?? {}
  if (dataDisk === undefined || walDisk === undefined) return false
  return (walDisk.on ?? walDisk.name) === (dataDisk.on ?? dataDisk.name) && walDisk.kind !== 'memory'
}

/** `loop0 (loop device on vda, ext4)` */
function diskText({ kind, name, fileSystem, on, scheduler }: Disk): string {
  if (kind === 'memory') return `memory (${fileSystem})`
  if (kind === 'loop') return `${name} (loop device${on === undefined ? '' : ` on ${on}`}, ${fileSystem})`
  if (kind === 'unknown') return `unknown device (${fileSystem})`
  return `${name} (${[fileSystem, ...(scheduler === undefined ? [] : [`scheduler ${scheduler}`])].join(', ')})`
}
