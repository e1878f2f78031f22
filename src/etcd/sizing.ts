/*
 * The document's sizing arithmetic (requirements R7), in its own units: KB and MB of 1024, rates per minute. Object sizes
 * are those of facts/kubernetes-mechanisms.md section 10.
 */

const kilobyte = 1024
/** A real node's object, with its images and conditions; a hollow one has few of either. */
const realNodeKilobytes = 15
const hollowNodeKilobytes = 4
/** Two events per node a minute, of which 30 % are new ones: the document's 10000 for its 5000 nodes. */
const eventsPerNodePerMinute = 2
const newEventShare = 0.3
const eventKilobytes = 4
/** An unchanged status is written this seldom unless nodeStatusUpdateFrequency is set (kubelet: nodeStatusReportFrequency). */
const builtInStatusPeriodSeconds = 300
const leasePeriodSeconds = 10
const leaseKilobytes = 0.8

/** What is written to etcd per minute, in MB as the document counts them. */
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
  const perMinute = (periodSeconds: number) => (60 / periodSeconds) * nodes
  const nodeKilobytes = hollow ? hollowNodeKilobytes : realNodeKilobytes
  return {
    nodeStatusMegabytes: (nodeKilobytes * perMinute(statusPeriodSeconds ?? builtInStatusPeriodSeconds)) / 1024,
    eventMegabytes: (eventsPerNodePerMinute * nodes * eventKilobytes * newEventShare) / 1024,
    leaseMegabytes: (leaseKilobytes * perMinute(leasePeriodSeconds)) / 1024,
  }
}

/** Sum of all writes, in MB per minute. */
export function totalMegabytes({ nodeStatusMegabytes, eventMegabytes, leaseMegabytes }: WriteRates): number {
  return nodeStatusMegabytes + eventMegabytes + leaseMegabytes
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
}

/** etcd holds protobuf, about 60 % of the JSON that API clients see; payloads stay what they are. */
const protobufShare = 0.6
const jsonKilobytes = {
  node: hollowNodeKilobytes,
  pod: 5.1,
  deployment: 2.5,
  replicaSet: 2.3,
  service: 1.2,
  other: 0.6,
}

/** Bytes of the objects themselves, once each: without history, indexes and free pages. */
export function storedBytes(objects: StoredObjects): number {
  const { nodes, pods, deployments, services, configmaps, secrets, serviceaccounts } = objects
  const kilobytes =
    nodes * (jsonKilobytes.node + leaseKilobytes) +
    pods * jsonKilobytes.pod +
    deployments * (jsonKilobytes.deployment + jsonKilobytes.replicaSet) +
    // A service has an EndpointSlice and an IPAddress.
    services * (jsonKilobytes.service + 2 * jsonKilobytes.other) +
    (configmaps + secrets + serviceaccounts) * jsonKilobytes.other
  const payloads = configmaps * objects.configmapBytes + secrets * objects.secretBytes + objects.ballastBytes
  return Math.round(kilobytes * kilobyte * protobufShare + payloads)
}

/** The apiserver has etcd forget old versions this often (--etcd-compaction-interval): until then, each takes its room. */
export const compactionMinutes = 5
