/** What the tool puts in for keys: `--key-space-size`. */
export const keySpaces = ['one', 'distinct'] as const
export const consistencies = ['linearizable', 'serializable'] as const

interface Load {
  /** As thresholds call it: `put-leader-1000-distinct-keys`. */
  id: string
  /** gRPC connections, which the clients share. */
  connections: number
  clients: number
  /** Requests of all clients together. */
  total: number
}

export interface PutRow extends Load {
  op: 'put'
  to: 'leader' | 'all'
  /** `one`: without `--key-space-size`, the tool writes the same key again and again, `--sequential-keys` or not. */
  keys: (typeof keySpaces)[number]
}

export interface RangeRow extends Load {
  op: 'range'
  to: 'all'
  consistency: (typeof consistencies)[number]
}

/** One run of the tool. */
export type BenchmarkRow = PutRow | RangeRow

export const keyBytes = 8
export const valueBytes = 256
/** The key that is read: it is put first, since the tool reads it whether it is there or not. */
export const readKey = 'foo'

const loads = [
  { connections: 1, clients: 1, total: 10_000 },
  { connections: 100, clients: 1000, total: 100_000 },
] as const

/**
 * etcd's own matrix (https://etcd.io/docs/v3.6/op-guide/performance/), and puts of one client to all members: eight rows, puts with
 * each key space. `scale` is the share of the totals.
 */
export function matrixOf(scale: number): BenchmarkRow[] {
  const scaled = loads.map((load) => ({ ...load, total: Math.max(1, Math.round(load.total * scale)) }))
  const puts = (['leader', 'all'] as const).flatMap((to) =>
    scaled.flatMap((load) =>
      keySpaces.map((keys): PutRow => {
        const id = `put-${to}-${load.clients}-${keys === 'one' ? 'one-key' : 'distinct-keys'}`
        return { id, op: 'put', to, keys, ...load }
      }),
    ),
  )
  const ranges = scaled.flatMap((load) =>
    consistencies.map((consistency): RangeRow => {
      return { id: `range-${consistency}-${load.clients}`, op: 'range', to: 'all', consistency, ...load }
    }),
  )
  return [...puts, ...ranges]
}

/** Most distinct keys that are there at once. */
export function mostKeysOf(scale: number): number {
  return Math.max(...matrixOf(scale).map((row) => (row.op === 'put' && row.keys === 'distinct' ? row.total : 1)))
}

/** The tool's arguments for a row, all but where the etcds are. */
export function argumentsOf(row: BenchmarkRow): string[] {
  const load = [`--conns=${row.connections}`, `--clients=${row.clients}`, '--precise']
  const total = `--total=${row.total}`
  if (row.op === 'range') return [...load, 'range', readKey, `--consistency=${row.consistency[0]}`, total]
  const put = ['put', `--key-size=${keyBytes}`, `--val-size=${valueBytes}`, '--sequential-keys', total]
  return [...load, ...put, ...(row.keys === 'distinct' ? [`--key-space-size=${row.total}`] : [])]
}

/** `put to the leader, 1000 clients, distinct keys` */
export function describeRow(row: BenchmarkRow): string {
  const clients = row.clients === 1 ? '1 client' : `${row.clients} clients`
  if (row.op === 'range') return `${row.consistency} range, ${clients}`
  const [to, keys] = [
    row.to === 'leader' ? 'the leader' : 'all members',
    row.keys === 'one' ? 'one key' : 'distinct keys',
  ]
  return `put to ${to}, ${clients}, ${keys}`
}

/** The same for where there is little room: `put leader 1000, n keys`. */
export function labelOf(row: BenchmarkRow): string {
  if (row.op === 'range') return `${row.consistency} range ${row.clients}`
  return `put ${row.to} ${row.clients}, ${row.keys === 'one' ? '1 key' : 'n keys'}`
}

/** `10 %` */
export function formatScale(scale: number): string {
  return `${Number((100 * scale).toPrecision(3))} %`
}

/**
 * The keys that the tool writes, base64 as etcd's gateway wants them: the number as Go's binary.PutVarint writes it, which is
 * zigzag and then seven bits a byte, and zeros up to eight bytes (etcd tools/benchmark/cmd/put.go).
 */
export function* writtenKeys(count: number): Iterable<string> {
  for (let number = 0; number < count; number++) {
    const key = Buffer.alloc(keyBytes)
    let [rest, at] = [2 * number, 0]
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) key[at++] = (rest % 0x80) | 0x80
    key[at] = rest
    yield key.toString('base64')
  }
}
