import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changesBetween, readMachine } from './machine.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-soak-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('readMachine', () => {
  it('should see a process by its mark, a port, a socket and a file that are new, and those that are gone', async () => {
    writeFileSync(join(folder, 'gone'), '')
    const before = readMachine({ folders: [folder] })
    rmSync(join(folder, 'gone'))
    mkdirSync(join(folder, 'state'))
    writeFileSync(join(folder, 'state', 'key'), '')
    const child = spawn('sleep', ['60'], { env: { ...process.env, SCALE_TEST_RUN: 'soak-1' } })
    const server = createServer().listen(0, '127.0.0.1')
    const unix = createServer().listen(join(folder, 'socket'))
    await Promise.all([once(child, 'spawn'), once(server, 'listening'), once(unix, 'listening')])
    const { port } = server.address() as { port: number }
    try {
      const changes = changesBetween(before, readMachine({ folders: [folder] }))
      expect(changes).toEqual(
        expect.arrayContaining([
          expect.stringMatching(new RegExp(`^process ${child.pid}, started at \\d+ of soak-1: sleep 60`)),
          expect.stringMatching(new RegExp(`^tcp port ${port} `)),
          `socket ${join(folder, 'socket')}`,
          `file ${join(folder, 'state', 'key')}`,
          `gone: file ${join(folder, 'gone')}`,
        ]),
      )
    } finally {
      child.kill('SIGKILL')
      server.close()
      unix.close()
      await once(child, 'close')
    }
    expect(changesBetween(before, readMachine({ folders: [folder] })).join('\n')).not.toContain('soak-1')
  })

  it('should leave out what is ignored, with all below', () => {
    const before = readMachine({ folders: [folder] })
    mkdirSync(join(folder, 'run', 'logs'), { recursive: true })
    const files = changesBetween(before, readMachine({ folders: [folder], ignored: [join(folder, 'run')] }))
    expect(files.filter((change) => change.includes(folder))).toEqual([])
  })
})
