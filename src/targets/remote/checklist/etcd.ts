import { plural } from '../../../base/count.ts'
import { formatDuration, parseDurationMs } from '../../../base/duration.ts'
import { formatBytes } from '../../../base/quantity.ts'
import type { Distribution } from '../../../result/distribution.ts'
import type { ClusterFacts, EtcdMember } from './facts.ts'
import type { Flags } from './flags.ts'
import { flagValue, itemsOf } from './flags.ts'
import type { Judgement, Topic } from './judge.ts'
import { cannotSee, eachProcess, fail, few, pass, whereSeen } from './judge.ts'
import { hiddenBy } from './providers.ts'
import type { Seen, Unseen } from './seen.ts'

/** "p99 duration should be less than 10ms" (etcd.io, FAQ: What does the etcd warning "failed to send out heartbeat on time" mean?). */
const walFsyncLimitMs = 10
/** "p99 duration should be less than 25ms" (the same page). */
const commitLimitMs = 25
/** `DefaultQuotaBytes` (etcd, server/storage/quota.go). */
const defaultQuotaBytes = 2 * 2 ** 30
/** "8GB is a suggested maximum size for normal environments" (etcd.io, System limits). */
const largestQuotaBytes = 8 * 2 ** 30
/** A defragmentation needs room, and so does what is written until somebody reacts (etcd's alert `etcdDatabaseQuotaLowSpace` is at 95 %). */
const fullAbove = 0.8
/** Built-in values of etcd 3.6 and later, and of those before (`DefaultSnapshotCount`, server/etcdserver/server.go). */
const [fewestEntries, mostEntries] = [10_000, 100_000]
/** `--heartbeat-interval`, milliseconds (etcd, server/embed/config.go). */
const defaultHeartbeatMs = 100
/** More members make writes slower, not safer (etcd.io, FAQ: What is maximum cluster size?). */
const mostMembers = 7

/** What the document asks of etcd: its members, disks, network and limits. */
export const etcd: Topic = {
  title: 'etcd',
  lines: [
    { id: 'etcd-members', title: 'Odd number of members, all healthy', judge: judgeMembers },
    {
      id: 'etcd-leader',
      title: 'One leader',
      judge: ({ etcd: source }) => whereSeen(source, judgeLeader),
    },
    {
      id: 'etcd-disk',
      title: 'SSD or NVMe under etcd',
      judge: ({ managed }) => cannotSee(hiddenBy(managed, diskKind)),
    },
    {
      id: 'etcd-fsync',
      title: 'WAL fsync, p99 < 10 ms',
      judge: ({ etcd: source }) =>
        whereSeen(source, (members) =>
          judgeTime(
            members,
            ({ walFsync }) => walFsync,
            walFsyncLimitMs,
            'Put etcd on a faster disk that nothing else writes to',
          ),
        ),
    },
    {
      id: 'etcd-commit',
      title: 'Backend commit, p99 < 25 ms',
      judge: ({ etcd: source }) =>
        whereSeen(source, (members) =>
          judgeTime(
            members,
            ({ backendCommit }) => backendCommit,
            commitLimitMs,
            'Put etcd on a faster disk that nothing else writes to',
          ),
        ),
    },
    { id: 'etcd-wal-dir', title: 'WAL on a disk of its own, or a fast one', judge: judgeWal },
    { id: 'etcd-network', title: 'Fast network between members', judge: judgeNetwork },
    {
      id: 'etcd-snapshots',
      title: 'Snapshot frequency',
      judge: (facts) =>
        eachProcess(facts, 'etcd', (flags) => {
          const given = flagValue(flags, 'snapshot-count')
          const count = Number(given)
          if (given === undefined) return pass('--snapshot-count is not set: built-in value')
          return count >= fewestEntries && count <= mostEntries
            ? pass(`--snapshot-count=${given}`)
            : fail(
                `--snapshot-count=${given}`,
                `Set it to between ${fewestEntries} and ${mostEntries}: snapshots too often cost writes, too rarely memory and slow restarts`,
              )
        }),
    },
    { id: 'etcd-compaction', title: 'Old revisions are compacted', judge: judgeCompaction },
    { id: 'etcd-quota', title: 'Quota above the default of 2 GiB', judge: judgeQuota },
  ],
}

const diskKind = {
  because: 'no API shows the kind of a disk',
  next: 'On each machine of etcd: lsblk -d -o NAME,ROTA,TRAN,MODEL (ROTA 0: no spinning disk). Before etcd uses a disk: fio --rw=write --ioengine=sync --fdatasync=1 --size=22m --bs=2300 --name=etcd --directory=DIR',
}

/** How many members there are, how many of them are well, and where that was seen. */
interface Membership {
  count: number
  unwell: readonly string[]
  from: string
}

function judgeMembers(facts: ClusterFacts): Judgement {
  return whereSeen(membershipOf(facts), ({ count, unwell, from }) => {
    const what = `${plural(count, 'member')} (${from})`
    if (unwell.length > 0) return fail(`${what}; not healthy: ${few(unwell)}`, 'Run etcdctl endpoint health --cluster')
    if (count === 1) return fail(`${what}: writes stop with it`, 'Run three members, on three machines')
    if (count % 2 === 0) return fail(`${what}: no safer than ${count - 1}`, `Run ${count - 1} or ${count + 1} members`)
    if (count > mostMembers) return fail(`${what}: each write waits for a majority`, 'Run five members')
    return pass(`${what}, all healthy`)
  })
}

/** From the members' pages, else from pods, else from what the apiservers connect to. */
function membershipOf({ etcd: source, pods, flags }: ClusterFacts): Seen<Membership> {
  if ('value' in source) {
    const members = source.value
    const count = countOf(members)
    const unwell = members.filter(({ hasLeader }) => hasLeader === false).map(({ name }) => `${name} has no leader`)
    const silent = members
      .filter(({ peers }) => peers + 1 < count)
      .map(({ name, peers }) => `${name} reaches ${peers} others`)
    const all = members.length === count ? '' : `; ${members.length} of them read`
    return { value: { count, unwell: [...unwell, ...silent], from: `/metrics${all}` } }
  }
  const running = 'value' in pods ? pods.value.filter(({ component }) => component === 'etcd') : []
  if (running.length > 0) {
    const unwell = running.filter(({ isReady }) => !isReady).map(({ name }) => `${name} is not Ready`)
    return { value: { count: running.length, unwell, from: 'pods in kube-system' } }
  }
  const apiservers = flags['kube-apiserver']
  return 'value' in apiservers ? behindApiservers(apiservers.value, source) : source
}

/** How many members there are, those included that others reach and nobody has read. */
function countOf(members: readonly EtcdMember[]): number {
  return Math.max(members.length, ...members.map(({ peers }) => peers + 1))
}

/** What apiservers connect to has no health, so it can only fail by its number. */
function behindApiservers(apiservers: readonly Flags[], source: Unseen): Seen<Membership> {
  const servers = new Set(apiservers.flatMap((one) => itemsOf(one, 'etcd-servers')))
  const isLocal = [...servers].some((server) => /\/\/(?:127\.|localhost|\[::1\])/.test(server))
  const { next } = source
  if (isLocal || servers.size === 0)
    return { because: 'the apiserver connects to the etcd on its own machine, and shows no other', next }
  if (servers.size > 1 && servers.size % 2 === 1)
    return { because: `--etcd-servers has ${servers.size} members, but not whether they are healthy`, next }
  return { value: { count: servers.size, unwell: [], from: '--etcd-servers' } }
}

function judgeLeader(members: readonly EtcdMember[]): Judgement {
  const leaders = members.filter(({ isLeader }) => isLeader === true)
  const without = members.filter(({ hasLeader }) => hasLeader === false)
  const look = 'Run etcdctl endpoint status --cluster -w table, and look at the network between members'
  if (without.length > 0) return fail(`no leader: ${few(without.map(({ name }) => name))}`, look)
  if (leaders.length > 1)
    return fail(`${leaders.length} members say they lead: ${few(leaders.map(({ name }) => name))}`, look)
  const [leader] = leaders
  if (leader === undefined && members.length === countOf(members)) return fail('no member says that it leads', look)
  const changes = Math.max(...members.map(({ leaderChanges }) => leaderChanges ?? 0))
  return pass(`${leader?.name ?? 'a member that was not read'} leads; ${plural(changes, 'change')} since the start`)
}

/** The slowest member counts, by all it has measured since it started. */
function judgeTime(
  members: readonly EtcdMember[],
  timeOf: (member: EtcdMember) => Distribution,
  limitMs: number,
  next: string,
): Judgement {
  const slowest = slowestOf(members, timeOf)
  if (slowest === undefined) {
    return cannotSee({
      because: 'nothing was measured: not on the page',
      next: 'Run etcd of a version that has the metric',
    })
  }
  const { p99, text, name, count } = slowest
  const reason = `p99 ${text} since ${name} started (${plural(count, 'sample')})`
  return p99 < limitMs ? pass(reason) : fail(reason, next)
}

function slowestOf(members: readonly EtcdMember[], timeOf: (member: EtcdMember) => Distribution) {
  const found = members.flatMap((member) => {
    const { count, p99, beyondMs } = timeOf(member)
    if (count === 0) return []
    const ms = p99 ?? beyondMs ?? Number.POSITIVE_INFINITY
    return [{ name: member.name, count, p99: ms, text: p99 === null ? `over ${shown(ms)}` : shown(ms) }]
  })
  return found.toSorted((one, other) => other.p99 - one.p99)[0]
}

/** Milliseconds with a decimal where that matters. */
function shown(ms: number): string {
  return ms < 100 ? `${ms.toFixed(1)} ms` : formatDuration(ms)
}

function judgeWal(facts: ClusterFacts): Judgement {
  const { etcd: source, flags } = facts
  const time = 'value' in source ? slowestOf(source.value, ({ walFsync }) => walFsync) : undefined
  if (time !== undefined && time.p99 < walFsyncLimitMs)
    return pass(`wherever it is, its fsync takes ${time.text} (p99), within 10 ms`)
  if (!('value' in flags.etcd)) return cannotSee(flags.etcd)
  return eachProcess(facts, 'etcd', (one) => {
    const folder = flagValue(one, 'wal-dir')
    if (folder !== undefined && time === undefined) return pass(`--wal-dir=${folder}`)
    const slow = time === undefined ? '' : `, and its fsync takes ${time.text} (p99)`
    const where = folder === undefined ? 'the WAL is in etcd’s data folder' : `--wal-dir=${folder}`
    if (time === undefined) {
      return cannotSee({
        because: `${where}; whether that is fast enough is not known`,
        next: 'Add components.etcd to the cluster in clusters.yaml, so that its fsync can be judged',
      })
    }
    return fail(`${where}${slow}`, 'Mount a fast disk for the WAL alone, and set --wal-dir')
  })
}

/** "The heartbeat interval is recommended to be around the maximum of the average round-trip time between members" (etcd.io, Tuning). */
function judgeNetwork({ etcd: source, flags }: ClusterFacts): Judgement {
  return whereSeen(source, (members) => {
    const slowest = slowestOf(members, ({ peerRoundTrip }) => peerRoundTrip)
    if (slowest === undefined)
      return cannotSee({ because: 'no round trip between members was measured', next: 'It takes several members' })
    const given =
      'value' in flags.etcd ? Number(flagValue(flags.etcd.value[0] ?? noFlags, 'heartbeat-interval')) : Number.NaN
    const limitMs = given > 0 ? given : defaultHeartbeatMs
    const reason = `round trip between members p99 ${slowest.text}; the heartbeat interval is ${limitMs} ms${given > 0 ? '' : ' unless set'}`
    return slowest.p99 < limitMs
      ? pass(reason)
      : fail(reason, 'Give members a network of their own, or raise --heartbeat-interval and --election-timeout')
  })
}

const noFlags = { from: '', values: new Map<string, string>() }

/** The apiserver compacts by itself unless told not to (`--etcd-compaction-interval`, 5 minutes). */
function judgeCompaction(facts: ClusterFacts): Judgement {
  const retained =
    'value' in facts.flags.etcd
      ? facts.flags.etcd.value.flatMap((flags) => flagValue(flags, 'auto-compaction-retention') ?? [])
      : []
  const byEtcd = retained.find((value) => !/^0[a-z]*$/.test(value))
  return eachProcess(facts, 'kube-apiserver', (flags) => {
    const given = flagValue(flags, 'etcd-compaction-interval')
    if (given === undefined) return pass('the apiserver compacts every 5 minutes, the default')
    if ((parseDurationMs(given) ?? 0) > 0) return pass(`--etcd-compaction-interval=${given}`)
    if (byEtcd !== undefined) return pass(`etcd compacts: --auto-compaction-retention=${byEtcd}`)
    return fail(
      `--etcd-compaction-interval=${given}`,
      'Leave the flag out, or set it to 5m: otherwise etcd grows until its quota',
    )
  })
}

function judgeQuota({ etcd: source, flags }: ClusterFacts): Judgement {
  const next = `Set etcd's --quota-backend-bytes, at most ${largestQuotaBytes} (${formatBytes(largestQuotaBytes)})`
  if ('value' in source) {
    const smallest = source.value
      .flatMap(({ name, quotaBytes, sizeBytes }) => (quotaBytes === undefined ? [] : [{ name, quotaBytes, sizeBytes }]))
      .toSorted((one, other) => one.quotaBytes - other.quotaBytes)[0]
    if (smallest !== undefined) {
      const { name, quotaBytes, sizeBytes = 0 } = smallest
      const byDefault = quotaBytes === defaultQuotaBytes ? ', the default,' : ''
      const used = `${formatBytes(sizeBytes)} of ${formatBytes(quotaBytes)}${byDefault} used (${name})`
      if (quotaBytes > 0 && sizeBytes > fullAbove * quotaBytes)
        return fail(`${used}: writes stop when it is full`, `Compact and defragment. ${next}`)
      return quotaBytes > defaultQuotaBytes || quotaBytes === 0 ? pass(used) : fail(used, next)
    }
  }
  return whereSeen(flags.etcd, (processes) => {
    const small = processes.find((one) => Number(flagValue(one, 'quota-backend-bytes') ?? 0) <= defaultQuotaBytes)
    if (small !== undefined) {
      const given = flagValue(small, 'quota-backend-bytes')
      const what = given === undefined || Number(given) === 0 ? 'not set: 2 GiB' : formatBytes(Number(given))
      // A negative one turns the quota off.
      return Number(given) < 0
        ? pass(`no quota (${small.from})`)
        : fail(`--quota-backend-bytes is ${what} (${small.from})`, next)
    }
    const [first] = processes
    return pass(`--quota-backend-bytes=${first === undefined ? '' : flagValue(first, 'quota-backend-bytes')}`)
  })
}
