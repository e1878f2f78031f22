import type { Compaction } from '../../tuning/compaction.ts'
import type { Timeline } from '../kernel/kernel.ts'
import type { Processor } from '../machine/processor.ts'

/** How etcd is set up: the knobs that act in the model. */
export interface EtcdSettings {
  quotaBytes: number
  snapshotCount: number
  /** How often the apiserver compacts what is older than that; 0 where it never does. */
  apiserverCompactionMs: number
  /** What it keeps when it compacts by itself; null where only the apiserver compacts. */
  compaction: Compaction | null
  /** Resources with an etcd of their own, as `group/resource`. */
  split: readonly string[]
}

/** The etcd clusters behind one apiserver. */
export interface EtcdFleet {
  /** Which of them holds a resource, by instance name: `etcd`, `etcd-pods`. */
  instanceOf(resource: string): string
  /** A write that will reach etcd at `readyMs`; returns when it is on disk. */
  commit(resource: string, readyMs: number, write: Write): number
  /** As `commit`, of `count` such writes that come evenly over so long; returns when the last of them is on disk. */
  commitAlike(resource: string, readyMs: number, write: Write, writes: Alike): number
  /** Whether the NOSPACE alarm is raised: then only deletions are taken. */
  isFull(resource: string): boolean
  instances(): EtcdUse[]
}

export interface Write {
  bytes: number
  /** Bytes of the version that it takes the place of. */
  obsoleteBytes: number
  /** Processor time of etcd. */
  costMs: number
}

/** Things of one kind that are taken together. */
export interface Alike {
  count: number
  /** How long they are spread over. */
  overMs: number
}

/** One etcd. */
export interface EtcdUse {
  instance: string
  quotaBytes: number
  /** Size of the database file: it never shrinks by itself. */
  fileBytes: number
  inUseBytes: number
  writes: number
  /** Group commits by how long they took on disk, for the histogram. */
  fsyncs: number
  fsyncMs: number
  snapshots: number
  /** The NOSPACE alarm is raised. */
  full: boolean
}

interface Instance extends EtcdUse {
  /** The group commit that is under way or the next to start. */
  batchStartMs: number
  batchEndMs: number
  /** Oldest first, until they are compacted. */
  history: Version[]
}

/** Bytes of versions that were overwritten. */
interface Version {
  atMs: number
  writes: number
  bytes: number
}

/** bbolt's pages are not full: 5000 pods took 22 MB in use, of 15 MB by their sizes (plan 1k-nodes, November 2026). */
const fileBytesPerByte = 1.45
/** An empty etcd has pages and buckets already. */
const emptyBytes = 20_480
/** How often etcd compacts by revision (server/etcdserver/api/v3compactor/revision.go). */
const byRevisionEveryMs = 300_000
const single: Alike = { count: 1, overMs: 0 }
/** Saving a snapshot syncs its file and a record of it in the write-ahead log (etcd server/storage/storage.go). */
const syncsPerSnapshot = 2

/**
 * etcd as its clients feel it: writes that arrive while the log is being synced to disk are synced together, next; the file
 * grows with every version until old ones are compacted, whose pages are then used again; at the quota it raises NOSPACE,
 * which only compaction and defragmentation by hand would clear.
 */
export function createEtcd(
  timeline: Timeline,
  processor: Processor,
  /** Wall time of one group commit. */
  fsyncMs: number,
  settings: EtcdSettings,
): EtcdFleet {
  const owners = new Map(settings.split.map((resource) => [lastPart(resource), `etcd-${lastPart(resource)}`]))
  const instanceOf = (resource: string) => owners.get(resource) ?? 'etcd'
  const instances = new Map<string, Instance>(
    ['etcd', ...owners.values()].map((instance) => [instance, blankInstance(instance, settings)]),
  )
  const holding = (resource: string) => instances.get(instanceOf(resource)) as Instance

  const compact = (everyMs: number, isOld: (version: Version, one: Instance) => boolean) => {
    for (const one of instances.values()) {
      let [oldest] = one.history
      while (oldest !== undefined && isOld(oldest, one)) {
        one.history.shift()
        one.inUseBytes -= oldest.bytes
        oldest = one.history[0]
      }
    }
    timeline.after(everyMs, () => compact(everyMs, isOld))
  }
  const compactOlderThan = (keptMs: number) =>
    timeline.after(keptMs, () => compact(keptMs, ({ atMs }) => timeline.nowMs() - atMs >= keptMs))
  // The apiserver keeps what is no older than its interval (apiserver storage/etcd3/compact.go), whatever etcd does by itself.
  const { compaction, apiserverCompactionMs } = settings
  if (apiserverCompactionMs > 0) compactOlderThan(apiserverCompactionMs)
  if (compaction?.keep === 'period') compactOlderThan(compaction.periodMs)
  if (compaction?.keep === 'revisions')
    timeline.after(byRevisionEveryMs, () =>
      compact(byRevisionEveryMs, ({ writes }, one) => one.writes - writes >= compaction.revisions),
    )

  const grow = (one: Instance, bytes: number) => {
    one.inUseBytes += bytes * fileBytesPerByte
    one.fileBytes = Math.max(one.fileBytes, one.inUseBytes)
    if (one.fileBytes >= one.quotaBytes) one.full = true
  }

  const commitAlike: EtcdFleet['commitAlike'] = (resource, readyMs, write, { count, overMs }) => {
    const { bytes, obsoleteBytes, costMs } = write
    const one = holding(resource)
    // Its place in the processor's queue is taken now: taken for later, the processor would be idle until then.
    const doneMs = processor.reserve('etcd', costMs * count, '', count)
    const atEtcdMs = Math.max(doneMs, readyMs + costMs)
    if (atEtcdMs > one.batchStartMs) {
      one.batchStartMs = Math.max(atEtcdMs, one.batchEndMs)
      one.batchEndMs = one.batchStartMs + fsyncMs
      // Those that came before the last, while nobody looked: each had a commit of its own unless the disk was too slow for it.
      const commits = Math.max(1, Math.min(count, Math.floor(overMs / fsyncMs)))
      one.fsyncs += commits
      one.fsyncMs += commits * fsyncMs
    }
    const snapshots =
      Math.floor((one.writes + count) / settings.snapshotCount) - Math.floor(one.writes / settings.snapshotCount)
    one.writes += count
    one.snapshots += snapshots
    one.batchEndMs += snapshots * syncsPerSnapshot * fsyncMs
    grow(one, bytes * count)
    if (obsoleteBytes > 0) remember(one, timeline.nowMs(), obsoleteBytes * count * fileBytesPerByte)
    return one.batchEndMs
  }

  return {
    instanceOf,
    isFull: (resource) => holding(resource).full,
    commit: (resource, readyMs, write) => commitAlike(resource, readyMs, write, single),
    commitAlike,
    instances: () => [...instances.values()],
  }
}

/** Overwritten or deleted versions, by the second: enough for compaction, and small however many writes there are. */
function remember(one: Instance, atMs: number, bytes: number): void {
  const last = one.history.at(-1)
  if (last !== undefined && atMs - last.atMs < 1000) {
    last.bytes += bytes
    last.writes = one.writes
  } else one.history.push({ atMs, writes: one.writes, bytes })
}

function blankInstance(instance: string, { quotaBytes }: EtcdSettings): Instance {
  return {
    instance,
    quotaBytes,
    fileBytes: emptyBytes,
    inUseBytes: emptyBytes,
    writes: 0,
    fsyncs: 0,
    fsyncMs: 0,
    snapshots: 0,
    batchStartMs: Number.NEGATIVE_INFINITY,
    batchEndMs: Number.NEGATIVE_INFINITY,
    history: [],
    full: false,
  }
}

/** `pods` of `/pods`, `leases` of `coordination.k8s.io/leases`. */
function lastPart(resource: string): string {
  return resource.slice(resource.lastIndexOf('/') + 1)
}
