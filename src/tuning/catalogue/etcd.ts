import { formatBytes } from '../../base/quantity.ts'
import type { KnobValue, NamedKnob, ReadBack } from '../knob.ts'
import type { Told } from './forms.ts'
import { durationOrZero, flag, whole, word } from './forms.ts'

const etcdFlag = (name: string, told: Told, readBack: ReadBack = { from: 'process arguments' }): NamedKnob =>
  flag('etcd', 'etcd', name, readBack, told)

const oneMember = 'no effect on a cluster of one member'
const levels = [0, 1, 2, 3, 4, 5, 6, 7]
const ioPriorities = [
  'none: prio 0',
  ...['best-effort', 'realtime'].flatMap((name) => levels.map((level) => `${name}: prio ${level}`)),
  'idle',
]
const inBytes = (value: KnobValue) => (typeof value === 'number' ? formatBytes(value) : undefined)
/** etcd server/storage/backend.go leaves its own defaults alone then (backend/backend.go). */
const standsFor = (meant: string) => (value: KnobValue) =>
  value === 0 || value === '0s' ? `${meant}, etcd's own default` : undefined

export const etcdKnobs: readonly NamedKnob[] = [
  etcdFlag('heartbeat-interval', {
    type: whole(1, 10_000),
    unit: 'ms',
    stock: 100,
    affects: 'how soon members notice that their leader is gone',
    note: `should be about the round trip between members (docs/etcd.md says how to find it out); ${oneMember}`,
  }),
  etcdFlag('election-timeout', {
    type: whole(5, 50_000),
    unit: 'ms',
    stock: 1000,
    affects: 'how long members wait without a leader before they elect one',
    note: `not in the document: etcd refuses to start unless it is at least 5 x heartbeat-interval; ${oneMember}`,
  }),
  etcdFlag('snapshot-count', {
    type: whole(1, Number.MAX_SAFE_INTEGER),
    unit: 'writes',
    stock: 10000,
    affects: 'how often etcd writes a snapshot of its state, after which older log files can go',
    note: 'before etcd 3.6, also how much memory the log takes',
  }),
  etcdFlag(
    'quota-backend-bytes',
    {
      type: { kind: 'bytes' },
      meaningOf: inBytes,
      stock: 2147483648,
      affects: 'the size at which etcd refuses writes (NOSPACE)',
    },
    { from: '/metrics', metric: 'etcd_server_quota_backend_bytes' },
  ),
  etcdFlag('auto-compaction-mode', {
    type: word('periodic', 'revision'),
    stock: 'periodic',
    affects: 'what auto-compaction-retention counts: time, or revisions',
  }),
  etcdFlag('auto-compaction-retention', {
    type: { kind: 'retention' },
    stock: '0',
    affects: 'how many old versions etcd keeps, and so its size',
  }),
  etcdFlag('backend-batch-limit', {
    type: whole(0),
    unit: 'operations',
    meaningOf: standsFor('10000'),
    stock: 0,
    affects: 'operations per database commit: more means fewer commits, longer pauses',
  }),
  etcdFlag('backend-batch-interval', {
    type: durationOrZero(1),
    meaningOf: standsFor('100ms'),
    stock: '0s',
    affects: 'time between database commits: more means fewer commits, longer pauses',
  }),
  {
    id: 'etcd.splitByResource',
    component: 'etcd',
    setting: { via: 'etcd-split' },
    type: { kind: 'resources' },
    stock: '',
    readBack: { from: '/flagz' },
    affects: 'how many etcds share the writes, each with its own disk queue and quota',
    note: 'one etcd each for the resources named (group/resource) and one for everything else',
  },
  {
    id: 'etcd.nice',
    component: 'etcd',
    setting: { via: 'process', attribute: 'nice' },
    type: whole(-20, 19),
    stock: 0,
    readBack: { from: '/proc' },
    affects: 'whether etcd gets the processor first on a busy machine',
  },
  {
    id: 'etcd.ioPriority',
    component: 'etcd',
    setting: { via: 'process', attribute: 'io-priority' },
    type: { ...word(...ioPriorities), what: 'an I/O priority as `ionice -p` prints it, such as best-effort: prio 0' },
    stock: 'none: prio 0',
    readBack: { from: '/proc' },
    affects: 'whether etcd gets the disk first on a busy machine',
    note: 'no effect where the disk has no I/O scheduler',
  },
  {
    id: 'etcd.walDisk',
    component: 'etcd',
    setting: { via: 'wal-disk' },
    type: { kind: 'switch' },
    stock: null,
    readBack: { from: 'process arguments' },
    affects: 'how long a write waits for the disk',
    note: 'about 20 % better in the document; on target local, controlPlane.etcd.walDisk says which disk',
  },
]
