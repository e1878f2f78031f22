import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { readJournal } from '../run/journal.ts'
import { surroundingsForTests } from '../testing/surroundings.ts'
import { baselineSetCommand } from './baseline-command.ts'
import { exitCodeOfError } from './exit.ts'
import { runCommand } from './run-command.ts'
import type { Surroundings } from './surroundings.ts'

const plan = `apiVersion: scale-test/v1
name: small
fleet: { nodes: 1, node: { cpu: 8, memory: 16Gi } }
arms: [{ profile: stock }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 100ms
  sequence: [{ name: rollout, from: 1, to: 2, timeout: 1m }]
`

let folder: string
let reports: string
const own = { mkdirSync: fs.mkdirSync, openSync: fs.openSync, writeFileSync: fs.writeFileSync, fsyncSync: fs.fsyncSync }

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'scale-test-full-disk-'))
  reports = join(folder, 'reports')
  fs.writeFileSync(join(folder, 'small.yaml'), plan)
})
afterEach(() => {
  restore()
  fs.rmSync(folder, { recursive: true, force: true })
})

function restore(): void {
  Object.assign(fs, own)
  syncBuiltinESMExports()
}

/**
 * From so many calls on that take space on the disk, every further one fails for lack of it, until `restore`: new folders, new files, what is
 * written to them, of which half may still fit, and syncs. Returns how many there were.
 */
function fillDiskAfter(calls: number): () => number {
  let count = 0
  const isHere = (where: unknown) => {
    const path = typeof where === 'number' ? fs.readlinkSync(`/proc/self/fd/${where}`) : String(where)
    return path.startsWith(folder)
  }
  const take = (syscall: string) => {
    if (count++ < calls) return
    throw Object.assign(new Error(`ENOSPC: no space left on device, ${syscall}`), {
      code: 'ENOSPC',
      errno: -28,
      syscall,
    })
  }
  const mkdirSync: typeof fs.mkdirSync = (path: fs.PathLike, options?: fs.MakeDirectoryOptions | fs.Mode | null) => {
    if (isHere(path)) take('mkdir')
    return own.mkdirSync(path, options as fs.MakeDirectoryOptions & { recursive: true })
  }
  const openSync: typeof fs.openSync = (path, flags, mode) => {
    if (isHere(path) && flags !== 'r' && !fs.existsSync(path)) take('open')
    return own.openSync(path, flags, mode)
  }
  const writeFileSync: typeof fs.writeFileSync = (file, data, options) => {
    if (isHere(file))
      try {
        take('write')
      } catch (error) {
        if (typeof data === 'string') own.writeFileSync(file, data.slice(0, data.length / 2), options)
        throw error
      }
    own.writeFileSync(file, data, options)
  }
  const fsyncSync: typeof fs.fsyncSync = (file) => {
    // A folder is synced last of all, when its file is there: that may fail.
    if (isHere(file) && !fs.fstatSync(file).isDirectory()) take('fsync')
    own.fsyncSync(file)
  }
  Object.assign(fs, { mkdirSync, openSync, writeFileSync, fsyncSync })
  syncBuiltinESMExports()
  return () => count
}

/** Runs the plan; how it would end as a process, and what it says. */
const run = () =>
  ended((surroundings) => runCommand(join(folder, 'small.yaml'), { target: 'sim', threads: 1 }, surroundings))

/** How a command would end as a process, and what it says. */
async function ended(
  command: (surroundings: Surroundings) => number | Promise<number>,
): Promise<{ status: number; said: string }> {
  const said: string[] = []
  try {
    const status = await command(surroundingsForTests(reports, (line) => said.push(line)))
    return { status, said: said.join('\n') }
  } catch (error) {
    const told = error instanceof Failure ? [error.message, error.next] : [error]
    return { status: exitCodeOfError(error, undefined), said: [...said, ...told].join('\n') }
  }
}

/** What must be true of a file in a folder of reports, whatever happened. */
function expectWhole(path: string): void {
  expect(path).not.toMatch(/\.unfinished-\d+$/)
  const text = fs.readFileSync(path, 'utf8')
  if (path.endsWith('journal.ndjson')) expect(readJournal(path).wholeBytes).toBe(text.length)
  else if (path.endsWith('.ndjson')) for (const line of text.split('\n').slice(0, -1)) JSON.parse(line)
  else if (path.endsWith('.json')) JSON.parse(text)
  const end = Object.entries({ html: '</html>', xml: '</testsuites>', 'metrics.txt': '# EOF' }).find(([ending]) =>
    path.endsWith(ending),
  )
  if (text !== '')
    expect([path, text.slice(-20)]).toEqual([path, expect.stringMatching(new RegExp(`${end?.[1] ?? ''}\\s*\\n$`))])
}

describe('a disk that is full from any one write on (fault 21)', { timeout: 120_000 }, () => {
  it('should end the run with 5, with its figures printed and no file in part', async () => {
    const calls = fillDiskAfter(Number.POSITIVE_INFINITY)
    expect(await run()).toMatchObject({ status: 0, said: expect.stringContaining('small: pass') })
    const total = calls()
    expect(total).toBeGreaterThan(40)
    let shown = 0
    for (let after = 0; after < total; after++) {
      restore()
      fs.rmSync(reports, { recursive: true, force: true })
      fillDiskAfter(after)
      const { status, said } = await run()
      restore()
      expect([after, status, said]).toEqual([after, 5, expect.stringContaining('no space left on device')])
      expect(said).toContain('Free some space there, or name another folder for reports')
      if (/small: (pass|inconclusive) \(simulated\)/.test(said)) shown++
      // Once there is a run, it has figures, or says that it has none.
      else expect([after, shown]).toEqual([after, 0])
      const entries = fs.existsSync(reports) ? fs.readdirSync(reports, { recursive: true, withFileTypes: true }) : []
      for (const entry of entries) if (entry.isFile()) expectWhole(join(entry.parentPath, entry.name))
    }
    expect(shown).toBeGreaterThan(total / 2)
  })

  it('should leave a baseline as it was, and end with 5, where it cannot be replaced', async () => {
    await run()
    const place = join(reports, 'baselines', 'kept')
    const save = () => ended((surroundings) => baselineSetCommand('kept', undefined, { replace: true }, surroundings))
    const calls = fillDiskAfter(Number.POSITIVE_INFINITY)
    expect(await save()).toMatchObject({ status: 0 })
    const total = calls()
    expect(total).toBeGreaterThan(5)
    fs.writeFileSync(join(place, 'earlier'), '')
    const before = fs.readdirSync(join(reports, 'baselines'), { recursive: true })
    for (let after = 0; after < total - 1; after++) {
      fillDiskAfter(after)
      const { status, said } = await save()
      restore()
      expect([after, status, said]).toEqual([after, 5, expect.stringContaining('no space left on device')])
      expect(fs.readdirSync(join(reports, 'baselines'), { recursive: true })).toEqual(before)
    }
  })
})
