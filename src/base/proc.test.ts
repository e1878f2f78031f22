import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  countIn,
  devicesBusyMsIn,
  hasCapability,
  memoryIn,
  openFilesIn,
  processIn,
  processorTicksIn,
  residentPagesIn,
  runQueueIn,
} from './proc.ts'

const count = fc.nat()
const name = fc.string({ unit: 'binary', maxLength: 15 }).map((text) => text.replaceAll('\n', ' '))

/** Every reader, with what it makes of a text. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  processorTicksIn,
  runQueueIn,
  memoryIn: (text) => memoryIn(text, 'MemAvailable'),
  processIn,
  residentPagesIn,
  devicesBusyMsIn,
  openFilesIn,
  hasCapability: (text) => hasCapability(text, 23n),
  countIn,
}

const files = `cpu  10132153 290696 3084719 46828483 16683 0 25195 0 175628 0
cpu0 1393280 32966 572056 13343292 6130 0 17875 0 23933 0
procs_running 6
MemAvailable:   24656652 kB
1234 (a (b) c) S 1 1234 1234 0 -1 4194304 100 0 0 0 12 34 0 0 20 -5 1 0
1000 500 200 1 0 100 0
 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 4711 10
Max open files            1024                 524288               files
CapEff:\t000001ffffffffff
`

describe('the readers of /proc', () => {
  it.each(Object.keys(readers))('%s should end and not throw, whatever a file says', (reader) => {
    const read = readers[reader] as (text: string) => unknown
    const mutated = fc
      .array(
        fc.record({ at: fc.nat(files.length), cut: fc.nat(9), piece: fc.constantFrom('', ' ', '\n', ')', '-1', 'x') }),
      )
      .map((edits) =>
        edits.reduce((text, { at, cut, piece }) => text.slice(0, at) + piece + text.slice(at + cut), files),
      )
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1'))
    fc.assert(
      fc.property(fc.oneof(mutated, bytes, fc.string({ unit: 'binary' })), (text) => {
        const found = read(text)
        for (const value of found instanceof Map ? found.values() : Object.values(Object(found)))
          expect(Number.isNaN(value)).toBe(false)
        expect(Number.isNaN(found)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('should tell busy from idle, and not count guests twice', () => {
    fc.assert(
      fc.property(fc.array(count, { minLength: 4, maxLength: 10 }), (ticks) => {
        const stat = `cpu  ${ticks.join(' ')}\ncpu0 1 2 3 4 5 6 7 8\nintr 7\n`
        const total = ticks.slice(0, 8).reduce((sum, one) => sum + one, 0)
        expect(processorTicksIn(stat)).toEqual({ busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0), total })
      }),
    )
    expect(processorTicksIn('cpu  1 2 3\n')).toBeUndefined()
    expect(processorTicksIn('cpu  1 2 3 x\n')).toBeUndefined()
    expect(runQueueIn('ctxt 9\nprocs_running 3\nprocs_blocked 0\n')).toBe(3)
  })

  it('should read a process whatever it is called: blanks, parentheses, line breaks', () => {
    fc.assert(
      fc.property(name, count, count, fc.integer({ min: -20, max: 19 }), (comm, user, system, nice) => {
        const stat = `77 (${comm}) R 1 2 3 4 5 6 7 8 9 10 ${user} ${system} 0 0 20 ${nice} 1 0 5`
        expect(processIn(stat)).toEqual({ processorTicks: user + system, nice })
      }),
    )
    expect(processIn('77 (a)\n')).toBeUndefined()
  })

  it('should read memory, pages, disks, limits and capabilities', () => {
    expect(memoryIn('MemTotal: 8 kB\nMemAvailable:    24656652 kB\n', 'MemAvailable')).toBe(24_656_652 * 1024)
    expect(memoryIn('MemTotal: 8 kB\n', 'MemAvailable')).toBeUndefined()
    expect(residentPagesIn('1000 500 200 1 0 100 0\n')).toEqual({ resident: 500, shared: 200 })
    expect(devicesBusyMsIn(files).get('nvme0n1')).toBe(4711)
    expect(openFilesIn(files)).toBe(524_288)
    expect(openFilesIn('Max open files unlimited unlimited files\n')).toBe(Number.POSITIVE_INFINITY)
    expect(openFilesIn('')).toBeUndefined()
    expect([hasCapability(files, 23n), hasCapability('CapEff:\t0000000000000000\n', 23n)]).toEqual([true, false])
    expect(hasCapability('', 23n)).toBeUndefined()
    expect(['128\n', ' 7 ', '', 'x', '-1', '1.5'].map(countIn)).toEqual([
      128,
      7,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})
