import { describe, expect, it } from 'vitest'
import { argumentsOf, matrixOf, mostKeysOf, writtenKeys } from './matrix.ts'

describe('matrixOf', () => {
  it('should have the eight rows of the matrix, puts with each key space', () => {
    const rows = matrixOf(1)
    const loads = new Set(
      rows.map((row) => `${row.op} ${row.to} ${row.op === 'range' ? row.consistency : ''} ${row.clients}`),
    )
    expect(loads.size).toBe(8)
    expect(rows).toHaveLength(12)
    expect(new Set(rows.map(({ total }) => total))).toEqual(new Set([10_000, 100_000]))
    expect(new Set(rows.map(({ id }) => id)).size).toBe(12)
  })

  it('should scale the requests, and never to none', () => {
    expect(new Set(matrixOf(0.1).map(({ total }) => total))).toEqual(new Set([1000, 10_000]))
    expect(new Set(matrixOf(0.00001).map(({ total }) => total))).toEqual(new Set([1]))
  })
})

describe('argumentsOf', () => {
  const argumentsFor = (id: string) => {
    const row = matrixOf(1).find((one) => one.id === id)
    return row === undefined ? [] : argumentsOf(row)
  }

  it('should be the published command for one key, and add a key space for distinct keys', () => {
    const published = argumentsFor('put-leader-1000-one-key')
    expect(published.join(' ')).toBe(
      '--conns=100 --clients=1000 --precise put --key-size=8 --val-size=256 --sequential-keys --total=100000',
    )
    expect(argumentsFor('put-leader-1000-distinct-keys')).toEqual([...published, '--key-space-size=100000'])
  })

  it('should ask for the consistency as the tool spells it', () => {
    expect(argumentsFor('range-serializable-1').join(' ')).toBe(
      '--conns=1 --clients=1 --precise range foo --consistency=s --total=10000',
    )
  })
})

describe('writtenKeys', () => {
  it('should be the bytes that Go writes for each number', () => {
    // binary.PutVarint of 0, 1, 63, 64, 8192 and 99999.
    const keys = [...writtenKeys(100_000)].map((key) => Buffer.from(key, 'base64').toString('hex'))
    expect([0, 1, 63, 64, 8192, 99_999].map((number) => keys[number])).toEqual([
      '0000000000000000',
      '0200000000000000',
      '7e00000000000000',
      '8001000000000000',
      '8080010000000000',
      'be9a0c0000000000',
    ])
    expect(new Set(keys).size).toBe(mostKeysOf(1))
  })
})
