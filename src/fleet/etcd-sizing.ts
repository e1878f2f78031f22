/*
 * What a cluster writes to etcd and how much of its quota that takes: the document's arithmetic in its own units, KB and MB of 1024
 * and rates per minute, and what is true of hollow nodes beside it. Object sizes are those of docs/figures.md.
 */

const kilobyte = 1024

/** A real node's object, with its images and conditions, as JSON; a hollow one has few of either. */
const realNodeKilobytes = 15
const hollowNodeKilobytes = 4
/** Two events per node a minute, of which 30 % are new ones: the document's 10000 for its 5000 nodes. */
export const eventsPerNodePerMinute = 2
const newEventShare = 0.3
/** As the document counts them; here an event has 1.2. */
const documentEventKilobytes = 4
const eventKilobytes = 1.2
/** An unchanged status is written this seldom unless nodeStatusUpdateFrequency is set (kubelet: nodeStatusReportFrequency). */
export const builtInStatusPeriodSeconds = 300
const leasePeriodSeconds = 10
const leaseKilobytes = 0.8

/** What nodes write to etcd in a minute, in MB of JSON as the document counts them. */
export interface WriteRates {
  nodeStatusMegabytes: number
  eventMegabytes: number
  leaseMegabytes: number
}

/**
 * Writes of a fleet: node reports 15 KB x (60 s / period) x nodes, events 2 per node x 4 KB x 30 %, and a lease per node every
 * 10 s, which the document leaves out. `statusPeriodSeconds` is nodeStatusUpdateFrequency, null where it is not set.
 */
export function writeRates({
  nodes,
  statusPeriodSeconds,
  hollow,
}: {
  nodes: number
  statusPeriodSeconds: number | null
  hollow: boolean
}): WriteRates {
  const { status, lease } = heartbeatsPerSecond({ nodes, statusPeriodSeconds })
  const nodeKilobytes = hollow ? hollowNodeKilobytes : realNodeKilobytes
  return {
    nodeStatusMegabytes: (nodeKilobytes * status * 60) / 1024,
    eventMegabytes: (eventsPerNodePerMinute * nodes * documentEventKilobytes * newEventShare) / 1024,
    leaseMegabytes: (leaseKilobytes * lease * 60) / 1024,
  }
}

/** How often per second a fleet's statuses and leases are written, once they no longer change (docs/figures.md, Heartbeats). */
export function heartbeatsPerSecond({
  nodes,
  statusPeriodSeconds,
}: {
  nodes: number
  statusPeriodSeconds: number | null
}): { status: number; lease: number } {
  return { status: nodes / (statusPeriodSeconds ?? builtInStatusPeriodSeconds), lease: nodes / leasePeriodSeconds }
}

/** What a cluster holds. */
export interface StoredObjects {
  nodes: number
  pods: number
  deployments: number
  services: number
  configmaps: number
  secrets: number
  serviceaccounts: number
  configmapBytes: number
  secretBytes: number
  ballastBytes: number
  /** Events that are there for their weight alone; not among `ballastBytes`. */
  ballastEventBytes: number
}

/** etcd holds protobuf, about 60 % of the JSON that API clients see; payloads stay what they are. */
const protobufShare = 0.6
/** Pods, events, leases and nodes as in docs/figures.md; the others are guesses, and weigh little beside them. */
const jsonKilobytes = { pod: 5.1, pendingPod: 2.6, deployment: 2.5, replicaSet: 2.3, service: 1.2, other: 0.6 }
/** Scheduled, three as its container starts, and its part of its ReplicaSet's. */
const eventsPerPod = 5

/** The part of a cluster that can have an etcd of its own. */
interface Part {
  /** As `etcd.splitByResource` names it; everything else when undefined. */
  resource: string | undefined
  /** The objects themselves, once each. */
  objectsBytes: number
  /** Versions that filling the cluster writes and overwrites. */
  fillBytes: number
  /** What heartbeats write. */
  bytesPerMinute: number
}

interface HeartbeatLoad {
  statusPeriodSeconds: number | null
  hollow: boolean
}

function contentsOf(objects: StoredObjects, heartbeat: HeartbeatLoad): Part[] {
  const { nodes, pods, deployments, services, configmaps, secrets, serviceaccounts } = objects
  const inEtcd = (kilobytes: number) => Math.round(kilobytes * kilobyte * protobufShare)
  const rates = writeRates({ nodes, ...heartbeat })
  const everythingElse =
    nodes * hollowNodeKilobytes +
    deployments * (jsonKilobytes.deployment + jsonKilobytes.replicaSet) +
    // A service has an EndpointSlice and an IPAddress.
    services * (jsonKilobytes.service + 2 * jsonKilobytes.other) +
    (configmaps + secrets + serviceaccounts) * jsonKilobytes.other
  const payloads = configmaps * objects.configmapBytes + secrets * objects.secretBytes + objects.ballastBytes
  return [
    {
      resource: '/pods',
      objectsBytes: inEtcd(pods * jsonKilobytes.pod),
      // As created and as bound, before the status that stays.
      fillBytes: inEtcd(pods * 2 * jsonKilobytes.pendingPod),
      bytesPerMinute: 0,
    },
    {
      resource: 'coordination.k8s.io/leases',
      objectsBytes: inEtcd(nodes * leaseKilobytes),
      fillBytes: 0,
      bytesPerMinute: inEtcd(rates.leaseMegabytes * 1024),
    },
    // Nobody overwrites events; they stay for an hour.
    {
      resource: '/events',
      objectsBytes: Math.round(inEtcd(pods * eventsPerPod * eventKilobytes) + objects.ballastEventBytes),
      fillBytes: 0,
      bytesPerMinute: 0,
    },
    {
      resource: undefined,
      objectsBytes: Math.round(inEtcd(everythingElse) + payloads),
      fillBytes: 0,
      bytesPerMinute: inEtcd(rates.nodeStatusMegabytes * 1024),
    },
  ]
}

/** A file that had only just room may have none for what comes later, such as events. */
const headroom = 1.25

/**
 * The quota that all of `planned` needs, by how large a file `stored` has made: what was seen, times the ratio of the arithmetic's sizes of the
 * two. Rounded up to a power of two, in bytes.
 */
export function quotaFor({
  fileBytes,
  stored,
  planned,
}: {
  fileBytes: number
  stored: StoredObjects
  planned: StoredObjects
}): number {
  const storedBytes = filledBytes(stored)
  const growth = storedBytes === 0 ? 1 : Math.max(1, filledBytes(planned) / storedBytes)
  return 2 ** Math.ceil(Math.log2(fileBytes * growth * headroom))
}

/** What creating these objects writes, heartbeats left out. */
function filledBytes(objects: StoredObjects): number {
  const parts = contentsOf(objects, { statusPeriodSeconds: null, hollow: true })
  return parts.reduce((sum, { objectsBytes, fillBytes }) => sum + objectsBytes + fillBytes, 0)
}

/** How an arm sets etcd up. */
export interface EtcdSetUp {
  quotaBytes: number
  /** Resources that have an etcd of their own. */
  split: readonly string[]
  /** How often the apiserver compacts; 0 where it never does. */
  apiserverCompactionMinutes: number
  /** auto-compaction-mode and -retention: `revision` with a retention above 0 is etcd's own compaction every 5 minutes. */
  compactsByRevision: boolean
}

/** One etcd and its quota. */
export interface EtcdForecast {
  /** The resource it holds alone, or `everything else`, or `everything`. */
  holds: string
  /** The objects themselves, once each: without history, indexes and free pages. */
  objectsBytes: number
  /** What heartbeats write. */
  bytesPerMinute: number
  /** Size of its file just before old versions are compacted away, at most. */
  fileBytes: number
  quotaBytes: number
  suffices: boolean
  /** How long until the quota is full if nothing were compacted; null when nothing goes on being written. */
  fullAfterMinutes: number | null
}

/**
 * How many minutes of old versions there are at most. The apiserver compacts every 5 minutes what was old 5 minutes ago
 * (k8s.io/apiserver/pkg/storage/etcd3/compact.go), so up to 10 of them, or as often as it is told to; etcd's own compaction by revision
 * keeps just the last so many revisions, every 5 minutes (etcd server/etcdserver/api/v3compactor/revision.go). Where nobody compacts
 * there is no end to them.
 */
function historyMinutes({ compactsByRevision, apiserverCompactionMinutes }: EtcdSetUp): number {
  const byApiserver = apiserverCompactionMinutes === 0 ? Number.POSITIVE_INFINITY : 2 * apiserverCompactionMinutes
  return Math.min(byApiserver, compactsByRevision ? 5 : Number.POSITIVE_INFINITY)
}

/** bbolt's pages are not full: 5000 pods took 22 MB in use, of 15 MB by their sizes (plan 1k-nodes, November 2026). */
const fileBytesPerByte = 1.45

/** Every etcd of an arm, the one nearest to its quota first. */
export function forecastEtcd(objects: StoredObjects, heartbeat: HeartbeatLoad, setUp: EtcdSetUp): EtcdForecast[] {
  const contents = contentsOf(objects, heartbeat)
  const { split, quotaBytes } = setUp
  const alone = contents.filter(({ resource }) => resource !== undefined && split.includes(resource))
  const rest = contents.filter((part) => !alone.includes(part))
  const total = (parts: readonly Part[], countOf: (part: Part) => number) =>
    parts.reduce((sum, part) => sum + countOf(part), 0)
  const forecast = (holds: string, parts: readonly Part[]): EtcdForecast => {
    const objectsBytes = total(parts, (part) => part.objectsBytes)
    const bytesPerMinute = total(parts, (part) => part.bytesPerMinute)
    const filledBytes = objectsBytes + total(parts, (part) => part.fillBytes)
    const historyBytes = bytesPerMinute === 0 ? 0 : historyMinutes(setUp) * bytesPerMinute
    const endlessBytes = Math.max(quotaBytes, filledBytes * fileBytesPerByte)
    const fileBytes = Number.isFinite(historyBytes)
      ? Math.round((filledBytes + historyBytes) * fileBytesPerByte)
      : Math.round(endlessBytes)
    const roomBytes = Math.max(0, quotaBytes / fileBytesPerByte - filledBytes)
    return {
      holds,
      objectsBytes,
      bytesPerMinute,
      fileBytes,
      quotaBytes,
      suffices: fileBytes < quotaBytes,
      fullAfterMinutes: bytesPerMinute === 0 ? null : roomBytes / bytesPerMinute,
    }
  }
  return [
    forecast(alone.length === 0 ? 'everything' : 'everything else', rest),
    ...alone.map((part) => forecast(part.resource ?? '', [part])),
  ].sort((one, other) => other.fileBytes - one.fileBytes)
}
