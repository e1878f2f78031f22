import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { productFolders } from '../testing/folders.ts'
import type { SimulateOptions } from './simulate-command.ts'
import { simulateCommand } from './simulate-command.ts'
import { stylesFor } from './terminal.ts'

const _root = join(import.meta.dirname, '..', '..')
let printed: string[]

beforeEach(() => {
  printed = []
})

function simulate(options: SimulateOptions) {
  const print = (line: string) => printed.push(line)
  return simulateCommand(options, {
    terminal: { print, write: () => {}, printError: print, printAtOnce: print, interactive: false, columns: 80 },
    stdinIsTerminal: false,
    styles: stylesFor(false),
    env: {},
    folders: { ...productFolders, reports: '', components: '' },
    interruption: { signal: new AbortController().signal, signalName: undefined, hint: undefined },
    reportBug(error) {
      throw error
    },
  })
}

describe('simulateCommand', () => {
  it('should pass when every invariant had something to look at, and say what was done', async () => {
    expect(await simulate({ seeds: 12, from: 30 })).toBe(0)
    expect(printed[0]).toContain('12 seeds from 30: no invariant broken')
    expect(printed.join('\n')).toMatch(/12 runs: pass \d+/)
  }, 60_000)

  it('should say how far it is, where no line can be written over', async () => {
    await simulate({ seeds: 3, from: 30, tellEvery: 1 })
    const [first, second, last] = printed
    expect(first).toMatch(/^1 of 3 seeds, \d+ a second; (pass|inconclusive) 1$/)
    expect(second).toMatch(
      /^2 of 3 seeds, \d+ a second; ((pass|inconclusive) 2|pass 1, inconclusive 1|inconclusive 1, pass 1)$/,
    )
    expect(last).toContain('3 seeds from 30: ')
  }, 60_000)

  it('should be inconclusive when there was nothing to check for one of them', async () => {
    expect(await simulate({ seeds: 1, from: 7 })).toBe(4)
    expect(printed.join('\n')).toMatch(/1 seed from 7: inconclusive, .* equal arms/)
  })

  it('should tell all of one seed', async () => {
    expect(await simulate({ seed: 7 })).toBe(0)
    expect(printed.join('\n')).toMatch(/^seed 7: pass \(simulated\)$/m)
    expect(printed.join('\n')).toMatch(/^ {2}equal arms +nothing$/m)
  })

  it('should run a seed beyond which there are no numbers to tell apart', async () => {
    expect(await simulate({ seeds: 1, from: Number.MAX_SAFE_INTEGER })).toBe(4)
    expect(printed.join('\n')).toContain('1 run: ')
  })

  it.each<[string, SimulateOptions]>([
    ['seeds that no number tells apart', { seeds: 1, from: 1e300 }],
    ['a last one of these', { seeds: 2, from: Number.MAX_SAFE_INTEGER }],
    ['half a seed', { seeds: 1, from: 1.5 }],
    ['one seed and many', { seed: 1, seeds: 3 }],
    ['one seed and a first', { seed: 1, from: 3 }],
  ])('should refuse %s', async (_, options) => {
    await expect(simulate(options)).rejects.toMatchObject({ kind: 'bad-input' })
    expect(printed).toEqual([])
  })
})
